// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/silu.cuh - exp and SiLU with the same bits on every machine.
// Holds: exponential, silu. Sums, products and quotients in a fixed order, each rounded once, so that a
// fused kernel equals a scalar loop on the CPU bit for bit; the exp instruction of GPUs is approximate.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/convert.cuh"

namespace qtl::inline v0::gpu {

/// e^x to within 2 units in the last place (subnormal results: of 2^-149); Inf from 88.73 on, NaN of
/// NaN.
QTL_DEVICE float exponential(float x) {
  constexpr float log2_e = 1.44269504f;
  // ln 2 in two parts: the first has so few bits that its products with n are exact.
  constexpr float ln2_high = 0x1.62e4p-1f;
  constexpr float ln2_low = 0x1.7f7d1cp-20f;
  const float bounded = x > 100.0f ? 100.0f : x < -110.0f ? -110.0f : x;
  const std::int32_t n = ptx::float_to_int_rne(ptx::multiply_rn(bounded, log2_e));
  const auto whole = static_cast<float>(n);
  const float rest = ptx::fused_multiply_add(
      whole, -ln2_low, ptx::fused_multiply_add(whole, -ln2_high, bounded));
  // The Taylor polynomial of degree 7: |rest| <= ln 2 / 2, so what is cut off is below 2^-27.
  const auto step = [&](float sum, float c) { return ptx::fused_multiply_add(sum, rest, c); };
  float sum = step(1.0f / 5040.0f, 1.0f / 720.0f);
  sum = step(step(sum, 1.0f / 120.0f), 1.0f / 24.0f);
  sum = step(step(sum, 1.0f / 6.0f), 0.5f);
  sum = step(step(sum, 1.0f), 1.0f);
  // 2^n in two factors: n reaches from -159 to 144.
  return ptx::multiply_rn(ptx::multiply_rn(sum, power_of_two(n / 2)), power_of_two(n - n / 2));
}

/// x / (1 + e^-x).
QTL_DEVICE float silu(float x) {
  return ptx::divide_rn(x, ptx::add_rn(1.0f, exponential(-x)));
}

}  // namespace qtl::inline v0::gpu
