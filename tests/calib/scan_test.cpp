// SPDX-License-Identifier: Apache-2.0
// tests/calib/scan_test.cpp - a batch as observers read it: its range, or the element that is not
// finite.
#include "qtl/calib/scan.hpp"

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;

TEST_CASE("scan: the range of the batch alone, nothing of one without elements") {
  scanned_range seen;
  CHECK(scan_batch(matrix_of({{3, -7}}).view(), seen).ok());
  CHECK(scan_batch(matrix_of({{1, 2}, {-4, 0}}).view(), seen).ok());
  CHECK(seen.range().min == -4.0f);
  CHECK(seen.range().max == 2.0f);
  CHECK(scan_batch({nullptr, 0, 6}, seen).ok());
  CHECK(seen.empty());
}

TEST_CASE("scan: NaN and Inf are named by row and column") {
  for (const float bad : {quiet_nan, -quiet_nan, infinity, -infinity}) {
    matrix<float> x = qtl_test::noise_matrix(9, 70, 1);
    x(6, 65) = bad;
    x(7, 1) = bad;
    scanned_range seen;
    const status s = scan_batch(x.view(), seen);
    CHECK(s.code == error_code::not_finite);
    CHECK(s.expected == 6);
    CHECK(s.actual == 65);
  }
}

}  // namespace
