// SPDX-License-Identifier: Apache-2.0
// tests/methods/sample_layers.hpp - layers with inputs like those of networks, the exact output
// error of a result.
#pragma once

#include <cstdint>

#include "qtl/methods/input_change.hpp"

#include "ops/test_matrix.hpp"

namespace qtl_test {

/// A weight and inputs, owned; `samples()` is what methods take.
struct sample_layer {
  qtl::matrix<float> weight;
  qtl::matrix<float> inputs;

  qtl::layer_samples samples() const { return {weight.view(), inputs.view()}; }
};

/// Inputs whose neighbouring columns go together: x_j = 0.8 x_(j-1) + noise, every 50th column
/// twelve times as large.
inline sample_layer correlated_layer(std::int64_t n, std::int64_t k, std::int64_t count,
                                     std::uint64_t seed) {
  sample_layer layer{noise_matrix(n, k, seed), noise_matrix(count, k, seed + 1)};
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 1; j < k; ++j) layer.inputs(i, j) += 0.8f * layer.inputs(i, j - 1);
    for (std::int64_t j = 11; j < k; j += 50) layer.inputs(i, j) *= 12.0f;
  }
  return layer;
}

/// sum (x W^T - x' W^'^T - bias_delta)^2 in double.
template<class P>
double exact_output_error(const qtl::layer_samples& layer, const qtl::method_result<P>& r) {
  const Eigen::MatrixXd x = qtl::to_eigen(layer.inputs).cast<double>();
  const Eigen::MatrixXd changed = qtl::changed_inputs(r, layer.inputs).template cast<double>();
  const Eigen::MatrixXd w = qtl::to_eigen(layer.weight).cast<double>();
  const qtl::eigen_matrix reals = qtl::dequantize<P>(r.weight);
  const Eigen::MatrixXd q = reals.cast<double>();
  Eigen::MatrixXd error = x * w.transpose() - changed * q.transpose();
  for (std::size_t j = 0; j < r.bias_delta.size(); ++j)
    error.col(static_cast<Eigen::Index>(j)).array() -= static_cast<double>(r.bias_delta[j]);
  return error.squaredNorm();
}

/// What plain rounding gives.
template<class P>
double nearest_output_error(const qtl::layer_samples& layer) {
  qtl::method_result<P> r;
  r.weight = qtl::quantize<P>(layer.weight);
  return exact_output_error(layer, r);
}

/// Whether two tensors hold the same codes and parameters.
template<class P>
bool same_tensor(const qtl::QTensor<P>& a, const qtl::QTensor<P>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols() || a.tensor_scale() != b.tensor_scale())
    return false;
  for (std::int64_t i = 0; i < a.rows(); ++i)
    for (std::int64_t j = 0; j < a.cols(); ++j)
      if (a.code(i, j) != b.code(i, j) || a.view().params_at(i, j) != b.view().params_at(i, j))
        return false;
  return true;
}

}  // namespace qtl_test
