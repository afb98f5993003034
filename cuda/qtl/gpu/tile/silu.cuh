// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/silu.cuh - SiLU without divergence, for kernels that apply it to every element.
// The bits are those of activate(activation_function::silu, x) in gemm/activation_function.hpp:
// both signs go through one exponential and one quotient instead of two branches.
#pragma once

#include "qtl/gemm/activation_function.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"

namespace qtl::inline v0::gpu {

/// x / (1 + exp(-x)), as the specification rounds it.
QTL_DEVICE float silu(float x) {
  const bool above = x >= 0.0f;
  const float e = functions::exponential(above ? -x : 0.5f * x, above ? -0.0f : 0.0f);
  const float numerator = above ? x : ptx::multiply_rn(x, e);
  const float denominator = above ? ptx::add_rn(1.0f, e) : ptx::fused_multiply_add(e, e, 1.0f);
  const float q = ptx::divide_rn(numerator, denominator);
  const float result = above ? q : ptx::multiply_rn(q, e);
  return x < -170.0f ? -0.0f : result;
}

}  // namespace qtl::inline v0::gpu
