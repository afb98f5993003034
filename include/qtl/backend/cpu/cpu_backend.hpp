// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/cpu_backend.hpp - the CPU as a backend: products by the best kernel that the machine runs.
// Holds: cpu_backend, cpu_backend_at<isa_level>. Not here: the kernels and their order (cpu_kernels.hpp).
// Large programs define QTL_SEPARATE_KERNELS everywhere and include cpu_kernels.hpp in one file:
// kernels are then compiled once.
#pragma once

#include <span>

#include "qtl/backend/cpu/isa.hpp"
#include "qtl/gemm/kernel.hpp"

#if defined(QTL_SEPARATE_KERNELS)
namespace qtl::inline v0::cpu_kernels {
/// Defined by the file that includes cpu_kernels.hpp.
std::span<const gemm_kernel> best();
/// Likewise.
std::span<const gemm_kernel> at(isa_level level);
}  // namespace qtl::inline v0::cpu_kernels
#else
#include "qtl/backend/cpu/cpu_kernels.hpp"
#endif

namespace qtl::inline v0 {

/// Products on the CPU. Every valid pair of policies has a kernel.
struct cpu_backend {
  static constexpr short_name name = "cpu";
  static std::span<const gemm_kernel> kernels() { return cpu_kernels::best(); }
};

/// The CPU held to one ISA, for comparisons and for tests. A level that the machine lacks supports
/// nothing: Eigen's kernels remain.
template<isa_level Level>
struct cpu_backend_at {
  static constexpr short_name name = short_name("cpu_").append(to_string(Level));
  static std::span<const gemm_kernel> kernels() { return cpu_kernels::at(Level); }
};

}  // namespace qtl::inline v0
