// SPDX-License-Identifier: Apache-2.0
// qtl/methods/rtn.hpp - round to nearest: what every other method is measured against.
// Holds: rtn. Plain, it is quantize<P>; with clip search each block keeps the share of its range with the least error.
#pragma once

#include "qtl/methods/block_params.hpp"
#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// Round to nearest, of any policy, without data.
///     qtl::rtn{.clip_search = true}.apply<P>({.weight = w})
/// The error of a searched block, in its norm, is never above that of the whole range.
struct rtn {
  static constexpr short_name name = "rtn";
  static constexpr bool needs_inputs = false;

  bool clip_search = false;  ///< search the clip of each block; else the whole range is kept
  clip_options clip{};       ///< how
  executor_ref executor{};   ///< the search is split by rows; the result does not depend on it

  /// Errors: not_finite naming row and column of the weight, invalid_argument for `clip`, overflow,
  /// out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    if (const status s = check_clip(clip); !s.ok()) return s;
    const eigen_matrix weight = to_eigen(layer.weight);
    const matrix_view<const float> w = view_of(weight);
    result<QTensor<P>> q =
        quantize_blocks<P>(w, executor, [&](const block_extent& b, float tensor_scale) {
          return clip_search ? search_clip<P>(w, b, tensor_scale, clip)
                             : nearest_params<P>(w, b, tensor_scale);
        });
    if (!q.ok()) return q.why();
    method_result<P> out;
    out.weight = *std::move(q);
    return out;
  }
};

static_assert(Method<rtn>);

}  // namespace qtl::inline v0
