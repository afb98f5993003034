// SPDX-License-Identifier: Apache-2.0
// qtl/methods/channel_scaling.hpp - a positive or negative number per input channel, moved from activations to weights.
// Holds: column_amax, smoothing_scales, outlier_suppression_scales, spiq_scales, scaled_columns, fold_into_norm,
// fold_into_linear. y = (x / s)(W s)^T; the division is folded into whatever makes x.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// max |x| of every column.
inline std::vector<float> column_amax(matrix_view<const float> x) {
  std::vector<float> amax(static_cast<std::size_t>(x.cols), 0.0f);
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t j = 0; j < x.cols; ++j) {
      float& most = amax[static_cast<std::size_t>(j)];
      most = std::fmax(most, magnitude(x(i, j)));
    }
  return amax;
}

/// A scale that can be multiplied with and divided by: s, or 1 where s or 1 / s is zero or not
/// finite.
inline float usable_scale(float s) {
  return is_finite(s) && s != 0.0f && is_finite(1.0f / s) && 1.0f / s != 0.0f ? s : 1.0f;
}

/// SmoothQuant (Xiao et al. 2022): s_j = max(least, amax_x_j^alpha / amax_w_j^(1 - alpha)). A
/// channel that is zero on either side keeps s = 1: there is nothing to balance.
inline std::vector<float> smoothing_scales(std::span<const float> amax_x,
                                           std::span<const float> amax_w, float alpha,
                                           float least = 1e-5f) {
  std::vector<float> s(amax_x.size(), 1.0f);
  for (std::size_t j = 0; j < s.size(); ++j) {
    if (amax_x[j] == 0.0f || amax_w[j] == 0.0f) continue;
    const double ratio = std::pow(static_cast<double>(amax_x[j]), static_cast<double>(alpha)) /
                         std::pow(static_cast<double>(amax_w[j]), 1.0 - static_cast<double>(alpha));
    s[j] = usable_scale(std::fmax(static_cast<float>(ratio), least));
  }
  return s;
}

/// Outlier Suppression (Wei et al. 2022): s_j = gamma_j of the norm in front, which is thereby left
/// without a gamma. Where gamma_j is zero or not finite, 1.
inline std::vector<float> outlier_suppression_scales(std::span<const float> gamma) {
  std::vector<float> s(gamma.begin(), gamma.end());
  for (float& x : s) x = usable_scale(x);
  return s;
}

/// SPIQ (Yvinec et al. 2022): s_j = the scale that A gives to channel j alone, so that one unit
/// scale serves all channels. Error: not_finite naming row and column, invalid_argument for no
/// samples.
template<QuantPolicy A>
result<std::vector<float>> spiq_scales(matrix_view<const float> inputs) {
  using alone = policy<typename A::format, typename A::scheme>;
  if (inputs.rows == 0)
    return failure(error_code::invalid_argument, "inputs",
                   "there are no samples, expected at least one row");
  if (const status s = check_finite(inputs, "inputs"); !s.ok()) return s;
  std::vector<float> s(static_cast<std::size_t>(inputs.cols));
  for (std::int64_t j = 0; j < inputs.cols; ++j) {
    const matrix_view<const float> column(inputs.data + j * inputs.col_stride, inputs.rows, 1,
                                          inputs.row_stride, 1);
    s[static_cast<std::size_t>(j)] =
        usable_scale(magnitude(choose_qparams<alone>(scan_range(column).range()).scale));
  }
  return s;
}

/// ok where there are `count` scales that can be divided by; else shape_mismatch or
/// invalid_argument.
inline status check_scales(std::span<const float> scales, std::int64_t count, const char* operand) {
  if (static_cast<std::int64_t>(scales.size()) != count)
    return mismatch(operand, "number of values", 0, count,
                    static_cast<std::int64_t>(scales.size()));
  for (std::size_t j = 0; j < scales.size(); ++j)
    if (usable_scale(scales[j]) != scales[j])
      return mismatch(operand, "position of a scale that is zero or not finite", 0, -1,
                      static_cast<std::int64_t>(j), error_code::invalid_argument);
  return {};
}

/// What to do with a channel's scale.
enum class scaling : std::uint8_t { multiply, divide };

/// m with column j multiplied or divided by s[j]: weights and inputs of a scaled layer.
inline eigen_matrix scaled_columns(matrix_view<const float> m, std::span<const float> s,
                                   scaling how) {
  eigen_matrix out = to_eigen(m);
  for (Eigen::Index j = 0; j < out.cols(); ++j) {
    const float scale = s[static_cast<std::size_t>(j)];
    if (how == scaling::multiply)
      out.col(j) *= scale;
    else
      out.col(j) /= scale;
  }
  return out;
}

/// Method M on the layer with scales s moved into the weight: for Outlier Suppression, SPIQ, or
/// scales of one's own. Scales that M finds besides are multiplied in. Errors: those of M and of
/// check_scales.
template<QuantPolicy P, Method M>
result<method_result<P>> apply_scaled(const M& method, const layer_samples& layer,
                                      std::span<const float> s) {
  if (const status bad = check_scales(s, layer.weight.cols, "s"); !bad.ok()) return bad;
  const eigen_matrix weight = scaled_columns(layer.weight, s, scaling::multiply);
  eigen_matrix inputs;
  if (layer.inputs.cols == layer.weight.cols)
    inputs = scaled_columns(layer.inputs, s, scaling::divide);
  auto out = method.template apply<P>({view_of(weight), view_of(inputs)});
  if (!out.ok()) return out;
  if (out->rotation != 0)
    return failure(error_code::invalid_argument, "method",
                   "it rotates its inputs, and x is rotated before it is scaled");
  if (out->input_scale.empty()) out->input_scale.assign(s.size(), 1.0f);
  for (std::size_t j = 0; j < s.size(); ++j) out->input_scale[j] *= s[j];
  return out;
}

/// Divides a norm's gamma and beta by s: its output becomes x / s. `beta` may be empty (RMSNorm).
/// Errors, with nothing written: shape_mismatch, invalid_argument.
inline status fold_into_norm(std::span<const float> s, std::span<float> gamma,
                             std::span<float> beta) {
  if (const status bad = check_scales(s, static_cast<std::int64_t>(gamma.size()), "s"); !bad.ok())
    return bad;
  if (!beta.empty() && beta.size() != gamma.size())
    return mismatch("beta", "number of values", 0, static_cast<std::int64_t>(gamma.size()),
                    static_cast<std::int64_t>(beta.size()));
  for (std::size_t j = 0; j < gamma.size(); ++j) gamma[j] /= s[j];
  for (std::size_t j = 0; j < beta.size(); ++j) beta[j] /= s[j];
  return {};
}

/// Divides the rows of the linear layer in front, whose output is x, and its bias by s. `bias` may
/// be empty. Only right where nothing but maps that let a scale through, as ReLU does for positive
/// ones, lies in between. Errors, with nothing written: shape_mismatch, invalid_argument.
inline status fold_into_linear(std::span<const float> s, matrix_view<float> weight,
                               std::span<float> bias) {
  if (const status bad = check_scales(s, weight.rows, "s"); !bad.ok()) return bad;
  if (!bias.empty() && static_cast<std::int64_t>(bias.size()) != weight.rows)
    return mismatch("bias", "number of values", 0, weight.rows,
                    static_cast<std::int64_t>(bias.size()));
  for (std::int64_t i = 0; i < weight.rows; ++i)
    for (std::int64_t j = 0; j < weight.cols; ++j) weight(i, j) /= s[static_cast<std::size_t>(i)];
  for (std::size_t j = 0; j < bias.size(); ++j) bias[j] /= s[j];
  return {};
}

}  // namespace qtl::inline v0
