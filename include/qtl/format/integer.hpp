// SPDX-License-Identifier: Apache-2.0
// qtl/format/integer.hpp - integers of 1 to 8 bits, and the fixed-point element of MXINT8.
// Holds: integer<Bits, Signed> with s1..s8, u1..u8; fixed_point<Bits, Fraction> with s2f6.
// A code is the integer itself (two's complement in memory). NaN encodes to 0: weights with NaN are
// refused and activations with NaN poison their token's scale, both above this floor.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/format/number_format.hpp"

namespace qtl::inline v0 {

/// Integers of `Bits` bits: qmin..qmax by steps of one; out of range saturates.
template<int Bits, bool Signed = true>
struct integer {
  static_assert(Bits >= 1 && Bits <= 8, "an integer format has 1 to 8 bits");
  using code = std::conditional_t<Signed, std::int8_t, std::uint8_t>;

  static constexpr format_kind kind = format_kind::integer;
  static constexpr int bits = Bits;
  static constexpr int qmin = Signed ? -(1 << (Bits - 1)) : 0;
  static constexpr int qmax = qmin + (1 << Bits) - 1;
  static constexpr float max = static_cast<float>(qmax);
  static constexpr short_name name = short_name(Signed ? "s" : "u").append(Bits);

  /// round(x) clamped to qmin..qmax: first round, then clamp, in the integer domain.
  QTL_HOST_DEVICE static constexpr code encode(float x, rounding r = {}) {
    const std::int32_t i = round_to_integer(x, r);
    return static_cast<code>(i < qmin ? qmin : i > qmax ? qmax : i);
  }
  QTL_HOST_DEVICE static constexpr float decode(code c) { return static_cast<float>(c); }
};

/// Integers by their width, signed and unsigned, as PTX spells them.
using s1 = integer<1>;
using s2 = integer<2>;
using s3 = integer<3>;
using s4 = integer<4>;
using s5 = integer<5>;
using s6 = integer<6>;
using s7 = integer<7>;
using s8 = integer<8>;
using u1 = integer<1, false>;
using u2 = integer<2, false>;
using u3 = integer<3, false>;
using u4 = integer<4, false>;
using u5 = integer<5, false>;
using u6 = integer<6, false>;
using u7 = integer<7, false>;
using u8 = integer<8, false>;

/// Signed fixed point: the value is code / 2^Fraction. The most negative code is never produced
/// (OCP MX leaves it unused so that the range is symmetric) but decodes to its value.
template<int Bits, int Fraction>
struct fixed_point {
  static_assert(Bits >= 2 && Bits <= 8 && Fraction >= 0, "a fixed-point format has 2 to 8 bits");
  using code = std::int8_t;

  static constexpr format_kind kind = format_kind::fixed_point;
  static constexpr int bits = Bits;
  static constexpr int qmax = (1 << (Bits - 1)) - 1;
  static constexpr float step = power_of_two(-Fraction);
  static constexpr float max = static_cast<float>(qmax) * step;
  static constexpr short_name name =
      short_name("s").append(Bits - Fraction).append("f").append(Fraction);

  QTL_HOST_DEVICE static constexpr code encode(float x, rounding r = {}) {
    const std::int32_t i = round_to_integer(x * power_of_two(Fraction), r);
    return static_cast<code>(i < -qmax ? -qmax : i > qmax ? qmax : i);
  }
  QTL_HOST_DEVICE static constexpr float decode(code c) { return static_cast<float>(c) * step; }
};

/// The element of MXINT8: two integer bits with the sign, six fraction bits.
using s2f6 = fixed_point<8, 6>;

}  // namespace qtl::inline v0
