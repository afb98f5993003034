// SPDX-License-Identifier: Apache-2.0
// tests/calib/mse_test.cpp - the clip of least error: known by hand, and against all candidates on
// the raw data.
#include "qtl/calib/mse.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_from;
using qtl_test::noise_matrix;

// `repeats` times all integers first..last, and two outliers.
matrix<float> integers(int first, int last, std::int64_t repeats, float low, float high) {
  const std::int64_t cols = last - first + 1;
  matrix<float> m = matrix_from(repeats + 1, cols, [&](std::int64_t i, std::int64_t j) {
    return static_cast<float>(i < repeats ? first + j : first);
  });
  m(repeats, 0) = low;
  m(repeats, 1) = high;
  return m;
}

template<QuantPolicy P>
double raw_error(const matrix<float>& x, value_range range, double norm) {
  const qparams<P> p = choose_qparams<P>(range);
  double sum = 0;
  for (std::int64_t i = 0; i < x.rows(); ++i)
    for (std::int64_t j = 0; j < x.cols(); ++j)
      sum += std::pow(
          std::fabs(double{x(i, j)} - double{decode_element<P>(encode_element<P>(x(i, j), p), p)}),
          norm);
  return std::pow(sum / static_cast<double>(x.rows() * x.cols()), 1 / norm);
}

// The least error over all candidates, on the elements themselves.
template<QuantPolicy P>
double least_raw_error(const matrix<float>& x, double norm, bool both_ends) {
  const value_range seen = scan_range(x.view()).range();
  double least = HUGE_VAL;
  for (int i = 1; i <= 100; ++i)
    for (int j = both_ends ? 1 : i; j <= (both_ends ? 100 : i); ++j) {
      const value_range range{seen.min * (static_cast<float>(i) / 100),
                              seen.max * (static_cast<float>(j) / 100)};
      least = std::fmin(least, raw_error<P>(x, range, norm));
    }
  return least;
}

TEST_CASE("MSE: the integers that s4 holds, and one outlier: clipped at 7") {
  mse_observer<policy<s4>> o;
  CHECK(o.observe(integers(-7, 7, 1000, 0, 14)).ok());
  CHECK(o.range().max == 7.0f);
  CHECK(o.range().min == -3.5f);  // both ends move together
  CHECK(choose_qparams<policy<s4>>(o.range()).scale == 1.0f);
}

TEST_CASE("MSE: affine moves each end by itself") {
  // -3..12 are the codes of u4 with scale 1; the outliers lie at 2 and 4 times the ends
  mse_observer<policy<u4, affine>> o;
  CHECK(o.observe(integers(-3, 12, 1000, -6, 48)).ok());
  const auto p = choose_qparams<policy<u4, affine>>(o.range());
  CHECK(p.scale == doctest::Approx(1.0).epsilon(1e-6));
  CHECK(p.zero_point() == 3);
}

TEST_CASE("MSE: affine on data of one sign keeps 0 at its end") {
  mse_observer<policy<u4, affine>> o;
  CHECK(o.observe(integers(0, 15, 1000, 0, 60)).ok());
  CHECK(o.range().min == 0.0f);
  CHECK(o.range().max == 15.0f);
}

TEST_CASE("MSE: schemes that take the range as it is shrink to its middle where 0 is outside") {
  mse_observer<policy<u4, affine_float_shift>> o;
  CHECK(o.observe(integers(100, 115, 1000, 95, 120)).ok());
  const value_range r = o.range();
  CHECK(r.min > 95.0f);
  CHECK(r.min <= 101.0f);
  CHECK(r.max < 120.0f);
  CHECK(r.max >= 114.0f);
}

TEST_CASE("MSE: without outliers nothing is clipped") {
  mse_observer<policy<s4>> o;
  CHECK(o.observe(integers(-7, 7, 100, -7, 7)).ok());
  CHECK(o.range().min == -7.0f);
  CHECK(o.range().max == 7.0f);
}

// |x - quantized x| is a distance to a grid, which moves by no more than x does. So a histogram has
// the norm of the errors of a candidate within half a bin, and its best is at most a bin from the
// best.
template<QuantPolicy P>
void check_against_raw(double norm, bool both_ends) {
  for (const std::uint64_t seed : {1u, 2u}) {
    const matrix<float> x = noise_matrix(20, 40, seed);
    auto o = *mse_observer<P>::make(norm);
    CHECK(o.observe(x).ok());
    const double found = raw_error<P>(x, o.range(), norm);
    const double least = least_raw_error<P>(x, norm, both_ends);
    CHECK(found <= least + o.counts().bin_width() + 1e-6);
    CHECK(found >= least * (1 - 1e-6));
  }
}

TEST_CASE("MSE: equals the search over the raw data, within a bin") {
  check_against_raw<policy<s8>>(2.0, false);
  check_against_raw<policy<s4>>(2.4, false);
  check_against_raw<policy<s3, symmetric_half_step>>(2.0, false);
  check_against_raw<policy<e2m1>>(2.0, false);
  check_against_raw<policy<nf4>>(2.0, false);
}

TEST_CASE("MSE: both ends, against the raw data" * doctest::test_suite("slow")) {
  check_against_raw<policy<u4, affine>>(2.0, true);
  check_against_raw<policy<u2, affine>>(2.4, true);
}

TEST_CASE("MSE: a larger norm keeps more of an outlier") {
  auto two = *mse_observer<policy<s4>>::make(2.0);
  auto more = *mse_observer<policy<s4>>::make(2.4);
  const matrix<float> x = noise_matrix(50, 50, 3);
  CHECK(two.observe(x).ok());
  CHECK(more.observe(x).ok());
  CHECK(more.range().max >= two.range().max);
  CHECK(two.range().max < scan_range(x.view()).range().amax());
}

TEST_CASE("MSE: options are checked, kept, and must agree to merge; bytes are of one policy") {
  using observer = mse_observer<policy<s8>>;
  for (const double bad : {0.0, -2.0, 17.0, double{quiet_nan}})
    CHECK(observer::make(bad).why().code == error_code::invalid_argument);
  observer a = *observer::make(2.4);
  CHECK(observer::load(a.save())->norm() == 2.4);
  CHECK(a.merge(observer{}).code == error_code::invalid_argument);
  CHECK_FALSE(mse_observer<policy<s7>>::load(a.save()).ok());
}

TEST_CASE("MSE: unscaled takes the range as it is") {
  mse_observer<a16> o;
  CHECK(o.observe(noise_matrix(3, 3, 1)).ok());
  CHECK(o.range().max == o.counts().range().max);
}

}  // namespace
