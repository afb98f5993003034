// SPDX-License-Identifier: Apache-2.0
// qtl/policy/scale.hpp - in which format a scale is kept, and how it gets there.
// Holds: scaled_by<F>, scaled_by<e8m0, rule>, scaled_by_two_levels<F>, the concept ScaleStorage.
// Quantization divides by the scale as stored, never by the one before rounding.
// To add one: a struct with the members of the concept.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "qtl/format/e8m0.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/policy/option_axis.hpp"

namespace qtl::inline v0 {

/// How an amax becomes a power of two (OCP MX and its implementers; formulas in docs/numerics.md).
enum class scale_rule : std::uint8_t {
  nearest,  ///< not a power-of-two rule: the scale rounded to its format
  floor,    ///< 2^(floor(log2 amax) - emax): OCP MX, ggml, microxcaling
  ceil,     ///< 2^(ceil(log2 amax) - emax)
  even,     ///< amax rounded to the element's mantissa first, then floor: torchao's EVEN
  rceil,  ///< amax / max rounded up to a power of two: cuBLAS, TransformerEngine, DeepSeek's ue8m0
};

/// The rule's name.
constexpr const char* to_string(scale_rule rule) {
  constexpr const char* names[] = {"nearest", "floor", "ceil", "even", "rceil"};
  return names[static_cast<int>(rule)];
}

/// How a scale lies in memory: f32 as float, the rest as codes.
template<class F>
using stored_scale = std::conditional_t<std::same_as<F, f32>, float, code_type<F>>;

/// The value of a stored scale.
template<class F>
QTL_HOST_DEVICE constexpr float scale_value(stored_scale<F> stored) {
  if constexpr (std::same_as<F, f32>)
    return stored;
  else
    return F::decode(stored);
}

/// The scale of an all-zero block, and the poison of a block that holds NaN or Inf.
template<class F>
QTL_HOST_DEVICE constexpr stored_scale<F> store_scale_exactly(float value) {
  if constexpr (std::same_as<F, f32>)
    return value;
  else
    return F::encode(value);
}

/// `scale` in F, saturated, and never rounded to zero (which would lose the whole block).
template<class F>
QTL_HOST_DEVICE constexpr stored_scale<F> store_scale(float scale) {
  if constexpr (std::same_as<F, f32>) {
    return scale == 0.0f ? smallest_float : scale;
  } else {
    const auto code = saturating<F>::encode(scale);
    return F::decode(code) == 0.0f ? saturating<F>::encode(saturating<F>::smallest) : code;
  }
}

/// The exponent that a power-of-two rule gives to a block with this amax > 0 and elements of format
/// E.
template<class E>
QTL_HOST_DEVICE constexpr int power_of_two_exponent(scale_rule rule, float amax) {
  const int emax = floor_log2(E::max);
  const int exponent = floor_log2(amax);
  // amax = fraction * 2^exponent with 1 <= fraction < 2, exactly; two steps since 2^149 is no float
  const auto fraction = [](float x, int e) {
    return x * power_of_two(-e / 2) * power_of_two(-e - -e / 2);
  };
  switch (rule) {
    case scale_rule::ceil:
      return exponent - emax + (fraction(amax, exponent) > 1.0f ? 1 : 0);
    case scale_rule::rceil:
      return exponent - emax + (fraction(amax, exponent) > fraction(E::max, emax) ? 1 : 0);
    case scale_rule::even: {
      constexpr int mantissa = [] {
        if constexpr (requires { E::mantissa_bits; })
          return E::mantissa_bits;
        else
          return E::bits - 2;  // a sign and an integer bit in front, as in MXINT8
      }();
      return exponent - emax +
             (fraction(amax, exponent) + power_of_two(-mantissa - 1) >= 2.0f ? 1 : 0);
    }
    default:
      return exponent - emax;
  }
}

/// Satisfied by a tag with `format`, `rule`, `two_levels` and `store<E>(ideal, amax, tensor_scale)`
/// returning a stored_scale<format>. Why: a policy's scales are values of a format like any other.
template<class S>
concept ScaleStorage = requires(float x) {
  typename S::format;
  { S::rule } -> std::convertible_to<scale_rule>;
  { S::two_levels } -> std::convertible_to<bool>;
  { S::template store<e2m1>(x, x, x) } -> std::same_as<stored_scale<typename S::format>>;
};

/// One scale per block, kept in F: f32 (the default), f16, bf16, or e8m0 with a power-of-two rule.
template<class F, scale_rule Rule = std::same_as<F, e8m0> ? scale_rule::floor : scale_rule::nearest>
struct scaled_by {
  static_assert(std::same_as<F, f32> || std::same_as<F, f16> || std::same_as<F, bf16> ||
                    std::same_as<F, e8m0>,
                "a scale is kept in f32, f16, bf16 or e8m0; for e4m3 use scaled_by_two_levels");
  static_assert(
      std::same_as<F, e8m0> == (Rule != scale_rule::nearest),
      "floor, ceil, even and rceil are the rules of e8m0 scales; the other formats round to nearest");
  static constexpr option_axis axis = option_axis::scale;
  using format = F;
  static constexpr scale_rule rule = Rule;
  static constexpr bool two_levels = false;

  /// The scale of a block of elements of format E: `ideal` as the scheme gave it, `amax` of the
  /// block.
  template<class E>
  QTL_HOST_DEVICE static constexpr stored_scale<F> store(float ideal, float amax,
                                                         float /*tensor_scale*/) {
    if constexpr (std::same_as<F, e8m0>)
      return e8m0::from_exponent(power_of_two_exponent<E>(Rule, amax));
    else
      return store_scale<F>(ideal);
  }
};

/// A scale per block in F times one f32 scale per tensor: NVFP4 with F = e4m3.
/// tensor scale = amax of the tensor / (max of the element * max of F); block scale = F(ideal /
/// tensor scale), at least the smallest positive F.
template<class F>
struct scaled_by_two_levels {
  static constexpr option_axis axis = option_axis::scale;
  using format = F;
  static constexpr scale_rule rule = scale_rule::nearest;
  static constexpr bool two_levels = true;

  template<class E>
  QTL_HOST_DEVICE static constexpr stored_scale<F> store(float ideal, float /*amax*/,
                                                         float tensor_scale) {
    return store_scale<F>(ideal / tensor_scale);
  }
  /// The f32 scale of a tensor with this amax > 0; so large that its product with no block scale is
  /// zero.
  template<class E>
  QTL_HOST_DEVICE static constexpr float tensor_scale(float amax) {
    constexpr float least = smallest_float / F::smallest;
    const float scale = amax / (E::max * F::max);
    return scale < least ? least : scale;
  }
};

}  // namespace qtl::inline v0
