// SPDX-License-Identifier: Apache-2.0
// qtl/format/minifloat.hpp - every floating-point format from its numbers of exponent and mantissa bits.
// Holds: minifloat<E, M, ...>, the names e4m3 ... e2m1, f16, bf16, f32, and saturating<F> / non_saturating<F>.
// Limits follow from the layout; none is typed in. Rules where standards differ: docs/formats.md.
// To add one: `using e2m5 = qtl::minifloat<2, 5, qtl::special_values::finite>;`
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/format/number_format.hpp"

namespace qtl::inline v0 {

/// What the codes at the top of the range mean.
enum class special_values : std::uint8_t {
  ieee,    ///< exponent all ones: Inf and NaN
  fn,      ///< only all ones is NaN, no Inf: OCP E4M3
  fnuz,    ///< no Inf, no negative zero; its code is the one NaN
  finite,  ///< every code is a finite number: the 4- and 6-bit formats of OCP MX
};

/// What becomes of values beyond max (and of infinities).
enum class overflow_rule : std::uint8_t {
  saturate,    ///< +-max; the default below 16 bits. Inf in a fnuz format is NaN all the same (ONNX
               ///< Cast)
  to_special,  ///< Inf where the format has it, else NaN; the default of f16, bf16 and f32, as in
               ///< IEEE 754
};

/// IEEE 754's bias, one more for fnuz formats.
constexpr int default_bias(int exponent_bits, special_values specials) {
  return (1 << (exponent_bits - 1)) - (specials == special_values::fnuz ? 0 : 1);
}

/// Saturation below 16 bits, infinity from there on.
constexpr overflow_rule default_overflow(int exponent_bits, int mantissa_bits) {
  return 1 + exponent_bits + mantissa_bits < 16 ? overflow_rule::saturate
                                                : overflow_rule::to_special;
}

/// The name of a layout: f16, bf16, f32, or eEmM with a suffix for what is not usual of its width.
constexpr short_name minifloat_name(int e, int m, special_values specials, overflow_rule overflow,
                                    int bias) {
  const bool is_e4m3 = e == 4 && m == 3;
  const special_values usual = 1 + e + m < 8 ? special_values::finite
                               : is_e4m3     ? special_values::fn
                                             : special_values::ieee;
  short_name name;
  if (specials == special_values::ieee && e == 5 && m == 10)
    name.append("f16");
  else if (specials == special_values::ieee && e == 8 && (m == 7 || m == 23))
    name.append(m == 7 ? "bf16" : "f32");
  else
    name.append("e").append(e).append("m").append(m);
  if (bias != default_bias(e, specials)) name.append("b").append(bias);
  constexpr const char* suffix[] = {"ieee", "fn", "fnuz", "finite"};
  if (specials != usual) name.append(suffix[static_cast<int>(specials)]);
  if (overflow != default_overflow(e, m))
    name.append(overflow == overflow_rule::saturate ? "_sat" : "_nosat");
  return name;
}

/// A sign bit, E exponent bits and M mantissa bits, the sign on top. Subnormals are always
/// supported. NaN encodes to the format's NaN with the sign dropped, and to +max where there is
/// none (as CUDA converts). A negative value that rounds to zero keeps its sign, except in fnuz
/// formats, which have one zero.
template<int E, int M, special_values Specials = special_values::ieee,
         overflow_rule Overflow = default_overflow(E, M), int Bias = default_bias(E, Specials)>
struct minifloat {
  static_assert(E >= 1 && E <= 8 && M >= 0 && M <= 23,
                "exponents of 1 to 8 bits and mantissas of 0 to 23 bits fit f32");
  static_assert(1 - Bias >= -126, "the smallest normal must not be below that of f32");
  static_assert(M > 0 || Specials != special_values::ieee,
                "without mantissa bits there is no code for NaN beside Inf");
  using code =
      std::conditional_t<(1 + E + M <= 8), std::uint8_t,
                         std::conditional_t<(1 + E + M <= 16), std::uint16_t, std::uint32_t>>;

  static constexpr format_kind kind = format_kind::floating_point;
  static constexpr int bits = 1 + E + M;
  static constexpr int exponent_bits = E;
  static constexpr int mantissa_bits = M;
  static constexpr int bias = Bias;
  static constexpr special_values specials = Specials;
  static constexpr overflow_rule overflow = Overflow;
  static constexpr int min_exponent = 1 - Bias;  ///< of the smallest normal and of all subnormals
  static constexpr short_name name = minifloat_name(E, M, Specials, Overflow, Bias);

  static constexpr std::uint32_t sign_bit = 1u << (E + M);
  static constexpr std::uint32_t max_code = [] {
    constexpr std::uint32_t all_ones = sign_bit - 1;
    switch (Specials) {
      case special_values::ieee:
        return all_ones - (1u << M);  // below the exponent of all ones
      case special_values::fn:
        return all_ones - 1;  // below the one NaN
      default:
        return all_ones;
    }
  }();
  static_assert(static_cast<int>(max_code >> M) - Bias <= 127,
                "the largest value must not be beyond that of f32");
  static constexpr bool has_nan = Specials != special_values::finite;
  static constexpr bool has_infinity = Specials == special_values::ieee;
  static constexpr std::uint32_t nan_code =
      Specials == special_values::fnuz ? sign_bit : sign_bit - 1;

  /// The value of a code; exact in f32.
  QTL_HOST_DEVICE static constexpr float decode(code c) {
    const auto raw = static_cast<std::uint32_t>(c);
    if constexpr (E == 8 && Specials == special_values::ieee) {
      return float_from_bits(raw << (23 - M));  // a prefix of f32
    } else {
      const std::uint32_t abs = raw & (sign_bit - 1);
      const std::uint32_t sign = (raw & sign_bit) != 0 ? 0x80000000u : 0u;
      if (Specials == special_values::fnuz && raw == sign_bit) return quiet_nan;
      if (abs > max_code)
        return float_from_bits(sign |
                               (has_infinity && abs == max_code + 1 ? 0x7F800000u : 0x7FC00000u));
      const std::uint32_t exponent = abs >> M;
      const std::uint32_t mantissa = abs & ((1u << M) - 1u);
      if (exponent == 0)
        return float_from_bits(
            sign | float_bits(static_cast<float>(mantissa) * power_of_two(min_exponent - M)));
      return float_from_bits(sign | (exponent + 127u - static_cast<std::uint32_t>(Bias)) << 23 |
                             mantissa << (23 - M));
    }
  }

  /// The code of x, rounded to nearest even unless asked otherwise.
  QTL_HOST_DEVICE static constexpr code encode(float x, rounding r = {}) {
    const std::uint32_t source = float_bits(x);
    if constexpr (E == 8 && M == 23) return static_cast<code>(source);
    const bool negative = source >> 31 != 0;
    if (is_nan(x)) return static_cast<code>(has_nan ? nan_code : max_code);
    const std::uint32_t abs =
        is_finite(x) ? round_magnitude(source & 0x7FFFFFFFu, r, negative) : max_code + 1;
    if (abs <= max_code) return with_sign(abs, negative);
    // A finite value that is rounded toward zero stays finite (IEEE 754, 7.4).
    const bool inward =
        r.mode == rounding_mode::toward_zero || (r.mode == rounding_mode::floor && !negative);
    return with_sign(is_finite(x) && inward ? max_code : overflowed(!is_finite(x)), negative);
  }

  /// encode(x) to nearest even without a branch, for loops that compilers vectorise: the bits of a
  /// normal are rounded in place, and below the smallest normal the sum with a power of two leaves
  /// the code in its lowest bits.
  QTL_HOST_DEVICE static constexpr std::uint32_t encode_nearest(float x)
    requires(Bias >= 0 && Bias < 127 && E < 8 && M < 23)
  {
    constexpr int dropped = 23 - M;
    constexpr float coarse = power_of_two(23 + min_exponent - M);
    constexpr std::uint32_t rounding_bias = (1u << (dropped - 1)) - 1u;
    constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - Bias) << 23;
    constexpr std::uint32_t infinite = 0x7F800000u;
    const std::uint32_t source = float_bits(x);
    const std::uint32_t abs = source & 0x7FFFFFFFu;
    const std::uint32_t odd = abs >> dropped & 1u;
    const std::uint32_t normal = (abs + odd + rounding_bias - rebias) >> dropped;
    const std::uint32_t subnormal = float_bits(float_from_bits(abs) + coarse) - float_bits(coarse);
    std::uint32_t code = chosen(abs, float_bits(power_of_two(min_exponent)), subnormal, normal);
    code = chosen(max_code, code, chosen(abs, infinite, overflowed(false), overflowed(true)), code);
    std::uint32_t sign = source >> 31 << (E + M);
    if constexpr (Specials == special_values::fnuz) sign = chosen(0, code, sign, 0);
    if constexpr (Specials != special_values::ieee && has_nan)
      sign = chosen(0, code ^ nan_code, sign, 0);
    return chosen(infinite, abs, has_nan ? nan_code : max_code, code | sign);
  }

 private:
  // yes where a < b, else no, both below 2^31. By a mask: compilers would branch around one side.
  QTL_HOST_DEVICE static constexpr std::uint32_t chosen(std::uint32_t a, std::uint32_t b,
                                                        std::uint32_t yes, std::uint32_t no) {
    const std::uint32_t mask = 0u - ((a - b) >> 31);
    return (yes & mask) | (no & ~mask);
  }

  // The code of a finite magnitude, as if the exponent had no upper limit (then cut at max_code +
  // 1).
  QTL_HOST_DEVICE static constexpr std::uint32_t round_magnitude(std::uint32_t abs, rounding r,
                                                                 bool negative) {
    if (abs == 0) return 0;
    const int source_exponent = floor_log2(float_from_bits(abs));
    const std::uint32_t significand = (abs >> 23) != 0 ? ((abs & 0x7FFFFFu) | 0x800000u) : abs;
    const int unit =
        (abs >> 23) != 0 ? source_exponent - 23 : -149;  // value = significand * 2^unit
    const int exponent = source_exponent < min_exponent ? min_exponent : source_exponent;
    if (exponent - min_exponent > (1 << E)) return max_code + 1;
    // In steps of 2^(exponent - M) a normal lies in [2^M, 2^(M+1)], so a carry into the exponent
    // comes by itself.
    const std::uint32_t steps = shift_right_rounded(significand, exponent - M - unit, r, negative);
    const std::uint32_t result = (static_cast<std::uint32_t>(exponent - min_exponent) << M) + steps;
    return result > max_code ? max_code + 1 : result;
  }

  QTL_HOST_DEVICE static constexpr std::uint32_t overflowed(bool was_infinite) {
    if (Specials == special_values::finite) return max_code;
    if (Overflow == overflow_rule::saturate && !(Specials == special_values::fnuz && was_infinite))
      return max_code;
    return has_infinity ? max_code + 1 : nan_code;
  }

  QTL_HOST_DEVICE static constexpr code with_sign(std::uint32_t abs, bool negative) {
    const bool unsigned_code = Specials == special_values::fnuz && (abs == 0 || abs == nan_code);
    const bool fn_nan = Specials == special_values::fn && abs == nan_code;
    return static_cast<code>(negative && !unsigned_code && !fn_nan ? abs | sign_bit : abs);
  }

 public:
  /// The largest finite value.
  static constexpr float max = decode(static_cast<code>(max_code));
  /// The smallest positive value (a subnormal).
  static constexpr float smallest = decode(static_cast<code>(1));
};

using e4m3 = minifloat<4, 3, special_values::fn>;        ///< OCP FP8 E4M3: max 448
using e5m2 = minifloat<5, 2>;                            ///< OCP FP8 E5M2: max 57344
using e4m3fnuz = minifloat<4, 3, special_values::fnuz>;  ///< max 240, bias 8
using e5m2fnuz = minifloat<5, 2, special_values::fnuz>;  ///< max 57344, bias 16
using e3m4 = minifloat<3, 4>;                            ///< max 15.5
using e2m3 = minifloat<2, 3, special_values::finite>;    ///< OCP FP6: max 7.5
using e3m2 = minifloat<3, 2, special_values::finite>;    ///< OCP FP6: max 28
using e2m1 = minifloat<2, 1, special_values::finite>;    ///< OCP FP4: max 6
using f16 = minifloat<5, 10>;                            ///< IEEE binary16; overflow gives Inf
using bf16 = minifloat<8, 7>;                            ///< bfloat16; overflow gives Inf
using f32 = minifloat<8, 23>;  ///< IEEE binary32: the code is the bit pattern

/// Maps a minifloat to the one that differs in its overflow rule.
template<class F, overflow_rule Overflow>
struct with_overflow_rule;
template<int E, int M, special_values S, overflow_rule Old, int B, overflow_rule New>
struct with_overflow_rule<minifloat<E, M, S, Old, B>, New> {
  using type = minifloat<E, M, S, New, B>;
};

/// F with overflow clamped to +-max.
template<class F>
using saturating = typename with_overflow_rule<F, overflow_rule::saturate>::type;
/// F with overflow turned into Inf, or NaN where F has no Inf.
template<class F>
using non_saturating = typename with_overflow_rule<F, overflow_rule::to_special>::type;

}  // namespace qtl::inline v0
