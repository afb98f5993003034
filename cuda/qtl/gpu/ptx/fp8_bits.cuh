// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/fp8_bits.cuh - e4m3 and e5m2 by bit arithmetic, for targets without the instructions.
// Holds: fp8_from_float, f16x2_from_fp8x2. They run on the device (sm_80) and in the emulator alike,
// so tests on the CPU cover the very code that sm_80 executes.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"

namespace qtl::inline v0::gpu::ptx {

/// F::encode(x) for F = e4m3 or e5m2: nearest even, saturating, every NaN to 0x7F.
template<class F>
QTL_DEVICE std::uint32_t fp8_from_float(float x) {
  constexpr int dropped = 23 - F::mantissa_bits;
  constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - F::bias) << F::mantissa_bits;
  constexpr float least_normal = power_of_two(F::min_exponent);
  // Added to a value below the least normal, it leaves the count of subnormal steps, rounded, in
  // the lowest bits of the sum.
  constexpr float magic = power_of_two(F::min_exponent + dropped);
  const std::uint32_t abs = float_bits(x) & 0x7FFFFFFFu;
  const std::uint32_t sign = float_bits(x) >> 24 & 0x80u;
  if (abs > 0x7F800000u) return F::nan_code;
  const float size = float_from_bits(abs);
  if (size < least_normal) return sign | (float_bits(add_rn(size, magic)) - float_bits(magic));
  const std::uint32_t odd = abs >> dropped & 1u;
  const std::uint32_t code = ((abs + (1u << (dropped - 1)) - 1u + odd) >> dropped) - rebias;
  return sign | (code < F::max_code ? code : F::max_code);
}

/// Two codes of F = e4m3 or e5m2 as f16; every NaN as 0x7FFF.
template<class F>
QTL_DEVICE std::uint32_t f16x2_from_fp8x2(std::uint16_t pair) {
  constexpr int shift = 10 - F::mantissa_bits;  // of the mantissa, in a half that starts at bit 8
  constexpr std::uint32_t first_nan = F::has_infinity ? F::max_code + 2 : F::nan_code;
  const std::uint32_t codes = (pair & 0xFFu) | (pair & 0xFF00u) << 8;
  const std::uint32_t abs = codes & 0x007F007Fu;
  std::uint32_t result = abs << shift;
  // An f16 whose exponent has one bit more than F's is F's value times 2^(F::bias - 15).
  if constexpr (F::exponent_bits < 5) result = mul_f16x2(result, 0x5C005C00u);  // times 256
  result |= (codes & 0x00800080u) << 8;
  if ((abs & 0x7Fu) >= first_nan) result = (result & 0xFFFF0000u) | 0x7FFFu;
  if ((abs >> 16) >= first_nan) result = (result & 0xFFFFu) | 0x7FFF0000u;
  return result;
}

}  // namespace qtl::inline v0::gpu::ptx
