// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/cpu_backend.hpp - the kernels of the CPU, in order of preference.
// To add a kernel: its header here, its name in the list.
#pragma once

#include <array>

#include "qtl/backend/cpu/eigen_gemm.hpp"

namespace qtl::inline v0 {

/// Products on the CPU. Every valid pair of policies has a kernel.
struct cpu_backend {
  static constexpr short_name name = "cpu";
  static std::span<const gemm_kernel> kernels() {
    static constexpr std::array list{eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
    return list;
  }
};

}  // namespace qtl::inline v0
