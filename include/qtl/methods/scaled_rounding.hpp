// SPDX-License-Identifier: Apache-2.0
// qtl/methods/scaled_rounding.hpp - a layer whose channels are scaled, rounded to nearest, and the error of that.
// Holds: scaled_rounding<A>. Where scales come from: smoothquant.hpp, outlier_suppression.hpp, spiq.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "qtl/methods/channel_scaling.hpp"
#include "qtl/ops/fake_quantize.hpp"

namespace qtl::inline v0 {

/// The layer (x / s)(W s)^T with weights of P and activations of A, both rounded to nearest.
template<QuantPolicy A>
struct scaled_rounding {
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

  /// W s rounded to nearest, with input_scale = s. Errors: those of try_quantize.
  template<QuantPolicy P>
  static result<method_result<P>> quantized(const layer_samples& layer, std::vector<float> s) {
    auto q = try_quantize<P>(scaled_columns(layer.weight, s, scaling::multiply));
    if (!q.ok()) return q.why();
    method_result<P> out;
    out.weight = *std::move(q);
    out.input_scale = std::move(s);
    return out;
  }

  /// quantized(layer, s), or with s = 1 where the output error of that is less; the note says so.
  /// Errors: those of output_mse and quantized.
  template<QuantPolicy P>
  static result<method_result<P>> quantized_if_better(const layer_samples& layer,
                                                      std::vector<float> s) {
    std::vector<float> none(s.size(), 1.0f);
    const result<double> scaled = output_mse<P>(layer, s);
    if (!scaled.ok()) return scaled.why();
    const result<double> plain = output_mse<P>(layer, none);
    if (!plain.ok()) return plain.why();
    if (*scaled < *plain) return quantized<P>(layer, std::move(s));
    auto out = quantized<P>(layer, std::move(none));
    if (out.ok()) out->note.append("no scaling was best");
    return out;
  }
};

}  // namespace qtl::inline v0
