// SPDX-License-Identifier: Apache-2.0
// tests/ops/schemes_test.cpp - every scheme on values that one can compute by hand, and at the ends
// of f32.
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/core.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;

template<QuantPolicy P>
std::vector<int> row_codes(const QTensor<P>& q) {
  std::vector<int> codes;
  for (std::int64_t j = 0; j < q.cols(); ++j) codes.push_back(q.code(0, j));
  return codes;
}

template<class F, class S>
using whole = policy<F, S, per_tensor>;

TEST_CASE("symmetric: amax / qmax, narrow; a tie goes to the even code") {
  const auto q = quantize<whole<s8, symmetric>>(matrix_of({{-127, 127, 0.5f, 1.5f, -2.5f, 3.49f}}));
  CHECK(q.scale_at(0, 0) == 1.0f);
  CHECK(row_codes(q) == std::vector<int>{-127, 127, 0, 2, -2, 3});
  const auto four = quantize<whole<s4, symmetric>>(matrix_of({{-14, 13, 14, -1, 0}}));
  CHECK(four.scale_at(0, 0) == 2.0f);
  CHECK(row_codes(four) == std::vector<int>{-7, 6, 7, 0, 0});  // 6.5 -> 6, -0.5 -> 0
}

TEST_CASE("symmetric: the lowest code is never used, even with a scale that would give it") {
  const qparams<whole<s8, symmetric>> p{1.0f, {}};
  CHECK(row_codes(quantize_with<whole<s8, symmetric>>(
            matrix_of({{-128, -1000, 128, 127.4f}}), p)) == std::vector<int>{-127, -127, 127, 127});
}

TEST_CASE("symmetric_full_clamp: the same scale, the lowest code in use") {
  using P = whole<s8, symmetric_full_clamp>;
  CHECK(quantize<P>(matrix_of({{-127, 3}})).scale_at(0, 0) == 1.0f);
  CHECK(row_codes(quantize_with<P>(matrix_of({{-128, -1000, 128, 127.5f}}), {1.0f, {}})) ==
        std::vector<int>{-128, -128, 127, 127});
}

TEST_CASE("symmetric_half_step: amax / 127.5 and amax / 7.5") {
  const auto q = quantize<whole<s8, symmetric_half_step>>(matrix_of({{-255, 255, 1, 3}}));
  CHECK(q.scale_at(0, 0) == 2.0f);
  CHECK(row_codes(q) == std::vector<int>{-128, 127, 0, 2});  // -127.5 -> -128, 127.5 -> 128 -> 127
  const auto four =
      quantize<whole<s4, symmetric_half_step>>(matrix_of({{7.5f, -7.5f, -6.5f, 0.5f}}));
  CHECK(four.scale_at(0, 0) == 1.0f);
  CHECK(row_codes(four) == std::vector<int>{7, -8, -6, 0});
}

TEST_CASE("symmetric_full_range: amax / 2^(b-1), negative where the extreme is positive") {
  const auto positive = quantize<whole<s4, symmetric_full_range>>(matrix_of({{16, -15, 2, -2, 0}}));
  CHECK(positive.scale_at(0, 0) == -2.0f);
  CHECK(row_codes(positive) == std::vector<int>{-8, 7, -1, 1, 0});  // -15 / -2 = 7.5 -> 8 -> 7
  const matrix<float> back = dequantize(positive);
  CHECK(qtl_test::same_matrix(back.view(), matrix_of({{16, -14, 2, -2, -0.0f}}).view()));
  const auto negative = quantize<whole<s4, symmetric_full_range>>(matrix_of({{-16, 15, 2}}));
  CHECK(negative.scale_at(0, 0) == 2.0f);
  CHECK(row_codes(negative) == std::vector<int>{-8, 7, 1});
}

TEST_CASE("affine: the range is extended to hold 0, which is exact") {
  const auto both = quantize<whole<u8, affine>>(matrix_of({{-55, 200, 0, 0.5f}}));
  CHECK(both.scale_at(0, 0) == 1.0f);
  CHECK(both.zero_point_at(0, 0) == 55);
  CHECK(row_codes(both) == std::vector<int>{0, 255, 55, 55});

  const auto above = quantize<whole<u8, affine>>(matrix_of({{255, 510, 0.9f}}));
  CHECK(above.scale_at(0, 0) == 2.0f);
  CHECK(above.zero_point_at(0, 0) == 0);
  CHECK(row_codes(above) == std::vector<int>{128, 255, 0});  // 127.5 -> 128

  const auto below = quantize<whole<s8, affine>>(matrix_of({{-510, -255}}));
  CHECK(below.scale_at(0, 0) == 2.0f);
  CHECK(below.zero_point_at(0, 0) == 127);
  CHECK(row_codes(below) == std::vector<int>{-128, -1});  // -127.5 -> -128
}

TEST_CASE("affine_as_is: the range as it is, the zero point outside of the codes") {
  const auto far = quantize<whole<u8, affine_as_is>>(matrix_of({{1000, 1255, 1100}}));
  CHECK(far.scale_at(0, 0) == 1.0f);
  CHECK(far.zero_point_at(0, 0) == -1000);
  CHECK(row_codes(far) == std::vector<int>{0, 255, 100});
  const auto below = quantize<whole<s8, affine_as_is>>(matrix_of({{-1255, -1000}}));
  CHECK(below.zero_point_at(0, 0) == -128 + 1255);
  CHECK(row_codes(below) == std::vector<int>{-128, 127});
}

TEST_CASE("affine_as_is and affine_float_shift: one repeated value is exact") {
  for (const float value : {3.7f, -1e-20f, 2.5e37f}) {
    const matrix<float> x = matrix_of({{value, value}, {value, value}});
    CHECK(qtl_test::same_matrix(fake_quantize<whole<u4, affine_as_is>>(x).view(), x.view()));
    CHECK(qtl_test::same_matrix(fake_quantize<whole<u4, affine_float_shift>>(x).view(), x.view()));
  }
}

TEST_CASE("affine_as_is and affine_float_shift: neighbouring floats stay within their distance") {
  for (const float value : {1.0f, 1.9999998f, -3.0f, 1e20f, 1e-30f}) {
    const float next = std::nextafter(value, infinity);
    const float after = std::nextafter(next, infinity);
    const matrix<float> x = matrix_of({{value, next, after}});
    const float distance = after - value;
    const matrix<float> as_is = fake_quantize<whole<u8, affine_as_is>>(x);
    const matrix<float> shift = fake_quantize<whole<u8, affine_float_shift>>(x);
    for (std::int64_t j = 0; j < 3; ++j) {
      CAPTURE(value);
      CHECK(std::fabs(as_is(0, j) - x(0, j)) <= distance);
      CHECK(std::fabs(shift(0, j) - x(0, j)) <= distance);
    }
  }
}

TEST_CASE("affine_float_shift: real = scale * code - shift") {
  const auto q = quantize<whole<u4, affine_float_shift>>(matrix_of({{10, 17.5f, 12.3f}}));
  CHECK(q.scale_at(0, 0) == 0.5f);
  CHECK(q.shift_at(0, 0) == -10.0f);
  CHECK(row_codes(q) == std::vector<int>{0, 15, 5});
  CHECK(dequantize(q)(0, 2) == 12.5f);
  const auto is_signed = quantize<whole<s4, affine_float_shift>>(matrix_of({{10, 17.5f}}));
  CHECK(is_signed.shift_at(0, 0) == 0.5f * -8 - 10);
  CHECK(row_codes(is_signed) == std::vector<int>{-8, 7});
}

TEST_CASE("reduce range is a narrower format: seven bits") {
  const auto q = quantize<whole<s7, symmetric>>(matrix_of({{-63, 63, 1}}));
  CHECK(q.scale_at(0, 0) == 1.0f);
  CHECK(row_codes(q) == std::vector<int>{-63, 63, 1});
}

TEST_CASE("unscaled: a cast") {
  const auto q =
      quantize<policy<bf16, unscaled>>(matrix_of({{1.00390625f, 1.01171875f, -0.0f, 1e-45f}}));
  CHECK(q.code(0, 0) == 0x3F80);
  CHECK(q.code(0, 1) == 0x3F82);
  CHECK(q.code(0, 2) == 0x8000);
  CHECK(q.code(0, 3) == 0);
  CHECK(q.bytes() == 8);
}

// A range as wide as f32 goes.
template<class P>
void check_wide_range(float min, float max) {
  CAPTURE(min);
  CAPTURE(max);
  const matrix<float> x = matrix_of({{min, max, max / 3, min / 1.5f, 0.0f, max / 1.2f}});
  const auto q = quantize<P>(x);
  const matrix<float> back = dequantize(q);
  REQUIRE(is_finite(q.scale_at(0, 0)));
  for (std::int64_t j = 0; j < 6; ++j) {
    CAPTURE(x(0, j));
    REQUIRE(is_finite(back(0, j)));
    CHECK(std::fabs(double{back(0, j)} - double{x(0, j)}) <=
          std::fabs(double{q.scale_at(0, 0)}) * 1.001);
  }
}

TEST_CASE_TEMPLATE("ranges of 3e38: finite scales, errors within a step", P, whole<s8, symmetric>,
                   whole<s8, symmetric_full_clamp>, whole<s8, symmetric_half_step>,
                   whole<s8, symmetric_full_range>) {
  check_wide_range<P>(-3e38f, 3e38f);
}

TEST_CASE_TEMPLATE("affine up to the largest f32: finite scales and reals, errors within a step", P,
                   whole<u1, affine>, whole<u2, affine>, whole<u3, affine>, whole<u4, affine>,
                   whole<u5, affine>, whole<u6, affine>, whole<u7, affine>, whole<u8, affine>,
                   whole<s2, affine>, whole<s8, affine>, whole<u1, affine_as_is>,
                   whole<u2, affine_as_is>, whole<s5, affine_as_is>, whole<u8, affine_as_is>,
                   whole<u1, affine_float_shift>, whole<u2, affine_float_shift>,
                   whole<s5, affine_float_shift>, whole<u8, affine_float_shift>) {
  for (const float share : {1.0f, 0.99f, 0.882f, 0.7f, 0.51f, 0.4f, 0.1f})
    for (const float least : {largest_float, 3e38f, 2.5e38f}) {
      check_wide_range<P>(-least, least * share);
      check_wide_range<P>(-least * share, least);
    }
}

TEST_CASE("amax below the smallest scale: the scale is the smallest float, not zero") {
  const auto q = quantize<whole<s8, symmetric>>(matrix_of({{0x1p-149f, -0x1p-149f, 0}}));
  CHECK(q.scale_at(0, 0) == smallest_float);
  CHECK(row_codes(q) == std::vector<int>{1, -1, 0});
  const auto half =
      quantize<policy<s8, symmetric, per_tensor, scaled_by<f16>>>(matrix_of({{1e-10f, 0}}));
  CHECK(half.scale_at(0, 0) == 0x1p-24f);
  const auto large =
      quantize<policy<s8, symmetric, per_tensor, scaled_by<f16>>>(matrix_of({{3e38f, 0}}));
  CHECK(large.scale_at(0, 0) == 65504.0f);
  CHECK(row_codes(large) == std::vector<int>{127, 0});
}

TEST_CASE("the code follows from the scale as stored") {
  // amax / 7 = 0.1428571 is 0.14282227 in f16; 1 / 0.14282227 = 7.0017 clamps, and 0.5 of its step
  // decides ties.
  const auto q =
      quantize<policy<s4, symmetric, per_tensor, scaled_by<f16>>>(matrix_of({{1.0f, 0.2142400f}}));
  CHECK(q.scale_at(0, 0) == 0.142822265625f);
  CHECK(row_codes(q) ==
        std::vector<int>{7, 2});  // 0.21424 / 0.1428223 = 1.50005, while / 0.1428571 it is 1.49968
}

TEST_CASE("parameters that are given: checked, and used as they are") {
  using P = whole<u8, affine>;
  const auto q = quantize_with<P>(matrix_of({{-1, 0, 1, 1e9f, -1e9f}}), {0.5f, 10});
  CHECK(row_codes(q) == std::vector<int>{8, 10, 12, 255, 0});
  for (const float bad : {0.0f, -0.0f, infinity, quiet_nan}) {
    const auto refused = try_quantize_with<P>(matrix_of({{1}}), {bad, 0});
    CHECK(refused.why().code == error_code::invalid_argument);
  }
  CHECK(try_quantize_with<P>(matrix_of({{1, quiet_nan}}), {1.0f, 0}).why().code ==
        error_code::not_finite);
  using H = policy<s8, symmetric, per_tensor, scaled_by<f16>>;
  CHECK(try_quantize_with<H>(matrix_of({{1}}), {1e-10f, {}}).why().code ==
        error_code::invalid_argument);  // 0 in f16
  CHECK(try_quantize_with<H>(matrix_of({{1}}), {1e10f, {}}).why().code ==
        error_code::invalid_argument);  // Inf in f16
  CHECK_THROWS_AS(quantize_with<P>(matrix_of({{1}}), {0.0f, 0}), error);
}

}  // namespace
