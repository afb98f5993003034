// SPDX-License-Identifier: Apache-2.0
// qtl/methods/rtn.hpp - round to nearest: what every other method is measured against.
// Holds: rtn. Plain, it is quantize<P>; with clip search each block keeps the share of its range with the least error.
// Inputs are not needed. Where they are there, the clip search looks at what its errors do to
// outputs.
#pragma once

#include <vector>

#include "qtl/methods/better_bands.hpp"
#include "qtl/methods/block_params.hpp"
#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// Round to nearest, of any policy.
///     qtl::rtn{.clip_search = true}.apply<P>({.weight = w})
/// The error of a searched block, in its norm, is never above that of the whole range. Where the
/// layer has inputs, a search weighs errors by the energy of their column, and bands of rows keep
/// the whole range where that is better: the output error on them is never above plain rounding's.
struct rtn {
  static constexpr short_name name = "rtn";
  static constexpr bool needs_inputs = false;

  bool clip_search = false;  ///< search the clip of each block; else the whole range is kept
  clip_options clip{};       ///< how
  executor_ref executor{};   ///< the search is split by rows; the result does not depend on it

  /// Errors: not_finite naming row and column of the weight, invalid_argument for `clip`, overflow,
  /// out_of_memory; where inputs are used, those of check_samples.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    const bool informed = clip_search && layer.inputs.rows != 0;
    if (const status s = check_samples(layer, informed); !s.ok()) return s;
    if (const status s = check_clip(clip); !s.ok()) return s;
    const eigen_matrix weight = to_eigen(layer.weight);
    const matrix_view<const float> w = view_of(weight);
    const std::vector<float> shares = input_shares(layer, informed);
    const float* column_weight = informed ? shares.data() : nullptr;
    result<QTensor<P>> q =
        quantize_blocks<P>(w, executor, [&](const block_extent& b, float tensor_scale) {
          return clip_search ? search_clip<P>(w, b, tensor_scale, clip, column_weight)
                             : nearest_params<P>(w, b, tensor_scale);
        });
    if (!q.ok()) return q.why();
    method_result<P> out;
    out.weight = *std::move(q);
    if (informed)
      if (const status s = keep_plain_bands(layer, out, executor); !s.ok()) return s;
    return out;
  }
};

static_assert(Method<rtn>);

}  // namespace qtl::inline v0
