// SPDX-License-Identifier: Apache-2.0
// tests/calib/sawb_test.cpp - the clip by hand, on Gaussian data, and merging within its stated
// rounding.
#include "qtl/calib/sawb.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_from;
using qtl_test::matrix_of;

constexpr double pi = 3.14159265358979323846;

float gaussian(std::int64_t index) {
  const auto unit = [&](std::uint64_t part) {
    const std::uint32_t bits = counter_random(11, static_cast<std::uint64_t>(index) * 2 + part);
    return (static_cast<double>(bits) + 0.5) * 0x1p-32;
  };
  return static_cast<float>(std::sqrt(-2 * std::log(unit(0))) * std::cos(2 * pi * unit(1)));
}

TEST_CASE("SAWB: the worked vector of the numerics page") {
  sawb_observer o;  // 4 bits, zero-aligned
  CHECK(o.observe(matrix_of({{-2, -1.3f, -.55f, -.2f, 0, .3f, .75f, 1.1f, 1.9f, 2.6f}})).ok());
  CHECK(o.range().max == doctest::Approx(3.392968).epsilon(1e-6));
  CHECK(o.range().min == -o.range().max);
}

TEST_CASE("SAWB: Gaussian data has clip sigma (c1 + c2 sqrt(2 / pi))") {
  const double sigma = 0.25;
  const matrix<float> x = matrix_from(400, 500, [&](std::int64_t i, std::int64_t j) {
    return static_cast<float>(sigma) * gaussian(i * 500 + j);
  });
  struct by_hand {
    int bits;
    bool zero_aligned;
    double clip;  // in sigmas
  };
  // sqrt(2 / pi) = 0.7978846
  for (const by_hand row : {by_hand{2, false, 1.473},
                            {3, false, 2.010},
                            {4, false, 2.467},
                            {5, false, 2.867},
                            {8, false, 3.802},
                            {4, true, 2.436},
                            {7, true, 3.657}}) {
    CAPTURE(row.bits);
    sawb_observer o = *sawb_observer::make(row.bits, row.zero_aligned);
    CHECK(o.observe(x).ok());
    CHECK(o.range().max == doctest::Approx(sigma * row.clip).epsilon(0.03));
  }
}

TEST_CASE("SAWB: a row of the table or none") {
  for (const sawb_coefficients& c : sawb_table) {
    const auto o = sawb_observer::make(c.bits, c.zero_aligned);
    REQUIRE(o.ok());
    CHECK(sawb_observer::load(o->save())->bits() == c.bits);
    CHECK(sawb_observer::load(o->save())->zero_aligned() == c.zero_aligned);
  }
  CHECK(sawb_observer::make(6, false).why().code == error_code::unsupported);
  CHECK(sawb_observer::make(7, false).why().code == error_code::unsupported);
  CHECK(sawb_observer::make(8, true).why().code == error_code::unsupported);
  sawb_observer a;
  CHECK(a.merge(*sawb_observer::make(4, false)).code == error_code::invalid_argument);
}

TEST_CASE("SAWB: magnitudes all alike are no bell, and are kept") {
  for (const sawb_coefficients& c : sawb_table) {
    sawb_observer o = *sawb_observer::make(c.bits, c.zero_aligned);
    CHECK(o.observe(matrix_of({{3, -3, 3, -3}})).ok());
    CHECK(o.range().max >= 3.0f);
  }
  sawb_observer zeros;
  CHECK(zeros.observe(matrix_of({{0, 0}})).ok());
  CHECK(zeros.range().max == 0.0f);
}

TEST_CASE("SAWB: shards merge within n 2^-53 of the sums") {
  const std::int64_t n = 300 * 77;
  const matrix<float> x = qtl_test::noise_matrix(300, 77, 9);
  sawb_observer whole;
  CHECK(whole.observe(x).ok());
  sawb_observer merged;
  for (std::int64_t row = 0; row < 300; row += 7) {
    sawb_observer shard;
    CHECK(shard.observe(x.view().row_range(row, row + 7 < 300 ? 7 : 300 - row)).ok());
    CHECK(merged.merge(shard).ok());
  }
  const double relative = 2 * static_cast<double>(n) * 0x1p-53;
  CHECK(std::fabs(merged.mean_square() - whole.mean_square()) <= relative * whole.mean_square());
  CHECK(std::fabs(merged.mean_magnitude() - whole.mean_magnitude()) <=
        relative * whole.mean_magnitude());
  double squares = 0;
  for (std::int64_t i = 0; i < 300; ++i)
    for (std::int64_t j = 0; j < 77; ++j) squares += double{x(i, j)} * double{x(i, j)};
  CHECK(whole.mean_square() == doctest::Approx(squares / static_cast<double>(n)).epsilon(1e-12));
}

}  // namespace
