// SPDX-License-Identifier: Apache-2.0
// qtl/methods/output_metric.hpp - the output error of a change of weights, its gradient, and its exact value.
// Holds: exact_row_errors, output_metric, is_clearly_less, sum_over_rows. For errors D of some rows of a weight:
// ||X D^T||^2, of all rows or per row, and D X^T X. It keeps
// X or X^T X, whichever is cheaper to multiply with, so that more samples than columns cost no
// memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <Eigen/Core>

#include "qtl/base/executor.hpp"
#include "qtl/methods/gram.hpp"
#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// sum f(first, count) over fixed chunks of n rows, each on some thread, added in order.
template<class F>
double sum_over_rows(std::int64_t n, const executor_ref& executor, F&& f) {
  constexpr std::int64_t chunk = 64;
  std::vector<double> sums(static_cast<std::size_t>(ceil_div(n, chunk)), 0.0);
  executor.parallel_for(ceil_div(n, chunk), [&](std::int64_t c) {
    sums[static_cast<std::size_t>(c)] = f(c * chunk, std::min(chunk, n - c * chunk));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// ||X d||^2 of every row d, from the inputs X themselves and in double: what decides in the end.
inline Eigen::VectorXd exact_row_errors(matrix_view<const float> inputs, const eigen_matrix& d) {
  constexpr std::int64_t slab = 128;
  const Eigen::MatrixXd transposed = d.cast<double>().transpose();
  Eigen::VectorXd errors = Eigen::VectorXd::Zero(d.rows());
  for (std::int64_t first = 0; first < inputs.rows; first += slab) {
    const std::int64_t rest = inputs.rows - first;
    const eigen_matrix x = to_eigen(inputs.row_range(first, rest < slab ? rest : slab));
    const Eigen::MatrixXd outputs = x.cast<double>() * transposed;
    errors += outputs.colwise().squaredNorm().transpose();
  }
  return errors;
}

/// The quadratic form X^T X of a layer's inputs, in units of their mean energy. Does not own the
/// inputs.
class output_metric {
 public:
  /// Precondition: the inputs are finite.
  explicit output_metric(matrix_view<const float> inputs, const executor_ref& executor = {})
      : inputs_(inputs), executor_(executor) {
    const double unit = mean_energy(input_energy(inputs));
    by_gram_ = 2 * inputs.rows > inputs.cols;
    if (by_gram_) {
      Eigen::MatrixXd gram = input_gram(inputs, nullptr, unit, executor);
      gram.triangularView<Eigen::StrictlyLower>() = gram.transpose();
      basis_ = gram.cast<float>();
    } else {
      basis_ = to_eigen(inputs);
      if (unit > 0) basis_ = (basis_.cast<double>() / std::sqrt(unit)).cast<float>();
    }
  }

  /// ||X D^T||^2 for a D of as many columns as X: what searches compare. The executor splits its
  /// rows; the other functions run where they are called.
  double squared(const eigen_matrix& d) const {
    return sum_over_rows(d.rows(), executor_, [&](std::int64_t first, std::int64_t count) {
      const eigen_matrix rows = d.middleRows(first, count);
      const eigen_matrix product = rows * basis_.transpose();
      return by_gram_ ? row_errors(rows, product).sum() : product.cast<double>().squaredNorm();
    });
  }

  /// D X^T X: half the gradient of the rows' squared errors by D.
  eigen_matrix times(const eigen_matrix& d) const {
    if (by_gram_) return d * basis_;
    const eigen_matrix outputs = d * basis_.transpose();
    return outputs * basis_;
  }

  /// ||X d||^2 of every row d, from `product` = times(d).
  static Eigen::VectorXd row_errors(const eigen_matrix& d, const eigen_matrix& product) {
    return d.cast<double>().cwiseProduct(product.cast<double>()).rowwise().sum();
  }

  /// ||X d||^2 of every row as exact_row_errors has it, in the inputs' own unit.
  Eigen::VectorXd exact_row_errors(const eigen_matrix& d) const {
    return qtl::exact_row_errors(inputs_, d);
  }

 private:
  matrix_view<const float> inputs_;
  executor_ref executor_;
  bool by_gram_ = false;
  eigen_matrix basis_;  // X^T X or X
};

/// Whether error a is below b by more than the arithmetic of errors can blur.
inline bool is_clearly_less(double a, double b) { return a < b * (1.0 - 1e-6); }

}  // namespace qtl::inline v0
