// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/emulated_half.hpp - pairs of 16-bit floats on the CPU, rounded once per operation.
// Holds: pack, low_half, high_half, fused_half, fused_pair. For the emulated branches only.
#pragma once

#include <cmath>
#include <cstdint>

#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0::gpu::emulated {

/// Two halves as one register, and a register's halves.
constexpr std::uint32_t pack(std::uint32_t low, std::uint32_t high) {
  return high << 16 | (low & 0xFFFFu);
}
constexpr std::uint16_t low_half(std::uint32_t pair) { return static_cast<std::uint16_t>(pair); }
constexpr std::uint16_t high_half(std::uint32_t pair) {
  return static_cast<std::uint16_t>(pair >> 16);
}

/// The float of which rounding to at most 22 bits gives what rounding a + b itself would give.
/// It is the sum rounded to odd: where bits are lost, the last one kept is 1, so it never looks
/// like a tie that it is not. Plain double arithmetic would round twice: 1 + 2^-8 + 2^-100 is above
/// the tie of bf16, and double cannot tell.
inline float sum_to_odd(double a, double b) {
  double sum = a + b;
  if (!std::isfinite(sum)) return static_cast<float>(sum);
  const double b_part = sum - a;
  const double lost = (a - (sum - b_part)) + (b - b_part);  // exact, Knuth's two-sum
  if (lost != 0.0 && (bit_cast<std::uint64_t>(sum) & 1u) == 0)
    sum = std::nextafter(sum, lost > 0.0 ? HUGE_VAL : -HUGE_VAL);
  const auto nearest = static_cast<float>(sum);
  const double rest = sum - static_cast<double>(nearest);
  if (rest == 0.0 || !is_finite(nearest) || (float_bits(nearest) & 1u) != 0) return nearest;
  return std::nextafterf(nearest, rest > 0.0 ? HUGE_VALF : -HUGE_VALF);
}

/// a * b + c in format F, rounded once. The product of two 16-bit floats is exact in double.
template<class F>
std::uint16_t fused_half(std::uint16_t a, std::uint16_t b, std::uint16_t c) {
  const double product = static_cast<double>(F::decode(a)) * static_cast<double>(F::decode(b));
  return F::encode(sum_to_odd(product, static_cast<double>(F::decode(c))));
}

/// fused_half on both halves.
template<class F>
std::uint32_t fused_pair(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return pack(fused_half<F>(low_half(a), low_half(b), low_half(c)),
              fused_half<F>(high_half(a), high_half(b), high_half(c)));
}

}  // namespace qtl::inline v0::gpu::emulated
