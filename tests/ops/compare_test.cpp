// SPDX-License-Identifier: Apache-2.0
// tests/ops/compare_test.cpp - metrics on a handful of numbers, and at their edges.
#include "qtl/ops/compare.hpp"

#include <cmath>
#include <sstream>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;

TEST_CASE("by hand") {
  const comparison c = compare(matrix_of({{1, 2}, {3, 4}}), matrix_of({{1, 1}, {3, 6}}));
  CHECK(c.count == 4);
  CHECK(c.mse == 1.25);
  CHECK(c.sqnr_db == doctest::Approx(10 * std::log10(30.0 / 5.0)));
  CHECK(c.cosine == doctest::Approx(36.0 / std::sqrt(30.0 * 47.0)));
  CHECK(c.max_abs == 2.0);
  CHECK(c.max_relative == 0.5);
  CHECK(c.mean_error == 0.25);
  CHECK(c.worst_row == 1);
  CHECK(c.worst_col == 1);
}

TEST_CASE("no elements") {
  const comparison c = compare(matrix_of({}), matrix_of({}));
  CHECK(c.count == 0);
  CHECK(c.mse == 0.0);
  CHECK(c.sqnr_db == HUGE_VAL);
  CHECK(c.cosine == 1.0);
  CHECK(c.worst_row == -1);
  CHECK(c.worst_col == -1);
}

TEST_CASE("exact") {
  const matrix<float> x = matrix_of({{1, -2}, {infinity, 0}});
  const comparison c = compare(x, x);
  CHECK(c.mse == 0.0);
  CHECK(c.sqnr_db == HUGE_VAL);
  CHECK(c.max_abs == 0.0);
  CHECK(c.worst_row == 0);
  CHECK(c.worst_col == 0);
}

TEST_CASE("a signal of zeros") {
  const comparison zeros = compare(matrix_of({{0, 0}}), matrix_of({{0, -0.0f}}));
  CHECK(zeros.cosine == 1.0);
  CHECK(zeros.sqnr_db == HUGE_VAL);
  const comparison lost = compare(matrix_of({{0, 0}}), matrix_of({{0, 1}}));
  CHECK(lost.sqnr_db == -HUGE_VAL);
  CHECK(lost.cosine == 0.0);
  CHECK(lost.max_relative == 1e6);  // over the floor of 1e-6
  CHECK(compare(matrix_of({{0, 0}}), matrix_of({{0, 1}}), 0.5).max_relative == 2.0);
  CHECK(compare(matrix_of({{1, 2}}), matrix_of({{0, 0}})).cosine == 0.0);
}

TEST_CASE("NaN wins: no metric stays a plausible number") {
  for (const int where : {0, 1, 2}) {
    matrix<float> b = matrix_of({{1, 5, 3}});
    b(0, where) = quiet_nan;
    const comparison c = compare(matrix_of({{1, 2, 3}}), b);
    CHECK(std::isnan(c.mse));
    CHECK(std::isnan(c.sqnr_db));
    CHECK(std::isnan(c.cosine));
    CHECK(std::isnan(c.max_abs));
    CHECK(std::isnan(c.max_relative));
    CHECK(std::isnan(c.mean_error));
    CHECK(c.worst_col == where);
  }
  const comparison both = compare(matrix_of({{quiet_nan}}), matrix_of({{quiet_nan}}));
  CHECK(std::isnan(both.mse));
}

TEST_CASE("an infinity that is lost is an infinite error") {
  const comparison c = compare(matrix_of({{1, infinity}}), matrix_of({{1, 2}}));
  CHECK(c.max_abs == HUGE_VAL);
  CHECK(c.worst_col == 1);
  CHECK(compare(matrix_of({{infinity}}), matrix_of({{-infinity}})).max_abs == HUGE_VAL);
}

TEST_CASE("shards merge into the whole, whichever way they are cut") {
  // Small integers: all sums are exact, so that equality can be asked for.
  const matrix<float> a = qtl_test::matrix_from(
      6, 7, [](std::int64_t i, std::int64_t j) { return static_cast<float>(i * j % 5); });
  const matrix<float> b = qtl_test::matrix_from(
      6, 7, [](std::int64_t i, std::int64_t j) { return static_cast<float>((i + j) % 4); });
  const comparison whole = compare(a, b);
  for (std::int64_t cut = 0; cut <= 6; ++cut) {
    comparison_accumulator first;
    comparison_accumulator second;
    for (std::int64_t i = 0; i < 6; ++i)
      for (std::int64_t j = 0; j < 7; ++j) (i < cut ? first : second).add(a(i, j), b(i, j), i, j);
    first.merge(second);
    const comparison c = first.result();
    CHECK(c.count == whole.count);
    CHECK(c.mse == whole.mse);
    CHECK(c.sqnr_db == whole.sqnr_db);
    CHECK(c.cosine == whole.cosine);
    CHECK(c.max_abs == whole.max_abs);
    CHECK(c.max_relative == whole.max_relative);
    CHECK(c.mean_error == whole.mean_error);
    CHECK(c.worst_row == whole.worst_row);
    CHECK(c.worst_col == whole.worst_col);
  }
}

TEST_CASE("the worst element is the first of equals; NaN before all") {
  CHECK(compare(matrix_of({{0, 0}, {0, 0}}), matrix_of({{1, 3}, {3, 2}})).worst_col == 1);
  CHECK(compare(matrix_of({{0, 0}, {0, 0}}), matrix_of({{1, 3}, {3, 2}})).worst_row == 0);
  const comparison c = compare(matrix_of({{0, 0, 0}}), matrix_of({{9, quiet_nan, quiet_nan}}));
  CHECK(c.worst_col == 1);
}

TEST_CASE("extents must agree") {
  const status rows = try_compare(*matrix<float>::make(2, 3), *matrix<float>::make(3, 3)).why();
  CHECK(rows.code == error_code::shape_mismatch);
  CHECK(rows.dimension == 0);
  CHECK(rows.message == "b: number of rows is 3, expected 2");
  const status cols = try_compare(*matrix<float>::make(2, 3), *matrix<float>::make(2, 4)).why();
  CHECK(cols.dimension == 1);
  CHECK_THROWS_AS(compare(*matrix<float>::make(2, 3), *matrix<float>::make(3, 2)), error);
}

TEST_CASE("printed") {
  std::ostringstream out;
  out << compare(matrix_of({{1, 2}, {3, 4}}), matrix_of({{1, 1}, {3, 6}}));
  CHECK(out.str() ==
        "MSE 1.25, SQNR 7.78151 dB, cosine 0.958723, max abs 2 at (1, 1), max relative 0.5");
}

}  // namespace
