// SPDX-License-Identifier: Apache-2.0
// qtl/methods/awq.hpp - channels that carry large activations get finer steps, at the price of the others.
// Holds: awq. After Lin et al., "AWQ: Activation-aware Weight Quantization for LLM Compression and
// Acceleration", 2023: a search over scales mean|X|^r, then over clips; both quantize with P
// itself.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "qtl/methods/block_params.hpp"
#include "qtl/methods/output_metric.hpp"

namespace qtl::inline v0 {

/// AWQ, for every policy. s = max(mean|X|^r, 1e-4) / sqrt(max s * min s) for r = 0, 1/grid, ..., 1;
/// the r is kept whose layer, W s quantized as P and X / s, has the least output error on the
/// samples. Then every block's clip is searched on the squared weight error weighted by the mean of
/// (x / s)^2, which is the output error where inputs are uncorrelated; the clips are kept where
/// they lower the true output error. r = 0 without clips is round to nearest, so that on its
/// samples the result is never worse. input_scale always has k values.
struct awq {
  static constexpr short_name name = "awq";
  static constexpr bool needs_inputs = true;

  int grid = 20;                                  ///< steps of r
  bool clip_search = true;                        ///< whether clips are searched at all
  clip_options clip{.steps = 20, .least = 0.5f};  ///< how
  executor_ref executor{};  ///< rows are independent; the result does not depend on it

  /// Errors: those of check_samples; invalid_argument for an option out of range; overflow,
  /// out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    if (grid < 1)
      return mismatch("grid", "number of steps", -1, 1, grid, error_code::invalid_argument);
    if (const status s = check_clip(clip); !s.ok()) return s;
    const eigen_matrix weight = to_eigen(layer.weight);
    const output_metric error_of(layer.inputs, executor);
    const Eigen::RowVectorXf mean = mean_magnitude(layer.inputs);
    result<candidate<P>> best =
        try_scale<P>(weight, Eigen::RowVectorXf::Ones(weight.cols()), nullptr, error_of);
    if (!best.ok()) return best.why();
    for (int step = 1; step <= grid; ++step) {
      const Eigen::RowVectorXf scale =
          scale_for(mean, static_cast<float>(step) / static_cast<float>(grid));
      result<candidate<P>> next = try_scale<P>(weight, scale, nullptr, error_of);
      if (!next.ok() && next.why().code != error_code::not_finite) return next.why();
      if (next.ok() && next->error < best->error) best = std::move(next);
    }
    if (clip_search) {
      const std::vector<float> energy = column_energy(layer.inputs, best->scale);
      result<candidate<P>> clipped = try_scale<P>(weight, best->scale, energy.data(), error_of);
      if (!clipped.ok()) return clipped.why();
      if (clipped->error < best->error) best = std::move(clipped);
    }
    method_result<P> out;
    out.weight = std::move(best->weight);
    out.input_scale.assign(best->scale.data(), best->scale.data() + best->scale.size());
    return out;
  }

 private:
  template<QuantPolicy P>
  struct candidate {
    QTensor<P> weight;
    Eigen::RowVectorXf scale;
    double error = 0;
  };

  static Eigen::RowVectorXf mean_magnitude(matrix_view<const float> x) {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(x.cols);
    for (std::int64_t i = 0; i < x.rows; ++i)
      for (std::int64_t j = 0; j < x.cols; ++j) sum(j) += static_cast<double>(magnitude(x(i, j)));
    return (sum / static_cast<double>(x.rows)).cast<float>();
  }

  static Eigen::RowVectorXf scale_for(const Eigen::RowVectorXf& mean, float r) {
    if (mean.size() == 0) return mean;
    Eigen::RowVectorXf s = mean.array().pow(r).max(1e-4f);
    return s / (std::sqrt(s.maxCoeff()) * std::sqrt(s.minCoeff()));
  }

  // sum (x / s)^2 of each column, over the largest of them.
  static std::vector<float> column_energy(matrix_view<const float> x,
                                          const Eigen::RowVectorXf& scale) {
    std::vector<double> energy = input_energy(x);
    for (std::size_t j = 0; j < energy.size(); ++j) {
      const double s = static_cast<double>(scale(static_cast<Eigen::Index>(j)));
      energy[j] /= s * s;
    }
    return energy_shares(energy);
  }

  // W s as P, clips searched where weights of the columns' errors are given, and its output error.
  template<QuantPolicy P>
  result<candidate<P>> try_scale(const eigen_matrix& weight, const Eigen::RowVectorXf& scale,
                                 const float* column_weight, const output_metric& error_of) const {
    const eigen_matrix scaled = weight.array().rowwise() * scale.array();
    const matrix_view<const float> w = view_of(scaled);
    if (const status s = check_finite(w, "weight"); !s.ok()) return s;
    result<QTensor<P>> q =
        quantize_blocks<P>(w, executor, [&](const block_extent& b, float tensor_scale) {
          return column_weight != nullptr ? search_clip<P>(w, b, tensor_scale, clip, column_weight)
                                          : nearest_params<P>(w, b, tensor_scale);
        });
    if (!q.ok()) return q.why();
    const result<matrix<float>> reals = try_dequantize<P>(q->view());
    if (!reals.ok()) return reals.why();
    const eigen_matrix restored = to_eigen(reals->view()).array().rowwise() / scale.array();
    const double error = error_of.squared(weight - restored);
    return candidate<P>{*std::move(q), scale, error};
  }
};

static_assert(Method<awq>);

}  // namespace qtl::inline v0
