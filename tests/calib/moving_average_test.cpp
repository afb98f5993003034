// SPDX-License-Identifier: Apache-2.0
// tests/calib/moving_average_test.cpp - the recurrence by hand, and merging against one pass.
#include "qtl/calib/moving_average.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;

TEST_CASE("moving average: the first batch is taken, a later one moves both ends by a tenth") {
  moving_average_observer o;
  CHECK(o.observe(matrix_of({{-1, 2}})).ok());
  CHECK(o.range().min == -1.0f);
  CHECK(o.range().max == 2.0f);
  CHECK(o.observe(matrix_of({{-2, 12}})).ok());
  CHECK(o.range().min == -1.1f);
  CHECK(o.range().max == 3.0f);
  CHECK(o.observe(*matrix<float>::make(0, 2)).ok());  // no batch
  CHECK(o.batches() == 2);
  CHECK(o.observe(matrix_of({{-1.1f, 3}})).ok());
  CHECK(o.range().max == 3.0f);
}

TEST_CASE("moving average: merge is one pass over both, up to rounding") {
  // Each step and the merge round a few times at the size of the largest end, 2^-53 each; the
  // weights of a step sum to 1, so errors do not grow: (steps + 4) * 2^-52 * amax, then one f32.
  for (const double share : {0.1, 0.5, 0.01, 1.0})
    for (int split = 0; split <= 40; split += 5) {
      auto whole = *moving_average_observer::make(share);
      auto first = *moving_average_observer::make(share);
      auto later = *moving_average_observer::make(share);
      float amax = 0;
      for (int b = 0; b < 40; ++b) {
        const matrix<float> x = qtl_test::noise_matrix(2, 9, static_cast<std::uint64_t>(b));
        CHECK(whole.observe(x).ok());
        CHECK((b < split ? first : later).observe(x).ok());
        amax = std::fmax(amax, scan_range(as_view(x)).range().amax());
      }
      CHECK(first.merge(later).ok());
      CHECK(first.batches() == 40);
      const double bound = amax * (44 * 0x1p-52 + 0x1p-24);
      CHECK(std::fabs(first.range().min - whole.range().min) <= bound);
      CHECK(std::fabs(first.range().max - whole.range().max) <= bound);
    }
}

TEST_CASE("moving average: the order of shards matters, and is said by who merges whom") {
  moving_average_observer a;
  moving_average_observer b;
  CHECK(a.observe(matrix_of({{0, 1}})).ok());
  CHECK(b.observe(matrix_of({{0, 11}})).ok());
  moving_average_observer ab = a;
  CHECK(ab.merge(b).ok());
  CHECK(ab.range().max == 2.0f);
  CHECK(b.merge(a).ok());
  CHECK(b.range().max == 10.0f);
}

TEST_CASE("moving average: the share is checked, kept, and must agree to merge") {
  for (const double bad : {0.0, -0.1, 1.5, double{quiet_nan}})
    CHECK(moving_average_observer::make(bad).why().code == error_code::invalid_argument);
  auto slow = *moving_average_observer::make(0.01);
  CHECK(slow.merge(moving_average_observer{}).code == error_code::invalid_argument);
  CHECK(moving_average_observer::load(slow.save())->merge(slow).ok());
}

TEST_CASE("moving average: ends stay in order and finite where rounding would part them") {
  moving_average_observer o;
  for (int b = 0; b < 200; ++b) CHECK(o.observe(matrix_of({{b % 2 == 0 ? 0.1f : -0.3f}})).ok());
  moving_average_observer other = o;
  CHECK(other.merge(o).ok());
  CHECK(other.range().min == other.range().max);
  CHECK(moving_average_observer::load(other.save()).ok());
  moving_average_observer big;
  for (int b = 0; b < 50; ++b)
    CHECK(big.observe(matrix_of({{-largest_float, largest_float}})).ok());
  CHECK(big.range().max == largest_float);
  CHECK(moving_average_observer::load(big.save()).ok());
}

}  // namespace
