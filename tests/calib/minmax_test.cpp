// SPDX-License-Identifier: Apache-2.0
// tests/calib/minmax_test.cpp - the range of everything seen, and static parameters from it.
#include "qtl/calib/minmax.hpp"

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;
using activation = w8a8_static::activation;

TEST_CASE("batches add up, shards merge") {
  minmax_observer all;
  CHECK(all.empty());
  CHECK(all.range().min == 0.0f);
  CHECK(all.range().max == 0.0f);
  CHECK(all.observe(matrix_of({{1, 2}, {3, -4}})).ok());
  CHECK(all.observe(matrix_of({{0.5f}})).ok());
  CHECK(all.range().min == -4.0f);
  CHECK(all.range().max == 3.0f);
  CHECK_FALSE(all.empty());

  minmax_observer first;
  minmax_observer second;
  CHECK(first.observe(matrix_of({{1, 2}})).ok());
  CHECK(second.observe(matrix_of({{3, -4}, {0.5f, 0.25f}})).ok());
  first.merge(second);
  CHECK(first.range().min == all.range().min);
  CHECK(first.range().max == all.range().max);
  first.merge(minmax_observer());
  CHECK(first.range().max == 3.0f);
  first.reset();
  CHECK(first.empty());
}

TEST_CASE("the range does not hold 0 unless the data do") {
  minmax_observer observer;
  CHECK(observer.observe(matrix_of({{5, 7}})).ok());
  CHECK(observer.range().min == 5.0f);
}

TEST_CASE("NaN and Inf are refused, and the observer stays as it was") {
  minmax_observer observer;
  CHECK(observer.observe(matrix_of({{1, 2}})).ok());
  const status s = observer.observe(matrix_of({{9, 9}, {9, quiet_nan}}));
  CHECK(s.code == error_code::not_finite);
  CHECK(s.message == "batch: element at row 1, column 1 is NaN, expected a finite value");
  CHECK(observer.range().max == 2.0f);
  CHECK_FALSE(observer.observe(matrix_of({{-infinity}})).ok());
  CHECK(observer.range().min == 1.0f);
}

TEST_CASE("calibrated parameters are those of a tensor with that range") {
  const matrix<float> samples = matrix_of({{-55, 12}, {200, 0}});
  const qparams<activation> p = calibrate<activation>(samples);
  CHECK(p.scale == 1.0f);
  CHECK(p.offset == 55);
  const qparams<policy<s8>> q = calibrate<policy<s8>>(samples);
  CHECK(q.scale == 200.0f / 127.0f);
  CHECK(calibrate<policy<s8, symmetric, per_tensor, scaled_by<f16>>>(samples).scale ==
        f16::decode(f16::encode(200.0f / 127.0f)));
  CHECK(calibrate<policy<e4m3>>(matrix_of({{896, 1}})).scale == 2.0f);
}

TEST_CASE("nothing seen is an error") {
  CHECK(try_params<activation>(minmax_observer()).why().code == error_code::invalid_argument);
  CHECK(try_calibrate<activation>(matrix_of({})).why().code == error_code::invalid_argument);
  CHECK_THROWS_AS(calibrate<activation>(matrix_of({})), error);
  CHECK_THROWS_AS(calibrate<activation>(matrix_of({{infinity}})), error);
}

}  // namespace
