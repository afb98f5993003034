// SPDX-License-Identifier: Apache-2.0
// qtl/policy/scheme.hpp - from the range of some reals to scale and zero point.
// Holds: the concept Scheme and the scheme tags. real = scale * (code - zero_point), or scale * code - shift.
// Not here: where a range ends (granularity.hpp), in which format its scale is kept (scale.hpp).
// To add one: docs/extend/scheme.md; a tag with the members that the concept names, nothing to register.
#pragma once

#include <concepts>
#include <cstdint>

#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0 {

/// The least and the greatest of some finite reals; empty ranges are 0..0.
struct value_range {
  float min = 0.0f;
  float max = 0.0f;

  /// The largest magnitude.
  QTL_HOST_DEVICE constexpr float amax() const { return -min > max ? -min : max; }
  /// The range with 0 in it.
  QTL_HOST_DEVICE constexpr value_range with_zero() const {
    return {min < 0 ? min : 0.0f, max > 0 ? max : 0.0f};
  }
};

/// What a scheme stores beside the scale.
enum class zero_point_kind : std::uint8_t {
  none,     ///< real = scale * value(code)
  integer,  ///< real = scale * (code - zero_point), zero_point in the format's own range
  wide,     ///< the same with a 32-bit zero point that may lie outside the format's range
  shift,    ///< real = scale * code - shift, shift a real
};

/// The codes that a scheme uses of an integer format.
struct code_bounds {
  std::int32_t qmin;
  std::int32_t qmax;
};

/// The test behind Scheme.
template<class S>
inline constexpr bool is_scheme = requires(value_range range) {
  { S::name } -> std::convertible_to<short_name>;
  { S::zero_point } -> std::convertible_to<zero_point_kind>;
  { S::template bounds<s8>() } -> std::same_as<code_bounds>;
  { S::template scale<s8>(range) } -> std::same_as<float>;
};

/// Satisfied by a tag with `name`, `zero_point` (a zero_point_kind), `bounds<F>()` (the codes used
/// of an integer format) and `scale<F>(range)` (the unrounded scale; range holds finite values, not
/// all zero). A scheme with a zero point or shift also has `offset<F>(range, scale)`, given the
/// scale as stored, returning int32 or float.
/// Why: a scheme turns a range into parameters and knows nothing of tensors.
template<class S>
concept Scheme =
    is_scheme<S> ||
    unsatisfied<"a scheme needs static name, zero_point, bounds<F>() and scale<F>(range)", S>;

/// scale = amax / qmax, codes -qmax..qmax (narrow range): TensorRT, FMS Model Optimizer; the
/// default.
struct symmetric {
  static constexpr short_name name = "symmetric";
  static constexpr zero_point_kind zero_point = zero_point_kind::none;

  template<class F>
  QTL_HOST_DEVICE static constexpr code_bounds bounds() {
    return {-F::qmax, F::qmax};
  }
  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range range) {
    return range.amax() / F::max;
  }
};

/// What schemes that leave no code of the format unused have in common.
struct uses_all_codes {
  template<class F>
  QTL_HOST_DEVICE static constexpr code_bounds bounds() {
    return {F::qmin, F::qmax};
  }
};

/// scale = amax / qmax, codes clamp to the whole range -qmax - 1..qmax: quanto, Neural Compressor's
/// low-bit tools.
struct symmetric_full_clamp : uses_all_codes {
  static constexpr short_name name = "symmetric_full_clamp";
  static constexpr zero_point_kind zero_point = zero_point_kind::none;

  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range range) {
    return symmetric::scale<F>(range);
  }
};

/// scale = 2 amax / (2^b - 1), i.e. amax / 127.5 or amax / 7.5, whole range: PyTorch,
/// compressed-tensors, GPTQ.
struct symmetric_half_step : uses_all_codes {
  static constexpr short_name name = "symmetric_half_step";
  static constexpr zero_point_kind zero_point = zero_point_kind::none;

  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range range) {
    return range.amax() / (static_cast<float>(F::qmax - F::qmin) / 2.0f);
  }
};

/// scale = amax / 2^(b-1), negative where the extreme value is positive, so that the extreme value
/// meets the one code without a twin: Neural Compressor's full_range, ggml Q4_0.
struct symmetric_full_range : uses_all_codes {
  static constexpr short_name name = "symmetric_full_range";
  static constexpr zero_point_kind zero_point = zero_point_kind::none;

  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range range) {
    const float extreme = range.max >= -range.min ? range.max : range.min;
    return extreme / static_cast<float>(F::qmin);
  }
};

/// How far one end of a range may lie, given the other's magnitude, so that half a step beyond it
/// is still an f32: the zero point is rounded, and moves the codes by as much.
template<class F>
QTL_HOST_DEVICE constexpr float farthest_end(float other) {
  constexpr float most = 0x1.FFFFEp127f;  // a little below the largest, for the roundings between
  constexpr float codes = static_cast<float>(F::qmax - F::qmin + 1);
  constexpr float half_steps = 2 * codes - 1;
  constexpr float both = most - most / codes;  // of a range as wide to either side
  return most - most / half_steps - (other < both ? other : both) / half_steps;
}

/// The range that affine schemes spread their codes over: as given, but where its width overflows
/// f32, its ends are moved in so that every code stands for a finite real.
template<class F>
QTL_HOST_DEVICE constexpr value_range affine_range(value_range range) {
  if (is_finite(range.max - range.min)) return range;
  const float low = -farthest_end<F>(range.max);
  const float high = farthest_end<F>(-range.min);
  return {range.min < low ? low : range.min, range.max > high ? high : range.max};
}

/// (max - min) / (2^b - 1), also where max - min overflows f32.
template<class F>
QTL_HOST_DEVICE constexpr float affine_scale(value_range range) {
  constexpr float steps = static_cast<float>(F::qmax - F::qmin);
  const float width = range.max - range.min;
  return is_finite(width) ? width / steps : range.max / steps - range.min / steps;
}

/// The range is extended to hold 0; scale = (max - min) / (2^b - 1), zero_point = RNE(qmin - min /
/// scale) clamped to the format: ONNX Runtime, Neural Compressor, AWQ, asymmetric GPTQ. Zero is
/// exact.
struct affine : uses_all_codes {
  static constexpr short_name name = "affine";
  static constexpr zero_point_kind zero_point = zero_point_kind::integer;

  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range range) {
    return affine_scale<F>(affine_range<F>(range.with_zero()));
  }
  template<class F>
  QTL_HOST_DEVICE static constexpr std::int32_t offset(value_range range, float scale) {
    const float min = affine_range<F>(range.with_zero()).min;
    const std::int32_t z = round_to_integer(static_cast<float>(F::qmin) - min / scale);
    return z < F::qmin ? F::qmin : z > F::qmax ? F::qmax : z;
  }
};

/// What the schemes have in common that take the range as it is, with 0 in it or not.
/// A single repeated value has no width; it becomes scale |value| with the code one step from the
/// zero point. No step is finer than 2^-24 of amax, as f32 is not either: the zero point stays
/// exact.
struct keeps_range : uses_all_codes {
  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range range) {
    if (range.min == range.max) return range.amax();
    const float scale = affine_scale<F>(affine_range<F>(range));
    const float finest = range.amax() * power_of_two(-24);
    return scale < finest ? finest : scale;
  }
};

/// affine on the range as it is: the zero point may lie outside the format's range and is kept in
/// 32 bits.
struct affine_as_is : keeps_range {
  static constexpr short_name name = "affine_as_is";
  static constexpr zero_point_kind zero_point = zero_point_kind::wide;

  template<class F>
  QTL_HOST_DEVICE static constexpr std::int32_t offset(value_range range, float scale) {
    return F::qmin - round_to_integer(affine_range<F>(range).min / scale);
  }
};

/// real = scale * code - shift with shift = scale * qmin - min, the range as it is: quanto's 2- and
/// 4-bit weights, HQQ.
struct affine_float_shift : keeps_range {
  static constexpr short_name name = "affine_float_shift";
  static constexpr zero_point_kind zero_point = zero_point_kind::shift;

  template<class F>
  QTL_HOST_DEVICE static constexpr float offset(value_range range, float scale) {
    return scale * static_cast<float>(F::qmin) - affine_range<F>(range).min;
  }
};

/// No scale: real = value(code). Activations kept in f32, f16 or bf16, and plain casts to FP8.
struct unscaled {
  static constexpr short_name name = "unscaled";
  static constexpr zero_point_kind zero_point = zero_point_kind::none;

  template<class F>
  QTL_HOST_DEVICE static constexpr code_bounds bounds() {
    return {0, 0};
  }
  template<class F>
  QTL_HOST_DEVICE static constexpr float scale(value_range) {
    return 1.0f;
  }
};

}  // namespace qtl::inline v0
