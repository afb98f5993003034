// SPDX-License-Identifier: Apache-2.0
// tests/ops/range_test.cpp - the scan over lanes against a plain loop, for every length, stride and
// place of a NaN.
#include "qtl/ops/range.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;

void check_scan(matrix_view<const float> x) {
  bool finite = true;
  value_range range{INFINITY, -INFINITY};
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t j = 0; j < x.cols; ++j) {
      finite = finite && std::isfinite(x(i, j));
      range.min = std::fmin(range.min, x(i, j));
      range.max = std::fmax(range.max, x(i, j));
    }
  const scanned_range seen = scan_range(x);
  CHECK(seen.all_finite() == finite);
  CHECK(seen.empty() == (x.rows * x.cols == 0));
  if (!finite || seen.empty()) return;
  CHECK(seen.range().min == range.min);
  CHECK(seen.range().max == range.max);
}

TEST_CASE("range: every length around the lanes, and the extremes at either end") {
  const std::vector<float> noise = qtl_test::noise_vector(1100, 3);
  for (std::int64_t n = 0; n <= 1100; n = n < 600 ? n + 1 : n + 37) {
    check_scan({noise.data(), 1, n});
    check_scan({noise.data(), n, 1});
    check_scan({noise.data(), 1, n, 0, 1});
    check_scan({noise.data(), n / 2, 2, 1, n / 2});
  }
  for (const std::int64_t at : {0, 1, 31, 127, 128, 255, 256, 299})
    for (const float extreme : {99.0f, -99.0f, quiet_nan, infinity, -infinity, -quiet_nan}) {
      std::vector<float> x = qtl_test::noise_vector(300, 1);
      x[static_cast<std::size_t>(at)] = extreme;
      check_scan({x.data(), 1, 300});
      check_scan({x.data(), 3, 100});
      check_scan({x.data(), 100, 3, 1, 100});
    }
}

TEST_CASE("range: all of one sign, the largest floats, subnormals") {
  for (const float v :
       {5.0f, -5.0f, largest_float, -largest_float, smallest_float, -smallest_float}) {
    const std::vector<float> x(400, v);
    check_scan({x.data(), 1, 400});
    check_scan({x.data(), 1, 40});
  }
}

TEST_CASE("range: a zero has no sign, wherever it stands") {
  std::vector<float> x(600, 0.0f);
  for (const std::int64_t n : {2, 100, 600}) {
    x[0] = -0.0f;
    x[static_cast<std::size_t>(n - 1)] = -0.0f;
    const scanned_range seen = scan_range({x.data(), 1, n});
    CHECK(float_bits(seen.range().min) == 0u);
    CHECK(float_bits(seen.range().max) == 0u);
  }
}

TEST_CASE("range: runs cover the matrix once, dense ones in one run") {
  std::vector<float> x(24, 0.0f);
  const auto runs = [&](matrix_view<const float> m) {
    std::int64_t count = 0;
    std::int64_t elements = 0;
    for_each_run(m, [&](const float*, std::int64_t n, std::int64_t) {
      ++count;
      elements += n;
    });
    CHECK(elements == m.size());
    return count;
  };
  CHECK(runs({x.data(), 4, 6}) == 1);
  CHECK(runs({x.data(), 4, 6, 1, 4}) == 1);
  CHECK(runs({x.data(), 4, 5, 6, 1}) == 4);
  CHECK(runs({x.data(), 3, 2, 8, 2}) == 3);
  CHECK(runs({x.data(), 4, 1, 6, 1}) == 1);
  CHECK(runs({x.data(), 1, 4, 1, 6}) == 1);
  CHECK(runs({x.data(), 0, 6}) == 0);
  CHECK(runs({x.data(), 6, 0}) == 0);
}

TEST_CASE("range: scans merge in any order; one that is not finite stays so") {
  const std::vector<float> x = qtl_test::noise_vector(100, 4);
  const scanned_range whole = scan_range({x.data(), 1, 100});
  const scanned_range first = scan_range({x.data(), 1, 37});
  const scanned_range second = scan_range({x.data() + 37, 1, 63});
  for (const auto& [a, b] : {std::pair{first, second}, std::pair{second, first}}) {
    scanned_range both;
    both.merge(a);
    both.merge(scanned_range());
    both.merge(b);
    CHECK(both.range().min == whole.range().min);
    CHECK(both.range().max == whole.range().max);
    both.merge(scan_range({&quiet_nan, 1, 1}));
    both.merge(a);
    both.add(x.data(), 100, 1);
    CHECK_FALSE(both.all_finite());
    CHECK_FALSE(both.empty());
  }
}

}  // namespace
