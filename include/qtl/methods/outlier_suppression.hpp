// SPDX-License-Identifier: Apache-2.0
// qtl/methods/outlier_suppression.hpp - the gamma of the norm in front, moved into the weight.
// Holds: outlier_suppression<A>. Scales: channel_scaling.hpp. Formula: Wei et al., Outlier Suppression, 2022.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "qtl/methods/scaled_rounding.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0 {

/// W gamma quantized by rounding to nearest, with input_scale = gamma: the norm in front is left
/// without one, and activations of A lose the outliers that it made.
///     qtl::outlier_suppression{.gamma = norm}.apply<P>({w, x})
template<QuantPolicy A = token_s8>
struct outlier_suppression {
  static constexpr short_name name = "outlier suppression";
  static constexpr bool needs_inputs = true;

  std::span<const float> gamma;    ///< k values of the norm that makes x; none: nothing is moved
  bool compare_with_plain = true;  ///< gamma stays where that has less error with activations of A

  /// Errors: those of check_samples; shape_mismatch for gamma; overflow, out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    using scaled = scaled_rounding<A>;
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    const std::int64_t k = layer.weight.cols;
    if (gamma.empty()) {
      auto out = scaled::template quantized<P>(
          layer, std::vector<float>(static_cast<std::size_t>(k), 1.0f));
      if (out.ok()) out->note.append("no norm in front");
      return out;
    }
    if (static_cast<std::int64_t>(gamma.size()) != k)
      return mismatch("gamma", "number of values", 0, k, static_cast<std::int64_t>(gamma.size()));
    std::vector<float> s = outlier_suppression_scales(gamma);
    if (compare_with_plain) return scaled::template quantized_if_better<P>(layer, std::move(s));
    return scaled::template quantized<P>(layer, std::move(s));
  }
};

static_assert(Method<outlier_suppression<>>);

}  // namespace qtl::inline v0
