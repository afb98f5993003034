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
#include "qtl/ops/fake_quantize.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0 {

/// W s quantized by rounding to nearest, with input_scale = s. The automatic search measures the
/// output with weights of P and activations of A.
///     qtl::smoothquant{.automatic = true}.apply<P>({w, x})
template<QuantPolicy A = token_s8>
struct smoothquant {
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
    if (!automatic) return quantized<P>(layer, smoothing_scales(amax_x, amax_w, alpha, least));
    std::vector<float> best(amax_x.size(), 1.0f);
    const result<double> plain = output_mse<P>(layer, best);
    if (!plain.ok()) return plain.why();
    double error = *plain;
    int chosen = -1;
    for (int tenth = 0; tenth <= 10; ++tenth) {
      std::vector<float> s =
          smoothing_scales(amax_x, amax_w, static_cast<float>(tenth) / 10.0f, least);
      const result<double> next = output_mse<P>(layer, s);
      if (!next.ok()) return next.why();
      if (!(*next < error)) continue;
      error = *next;
      chosen = tenth;
      best = std::move(s);
    }
    auto out = quantized<P>(layer, std::move(best));
    if (!out.ok()) return out;
    if (chosen < 0)
      out->note.append("no scaling was best");
    else
      out->note.append("alpha ").append(chosen == 10 ? "1." : "0.").append(chosen % 10);
    return out;
  }

  /// The mean of (x W^T - A(x / s) P(W s)^T)^2 over samples and outputs. Errors: overflow,
  /// out_of_memory, and not_finite where W s overflows.
  template<QuantPolicy P>
  static result<double> output_mse(const layer_samples& layer, std::span<const float> s) {
    const eigen_matrix scaled = scaled_columns(layer.weight, s, scaling::multiply);
    const result<matrix<float>> weight = try_fake_quantize<P>(scaled);
    if (!weight.ok()) return weight.why();
    const result<matrix<float>> inputs =
        try_fake_quantize<A>(scaled_columns(layer.inputs, s, scaling::divide));
    if (!inputs.ok()) return inputs.why();
    const eigen_matrix w = to_eigen(layer.weight);
    const eigen_matrix w_quantized = to_eigen(weight->view());
    double sum = 0;
    constexpr std::int64_t slab = 256;  // rows of the output that exist at a time
    for (std::int64_t first = 0; first < layer.inputs.rows; first += slab) {
      const std::int64_t rest = layer.inputs.rows - first;
      const std::int64_t count = rest < slab ? rest : slab;
      eigen_matrix error = to_eigen(layer.inputs.row_range(first, count)) * w.transpose();
      error.noalias() -= to_eigen(inputs->view().row_range(first, count)) * w_quantized.transpose();
      sum += error.cast<double>().squaredNorm();
    }
    const auto outputs =
        static_cast<double>(layer.inputs.rows) * static_cast<double>(layer.weight.rows);
    return outputs == 0 ? 0.0 : sum / outputs;
  }

 private:
  status check(const layer_samples& layer) const {
    if (!(alpha >= 0.0f && alpha <= 1.0f))
      return failure(error_code::invalid_argument, "alpha", "it lies outside [0, 1]");
    if (!(least > 0.0f && is_finite(least)))
      return failure(error_code::invalid_argument, "least", "it is not a positive number");
    return check_samples(layer, needs_inputs);
  }

  template<QuantPolicy P>
  static result<method_result<P>> quantized(const layer_samples& layer, std::vector<float> s) {
    auto q = try_quantize<P>(scaled_columns(layer.weight, s, scaling::multiply));
    if (!q.ok()) return q.why();
    method_result<P> out;
    out.weight = *std::move(q);
    out.input_scale = std::move(s);
    return out;
  }
};

static_assert(Method<smoothquant<>>);

}  // namespace qtl::inline v0
