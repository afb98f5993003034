// SPDX-License-Identifier: Apache-2.0
// qtl/methods/bias_correction.hpp - the mean error of a quantized layer's output, moved into its bias.
// Holds: mean_output_error, corrected<M>. b += E[(W - W^) x] (Nagel et al., Data-Free Quantization, 2019).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "qtl/methods/input_change.hpp"
#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// E[W x] - E[W^ x'] of every output feature, x' the inputs as W^ expects them; what is already in
/// r.bias_delta is not counted. Preconditions: check_samples(layer, true), r made from that layer.
/// Errors: overflow, out_of_memory.
template<QuantPolicy P>
result<std::vector<float>> mean_output_error(const layer_samples& layer,
                                             const method_result<P>& r) {
  const result<matrix<float>> reals = try_dequantize<P>(r.weight.view());
  if (!reals.ok()) return reals.why();
  const std::int64_t k = layer.weight.cols;
  // Both maps are linear: the mean of what is mapped is what the mean maps to.
  std::vector<double> sums(static_cast<std::size_t>(k), 0.0);
  for (std::int64_t i = 0; i < layer.inputs.rows; ++i)
    for (std::int64_t j = 0; j < k; ++j)
      sums[static_cast<std::size_t>(j)] += static_cast<double>(layer.inputs(i, j));
  eigen_matrix mean(1, k);
  for (std::int64_t j = 0; j < k; ++j)
    mean(0, j) = static_cast<float>(sums[static_cast<std::size_t>(j)] /
                                    static_cast<double>(layer.inputs.rows));
  const eigen_matrix changed = changed_inputs(r, view_of(mean));
  std::vector<float> error(static_cast<std::size_t>(layer.weight.rows));
  for (std::int64_t n = 0; n < layer.weight.rows; ++n) {
    double sum = 0;
    for (std::int64_t j = 0; j < k; ++j)
      sum += static_cast<double>(layer.weight(n, j)) * static_cast<double>(mean(0, j)) -
             static_cast<double>((*reals)(n, j)) * static_cast<double>(changed(0, j));
    error[static_cast<std::size_t>(n)] = static_cast<float>(sum);
  }
  return error;
}

/// Method M, and then the mean error of its output on the samples added to the bias. The weight is
/// M's, bit for bit.
template<Method M>
struct corrected {
  static constexpr short_name name = short_name("corrected ").append(short_name(M::name).view());
  static constexpr bool needs_inputs = true;

  M method{};

  /// Errors: those of M and of check_samples.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    auto out = method.template apply<P>(layer);
    if (!out.ok()) return out;
    auto error = mean_output_error(layer, *out);
    if (!error.ok()) return error.why();
    out->bias_delta = *std::move(error);
    return out;
  }
};

}  // namespace qtl::inline v0
