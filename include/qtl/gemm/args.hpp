// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/args.hpp - everything a kernel is given, as one plain struct: the waist.
// Above this line everything is a template over policies; below it nothing is.
#pragma once

#include <cstddef>
#include <span>

#include "qtl/base/error.hpp"
#include "qtl/base/executor.hpp"
#include "qtl/gemm/epilogue.hpp"
#include "qtl/gemm/key.hpp"
#include "qtl/gemm/operands.hpp"

namespace qtl::inline v0 {

struct device_facts;  // backend/gpu
struct gemm_plan;     // gemm/plan.hpp

/// y (m x n) = x (m x k) W^T (k x n) + bias (n).
struct gemm_args {
  gemm_key key;
  activation_operand x;
  weight_operand w;
  const std::byte* packed =
      nullptr;  ///< what the kernel's pack() wrote, or null for a kernel without packing
  const float* bias = nullptr;  ///< n values, or null: zeros
  output_operand y;
  std::span<std::byte> workspace;  ///< at least the kernel's workspace_size, 64-byte aligned
  executor_ref executor;
  void* stream = nullptr;                ///< GPU backends only
  const device_facts* device = nullptr;  ///< likewise: what to choose tiles for
  status* outcome = nullptr;             ///< likewise: where a refused launch says why
  gemm_plan* plan = nullptr;  ///< likewise: for this key and these extents; null: run() makes one

  std::int64_t m() const { return x.m; }
  std::int64_t n() const { return w.n; }
  std::int64_t k() const { return w.k; }
  float bias_at(std::int64_t j) const { return bias != nullptr ? bias[j] : 0.0f; }
};

/// The extents of a product, for questions asked before there are operands.
struct gemm_shape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  int threads = 1;
  const device_facts* device = nullptr;  ///< GPU backends only
};

}  // namespace qtl::inline v0
