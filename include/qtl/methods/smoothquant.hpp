// SPDX-License-Identifier: Apache-2.0
// qtl/methods/smoothquant.hpp - activation outliers moved into the weight, as far as that helps.
// Holds: smoothquant<A>, fixed or automatic alpha. Scales: channel_scaling.hpp. Formula: Xiao et al., SmoothQuant, 2022.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "qtl/methods/channel_scaling.hpp"
#include "qtl/methods/method.hpp"
#include "qtl/methods/scaled_rounding.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0 {

/// W s quantized by rounding to nearest, with input_scale = s. The automatic search measures the
/// output with weights of P and activations of A.
///     qtl::smoothquant{.automatic = true}.apply<P>({w, x})
template<QuantPolicy A = token_s8>
struct smoothquant {
  using scaled = scaled_rounding<A>;
  static constexpr short_name name = "smoothquant";
  static constexpr bool needs_inputs = true;

  float alpha = 0.5f;      ///< in [0, 1]: how much of the difficulty goes to the weight
  bool automatic = false;  ///< alpha 0, 0.1, ... 1 and no scaling at all: the least output error
  float least = 1e-5f;     ///< floor of the scales, positive

  /// Errors: those of check_samples; invalid_argument for alpha or least; overflow, out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check(layer); !s.ok()) return s;
    const std::vector<float> amax_x = column_amax(layer.inputs);
    const std::vector<float> amax_w = column_amax(layer.weight);
    if (!automatic)
      return scaled::template quantized<P>(layer, smoothing_scales(amax_x, amax_w, alpha, least));
    std::vector<float> best(amax_x.size(), 1.0f);
    const result<double> plain = scaled::template output_mse<P>(layer, best);
    if (!plain.ok()) return plain.why();
    double error = *plain;
    int chosen = -1;
    for (int tenth = 0; tenth <= 10; ++tenth) {
      std::vector<float> s =
          smoothing_scales(amax_x, amax_w, static_cast<float>(tenth) / 10.0f, least);
      const result<double> next = scaled::template output_mse<P>(layer, s);
      if (!next.ok()) return next.why();
      if (!(*next < error)) continue;
      error = *next;
      chosen = tenth;
      best = std::move(s);
    }
    auto out = scaled::template quantized<P>(layer, std::move(best));
    if (!out.ok()) return out;
    if (chosen < 0)
      out->note.append("no scaling was best");
    else
      out->note.append("alpha ").append(chosen == 10 ? "1." : "0.").append(chosen % 10);
    return out;
  }

 private:
  status check(const layer_samples& layer) const {
    if (!(alpha >= 0.0f && alpha <= 1.0f))
      return failure(error_code::invalid_argument, "alpha", "it lies outside [0, 1]");
    if (!(least > 0.0f && is_finite(least)))
      return failure(error_code::invalid_argument, "least", "it is not a positive number");
    return check_samples(layer, needs_inputs);
  }
};

static_assert(Method<smoothquant<>>);

}  // namespace qtl::inline v0
