// SPDX-License-Identifier: Apache-2.0
// qtl/ops/compare.hpp - how far two matrices are apart.
// Holds: comparison, comparison_accumulator, compare, try_compare. Sums are in double; NaN wins, it never vanishes.
#pragma once

#include <cmath>
#include <cstdint>
#include <iosfwd>

#include "qtl/base/error.hpp"
#include "qtl/base/views.hpp"

namespace qtl::inline v0 {

/// The distance of b from a reference a.
struct comparison {
  std::int64_t count = 0;
  double mse = 0;  ///< mean of (a - b)^2; 0 for no elements
  double sqnr_db =
      0;  ///< 10 log10(sum a^2 / sum (a - b)^2); +inf when exact, -inf for error on a zero signal
  double cosine = 1;            ///< sum ab / (|a| |b|); 1 when both are zero, 0 when one is
  double max_abs = 0;           ///< largest |a - b|
  double max_relative = 0;      ///< largest |a - b| / max(|a|, floor)
  double mean_error = 0;        ///< mean of b - a
  std::int64_t worst_row = -1;  ///< where max_abs is; -1 for no elements
  std::int64_t worst_col = -1;
};

/// Sums of a comparison in progress; those of shards merge into that of the whole.
class comparison_accumulator {
 public:
  /// `relative_floor` keeps max_relative meaningful near zero.
  explicit comparison_accumulator(double relative_floor = 1e-6) : floor_(relative_floor) {}

  /// Adds one element at (row, col).
  void add(float a, float b, std::int64_t row, std::int64_t col) {
    const double x = a;
    const double y = b;
    // Equal infinities differ by nothing; their difference would be NaN.
    const double error = x == y ? 0.0 : y - x;
    ++count_;
    signal_ += x * x;
    other_ += y * y;
    product_ += x * y;
    squares_ += error * error;
    sum_ += error;
    const double size = std::fabs(error);
    raise(max_relative_, size / std::fmax(std::fabs(x), floor_));
    if (raise(max_abs_, size) || worst_row_ < 0) {
      worst_row_ = row;
      worst_col_ = col;
    }
  }

  /// Adds what another accumulator has seen.
  void merge(const comparison_accumulator& o) {
    count_ += o.count_;
    signal_ += o.signal_;
    other_ += o.other_;
    product_ += o.product_;
    squares_ += o.squares_;
    sum_ += o.sum_;
    raise(max_relative_, o.max_relative_);
    if (raise(max_abs_, o.max_abs_) || worst_row_ < 0) {
      worst_row_ = o.worst_row_;
      worst_col_ = o.worst_col_;
    }
  }

  comparison result() const {
    comparison c;
    c.count = count_;
    c.max_abs = max_abs_;
    c.max_relative = max_relative_;
    c.worst_row = worst_row_;
    c.worst_col = worst_col_;
    if (count_ != 0) {
      c.mse = squares_ / static_cast<double>(count_);
      c.mean_error = sum_ / static_cast<double>(count_);
    }
    c.sqnr_db = squares_ == 0 ? HUGE_VAL : 10.0 * std::log10(signal_ / squares_);
    if (signal_ == 0 || other_ == 0)
      c.cosine = signal_ == 0 && other_ == 0 ? 1.0 : 0.0;
    else
      c.cosine = product_ / (std::sqrt(signal_) * std::sqrt(other_));
    return c;
  }

 private:
  // Keeps the larger; NaN counts as largest of all. Returns whether it rose.
  static bool raise(double& most, double value) {
    if (std::isnan(most) || !(value > most || std::isnan(value))) return false;
    most = value;
    return true;
  }

  double floor_;
  std::int64_t count_ = 0;
  double signal_ = 0, other_ = 0, product_ = 0, squares_ = 0, sum_ = 0;
  double max_abs_ = 0, max_relative_ = 0;
  std::int64_t worst_row_ = -1, worst_col_ = -1;
};

/// Compares b with the reference a, both rows x cols. Error: shape_mismatch.
template<MatrixSource A, MatrixSource B>
result<comparison> try_compare(const A& a, const B& b, double relative_floor = 1e-6) {
  const matrix_view<const float> x = as_view(a);
  const matrix_view<const float> y = as_view(b);
  if (y.rows != x.rows) return mismatch("b", "number of rows", 0, x.rows, y.rows);
  if (y.cols != x.cols) return mismatch("b", "number of columns", 1, x.cols, y.cols);
  comparison_accumulator sums(relative_floor);
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t j = 0; j < x.cols; ++j) sums.add(x(i, j), y(i, j), i, j);
  return sums.result();
}

/// As try_compare, but throws qtl::error.
template<MatrixSource A, MatrixSource B>
comparison compare(const A& a, const B& b, double relative_floor = 1e-6) {
  return value_or_throw(try_compare(a, b, relative_floor));
}

/// "MSE 1.2e-05, SQNR 41.3 dB, cosine 0.99996, max abs 0.01 at (3, 5), max relative 0.5".
template<class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                             const comparison& c) {
  return out << "MSE " << c.mse << ", SQNR " << c.sqnr_db << " dB, cosine " << c.cosine
             << ", max abs " << c.max_abs << " at (" << c.worst_row << ", " << c.worst_col
             << "), max relative " << c.max_relative;
}

}  // namespace qtl::inline v0
