// SPDX-License-Identifier: Apache-2.0
// bench/cpu/verification.hpp - is a result right? Asked of everybody before anything is timed.
// Holds: find_wrong_output, find_wrong_product. 64 outputs are looked at, drawn at random.
#pragma once

#include <cmath>
#include <string>

#include "../inputs.hpp"
#include "problem.hpp"

namespace qtl_bench {

/// An expected output and how far a result may be from it.
struct expectation {
  double value;
  double tolerance;
};

/// Compares y, numbers or codes, with expected(i, j) at 64 places; says what is wrong with the
/// first that differs.
template<class T, class Expected>
std::string find_wrong_output(const qtl::matrix_view<const T>& y, Expected&& expected) {
  for (int draw = 0; draw < 64; ++draw) {
    const std::int64_t i = random_index(1, draw, y.rows);
    const std::int64_t j = random_index(2, draw, y.cols);
    const expectation e = expected(i, j);
    if (!(std::fabs(static_cast<double>(y(i, j)) - e.value) <= e.tolerance))
      return "wrong result: y(" + std::to_string(i) + ", " + std::to_string(j) + ") is " +
             std::to_string(y(i, j)) + ", expected " + std::to_string(e.value) + " +- " +
             std::to_string(e.tolerance);
  }
  return {};
}

/// For products in f32, summed in any order: (k + 2) 2^-23 sum |x||w| around the sum in double.
inline std::string find_wrong_product(const problem& p, const qtl::matrix<float>& y) {
  return find_wrong_output(y.view(), [&](std::int64_t i, std::int64_t j) {
    double sum = 0;
    double magnitude = 0;
    for (std::int64_t c = 0; c < p.x.cols(); ++c) {
      const double term = static_cast<double>(p.x(i, c)) * static_cast<double>(p.w(j, c));
      sum += term;
      magnitude += std::fabs(term);
    }
    return expectation{sum, static_cast<double>(p.x.cols() + 2) * std::ldexp(magnitude, -23)};
  });
}

}  // namespace qtl_bench
