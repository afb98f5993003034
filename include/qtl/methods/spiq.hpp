// SPDX-License-Identifier: Apache-2.0
// qtl/methods/spiq.hpp - a static scale per input channel at the price of one per tensor.
// Holds: spiq<A>. Scales: channel_scaling.hpp. Formula: Yvinec et al., SPIQ, 2022.
#pragma once

#include <cstdint>
#include <vector>

#include "qtl/methods/scaled_rounding.hpp"

namespace qtl::inline v0 {

/// The scale of each input channel moved into the weight, then round to nearest: one scale of A,
/// the whole tensor's, then serves all channels. Scales are taken relative to their mean, so that a
/// channel without inputs, which keeps 1, is neither lost nor raised above the others.
///     qtl::spiq{}.apply<P>({w, x})
template<QuantPolicy A = policy<s8, symmetric, per_tensor, dynamic>>
struct spiq {
  static constexpr short_name name = "spiq";
  static constexpr bool needs_inputs = true;

  bool compare_with_plain = true;  ///< no scaling where that has less error with activations of A

  /// Errors: those of check_samples; overflow, out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    using scaled = scaled_rounding<A>;
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    result<std::vector<float>> scales = spiq_scales<A>(layer.inputs);
    if (!scales.ok()) return scales.why();
    divide_by_mean(*scales, column_amax(layer.inputs));
    if (compare_with_plain)
      return scaled::template quantized_if_better<P>(layer, *std::move(scales));
    return scaled::template quantized<P>(layer, *std::move(scales));
  }

 private:
  static void divide_by_mean(std::vector<float>& scales, std::span<const float> amax) {
    float sum = 0;
    float live = 0;
    for (std::size_t j = 0; j < amax.size(); ++j) {
      if (amax[j] == 0) continue;
      sum += scales[j];
      ++live;
    }
    for (std::size_t j = 0; j < amax.size(); ++j)
      scales[j] = amax[j] == 0 ? 1.0f : usable_scale(scales[j] * live / sum);
  }
};

static_assert(Method<spiq<>>);

}  // namespace qtl::inline v0
