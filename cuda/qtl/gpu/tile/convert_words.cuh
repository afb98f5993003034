// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/convert_words.cuh - which conversion turns packed weights of a format into mma operands.
// Holds: weight_words<F, X>, operand_unit<Words>, packed_scale_value<S>. All are pure functions of registers: what they are
// tested for on the CPU, over all codes, is the code that the GPU runs.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/format/e8m0.hpp"
#include "qtl/gpu/tile/convert_minifloat.cuh"

namespace qtl::inline v0::gpu {

namespace detail {
template<class F, class X>
struct choose_words {
  using type = minifloat_words<F, X>;
};
template<int Bits, bool Signed, class X>
struct choose_words<integer<Bits, Signed>, X> {
  using type = integer_words<(Bits <= 4 ? 4 : 8), X>;
};
template<int Bits, class Table, class X>
struct choose_words<codebook<Bits, Table>, X> {
  using type = table_words<codebook<Bits, Table>, X>;
};
}  // namespace detail

/// The conversion of weights of format F to operands of format X: f16, bf16 or, from integers, s8.
template<class F, class X>
using weight_words = typename detail::choose_words<F, X>::type;

/// The zero point of F's fields where the weights have none: what packing adds to signed codes.
template<class F>
inline constexpr std::uint32_t field_zero = [] {
  if constexpr (kind_of<F> == format_kind::integer)
    return F::qmin < 0 ? 1u << (F::bits - 1) : 0u;
  else
    return 0u;
}();

/// What an operand of 1 stands for: 1 but where a conversion says otherwise.
template<class Words>
inline constexpr float operand_unit = 1.0f;
template<class Words>
  requires requires { Words::unit; }
inline constexpr float operand_unit<Words> = Words::unit;

/// The float of a scale stored in S: f32, f16, bf16, e8m0 or e4m3.
template<class S>
QTL_DEVICE float packed_scale_value(std::uint32_t raw) {
  if constexpr (std::is_same_v<S, f32>) return float_from_bits(raw);
  if constexpr (std::is_same_v<S, bf16>) return float_from_bits(raw << 16);
  if constexpr (std::is_same_v<S, e8m0>)
    // 2^-127 is subnormal in f32, and 0xFF is NaN.
    return float_from_bits(raw == 0u ? 0x00400000u : raw == 0xFFu ? 0x7FC00000u : raw << 23);
  float low = 0;
  float high = 0;
  if constexpr (std::is_same_v<S, f16>) ptx::floats_from_f16x2(raw, low, high);
  if constexpr (std::is_same_v<S, e4m3>)
    ptx::floats_from_f16x2(ptx::f16x2_from_e4m3x2(static_cast<std::uint16_t>(raw)), low, high);
  return low;
}

}  // namespace qtl::inline v0::gpu
