// SPDX-License-Identifier: Apache-2.0
// qtl/methods/output_error.hpp - how far a quantized layer's outputs are from the float layer's.
// Holds: output_error for any method_result. Not here: what searches inside methods compare (output_metric.hpp).
// Weights only: activations are reals here. Sums are in double, in an order that no executor
// changes.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "qtl/base/executor.hpp"
#include "qtl/methods/input_change.hpp"
#include "qtl/methods/method.hpp"
#include "qtl/methods/output_metric.hpp"

namespace qtl::inline v0 {

/// ok where everything in `result` that goes with inputs or outputs has the extents of its weight.
template<QuantPolicy P>
status check_result(const method_result<P>& result) {
  const std::int64_t k = result.weight.cols();
  const auto fits = [](std::size_t have, std::int64_t want) {
    return have == 0 || static_cast<std::int64_t>(have) == want;
  };
  const auto wrong = [](const char* what, std::int64_t want, std::size_t have) {
    return mismatch("result", what, -1, want, static_cast<std::int64_t>(have));
  };
  if (!fits(result.input_scale.size(), k))
    return wrong("size of input_scale", k, result.input_scale.size());
  if (!fits(result.input_order.size(), k))
    return wrong("size of input_order", k, result.input_order.size());
  if (!fits(result.bias_delta.size(), result.weight.rows()))
    return wrong("size of bias_delta", result.weight.rows(), result.bias_delta.size());
  if (result.rotation != 0)
    if (const status s = hadamard_rotation{result.rotation, result.rotation_seed}.check(k); !s.ok())
      return s;
  for (const std::int64_t j : result.input_order)
    if (j < 0 || j >= k) return mismatch("result", "column in input_order", -1, k, j);
  return {};
}

/// a / b of two errors' squares, rooted: 0 for 0 / 0, infinity where only b is 0.
inline double relative_root(double a, double b) {
  if (a == 0) return 0;
  return b == 0 ? std::numeric_limits<double>::infinity() : std::sqrt(a / b);
}

/// ||(X' W'^T + bias_delta) - X W^T|| / ||X W^T|| in the Frobenius norm, X' the inputs
/// as changed_inputs makes them.
/// 0 where both are 0. Errors: those of check_samples, shape_mismatch for the result.
template<QuantPolicy P>
result<double> output_error(const layer_samples& layer, const method_result<P>& quantized,
                            const executor_ref& executor = {}) {
  if (const status s = check_samples(layer, true); !s.ok()) return s;
  if (const status s = check_result(quantized); !s.ok()) return s;
  const std::int64_t n = layer.weight.rows;
  if (quantized.weight.rows() != n)
    return mismatch("result", "number of rows", 0, n, quantized.weight.rows());
  if (quantized.weight.cols() != layer.weight.cols)
    return mismatch("result", "number of columns", 1, layer.weight.cols, quantized.weight.cols());
  const qtl::result<matrix<float>> reals = try_dequantize<P>(quantized.weight.view());
  if (!reals.ok()) return reals.why();
  const eigen_matrix w = to_eigen(layer.weight);
  const eigen_matrix q = to_eigen(reals->view());
  const eigen_matrix x = to_eigen(layer.inputs);
  const eigen_matrix changed = changed_inputs(quantized, layer.inputs);
  double signal = 0;
  std::vector<double> signals(static_cast<std::size_t>(n), 0.0);
  const double error = sum_over_rows(n, executor, [&](std::int64_t first, std::int64_t count) {
    const eigen_matrix y = w.middleRows(first, count) * x.transpose();
    eigen_matrix d = q.middleRows(first, count) * changed.transpose();
    if (!quantized.bias_delta.empty())
      for (std::int64_t i = 0; i < count; ++i)
        d.row(i).array() += quantized.bias_delta[static_cast<std::size_t>(first + i)];
    for (std::int64_t i = 0; i < count; ++i)
      signals[static_cast<std::size_t>(first + i)] = y.row(i).cast<double>().squaredNorm();
    return (d.cast<double>() - y.cast<double>()).squaredNorm();
  });
  for (const double s : signals) signal += s;
  return relative_root(error, signal);
}

}  // namespace qtl::inline v0
