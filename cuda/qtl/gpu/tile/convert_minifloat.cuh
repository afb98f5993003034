// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/convert_minifloat.cuh - a word of packed e2m1, e4m3 or e5m2 to fragments of f16 or bf16.
// Holds: minifloat_words<F, X>. All exact: f16 and bf16 hold every value of the three formats. A NaN
// stays NaN.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/convert.cuh"
#include "qtl/gpu/tile/convert_integer.cuh"
#include "qtl/gpu/tile/convert_table.cuh"

namespace qtl::inline v0::gpu {

/// Words of codes of F for mma operands of format X; members as in integer_words.
template<class F, class X>
struct minifloat_words;

/// e2m1: sign, exponent and mantissa moved to where X has them are the value but for a power of
/// two, the distance of the biases. The instruction that multiplies by it keeps subnormals, which
/// e2m1's 0.5 is in X.
template<class X>
struct minifloat_words<e2m1, X> {
  static constexpr word_order order = word_order::halves;
  static constexpr int registers = 4;
  using zero_type = no_zero;
  QTL_DEVICE static zero_type make_zero(std::uint32_t) { return {}; }

  QTL_DEVICE static void expand(std::uint32_t word, zero_type, std::uint32_t (&out)[4]) {
    out[0] = pair<0>(word);
    out[1] = pair<1>(word);
    out[2] = pair<2>(word);
    out[3] = pair<3>(word);
  }

 private:
  template<int Register>
  QTL_DEVICE static std::uint32_t pair(std::uint32_t word) {
    constexpr std::uint32_t both = 0x00010001u;
    constexpr int shift = X::mantissa_bits - 1 - 4 * Register;
    constexpr std::uint32_t magnitude_bits = (0x7u << (X::mantissa_bits - 1)) * both;
    constexpr std::uint32_t factor = static_cast<std::uint32_t>(X::bias + X::bias - e2m1::bias)
                                     << X::mantissa_bits;
    const std::uint32_t sign = word << (12 - 4 * Register) & 0x80008000u;
    const std::uint32_t moved = shift >= 0 ? word << (shift & 31) : word >> (-shift & 31);
    const std::uint32_t value = ptx::lop3<and_or>(moved, magnitude_bits, sign);
    if constexpr (std::is_same_v<X, f16>)
      return ptx::mul_f16x2(value, factor * both);
    else
      return ptx::mul_bf16x2(value, factor * both);
  }
};

/// What e4m3 and e5m2 have in common: four codes to f16 by the instruction that there is, and on to
/// bf16 through f32.
template<class F, class X>
struct fp8_words {
  static constexpr word_order order = word_order::natural;
  static constexpr int registers = 2;
  using zero_type = no_zero;
  QTL_DEVICE static zero_type make_zero(std::uint32_t) { return {}; }

  QTL_DEVICE static void expand(std::uint32_t word, zero_type, std::uint32_t (&out)[2]) {
    out[0] = pair(static_cast<std::uint16_t>(word & 0xFFFFu));
    out[1] = pair(static_cast<std::uint16_t>(word >> 16));
  }

 private:
  QTL_DEVICE static std::uint32_t pair(std::uint16_t codes) {
    std::uint32_t halves;
    if constexpr (std::is_same_v<F, e4m3>)
      halves = ptx::f16x2_from_e4m3x2(codes);
    else
      halves = ptx::f16x2_from_e5m2x2(codes);
    if constexpr (std::is_same_v<X, f16>) return halves;
    float low = 0;
    float high = 0;
    ptx::floats_from_f16x2(halves, low, high);
    return ptx::bf16x2_from_floats(low, high);
  }
};

template<class X>
struct minifloat_words<e4m3, X> : fp8_words<e4m3, X> {};
template<class X>
struct minifloat_words<e5m2, X> : fp8_words<e5m2, X> {};

}  // namespace qtl::inline v0::gpu
