// SPDX-License-Identifier: Apache-2.0
// qtl/ops/choose_qparams.hpp - from the range of a block to the parameters it is stored with.
// Holds: stored_params<P>, choose_stored<P>, choose_tensor_scale<P>, choose_qparams<P>.
// The scheme gives the ideal scale, the storage rounds it, and the offset follows from the rounded
// scale.
#pragma once

#include "qtl/ops/element.hpp"
#include "qtl/ops/range.hpp"

namespace qtl::inline v0 {

/// A block's parameters as they lie in memory.
template<QuantPolicy P>
struct stored_params {
  stored_scale<typename P::scale::format> scale{};
  offset_type<P> offset{};

  /// Decoded, the tensor's scale multiplied in.
  QTL_HOST_DEVICE constexpr qparams<P> decoded(float tensor_scale) const {
    return {scale_value<typename P::scale::format>(scale) * tensor_scale, offset};
  }
};

/// The f32 scale of a tensor with this range: 1 unless P has two levels.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr float choose_tensor_scale(value_range range) {
  if constexpr (P::scale::two_levels)
    return range.amax() == 0.0f ? 1.0f
                                : P::scale::template tensor_scale<typename P::format>(range.amax());
  else
    return 1.0f;
}

/// Parameters of a block of finite values. An all-zero block has scale 1 (times the tensor's) and
/// an exact zero.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr stored_params<P> choose_stored(value_range range, float tensor_scale) {
  using F = typename P::format;
  using S = typename P::scheme;
  using scale_format = typename P::scale::format;
  stored_params<P> stored;
  if constexpr (is_unscaled<S>) {
    return stored;
  } else {
    const bool all_zero = range.amax() == 0.0f;
    stored.scale = all_zero ? store_scale_exactly<scale_format>(1.0f)
                            : P::scale::template store<F>(S::template scale<F>(range), range.amax(),
                                                          tensor_scale);
    if constexpr (offset_bytes<P> != 0) {
      const float scale = scale_value<scale_format>(stored.scale) * tensor_scale;
      stored.offset = static_cast<offset_type<P>>(S::template offset<F>(range, scale));
    }
    return stored;
  }
}

/// Parameters that make everything NaN: of a block of activations that holds NaN or Inf.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr stored_params<P> poisoned_params() {
  stored_params<P> stored;
  stored.scale = store_scale_exactly<typename P::scale::format>(quiet_nan);
  return stored;
}

/// The parameters of a tensor with this range under a per_tensor policy: what a calibrated
/// activation needs.
template<QuantPolicy P>
constexpr qparams<P> choose_qparams(value_range range) {
  const float tensor_scale = choose_tensor_scale<P>(range);
  qparams<P> p = choose_stored<P>(range, tensor_scale).decoded(tensor_scale);
  if constexpr (is_unscaled<typename P::scheme>) p.scale = 1.0f;
  return p;
}

}  // namespace qtl::inline v0
