// SPDX-License-Identifier: Apache-2.0
// tests/ops/scale_rules_test.cpp - how an amax becomes a power of two, by the worked example of
// docs/formats.md, and the two levels of NVFP4 by values computed by hand.
#include <array>
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include "qtl/core.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;

template<class E, scale_rule Rule>
using mx_by = policy<E, symmetric, per_group<32>, scaled_by<e8m0, Rule>>;

// The exponent of the scale of a block with this amax.
template<class E, scale_rule Rule>
int exponent_of(float amax) {
  const float scale = quantize<mx_by<E, Rule>>(matrix_of({{amax / 3, -amax, 0}})).scale_at(0, 0);
  return floor_log2(scale);
}

template<scale_rule Rule>
void check_worked_example(const std::array<int, 7>& expected) {
  constexpr std::array<float, 7> amax = {4, 5, 5.5f, 6, 6.5f, 7, 7.9f};
  for (std::size_t a = 0; a < amax.size(); ++a) {
    CAPTURE(amax[a]);
    // The page gives the scale itself: 2^0 is 1.
    CHECK(power_of_two(exponent_of<e2m1, Rule>(amax[a])) == static_cast<float>(expected[a]));
    CHECK(exponent_of<e2m1, Rule>(amax[a] * 0x1p40f) == 40 + exponent_of<e2m1, Rule>(amax[a]));
  }
}

TEST_CASE("FP4 scales by the four rules") {
  check_worked_example<scale_rule::floor>({1, 1, 1, 1, 1, 1, 1});
  check_worked_example<scale_rule::ceil>({1, 2, 2, 2, 2, 2, 2});
  check_worked_example<scale_rule::even>({1, 1, 1, 1, 1, 2, 2});
  check_worked_example<scale_rule::rceil>({1, 1, 1, 1, 2, 2, 2});
}

TEST_CASE("emax belongs to the element") {
  CHECK(exponent_of<e4m3, scale_rule::floor>(256.0f) == 0);
  CHECK(exponent_of<e5m2, scale_rule::floor>(32768.0f) == 0);
  CHECK(exponent_of<e2m3, scale_rule::floor>(4.0f) == 0);
  CHECK(exponent_of<e3m2, scale_rule::floor>(16.0f) == 0);
  CHECK(exponent_of<s2f6, scale_rule::floor>(1.0f) == 0);
  CHECK(exponent_of<e4m3, scale_rule::rceil>(448.0f) == 0);
  CHECK(exponent_of<e4m3, scale_rule::rceil>(std::nextafter(448.0f, 500.0f)) == 1);
  CHECK(exponent_of<s2f6, scale_rule::rceil>(127.0f / 64) == 0);
  CHECK(exponent_of<s2f6, scale_rule::rceil>(1.99f) == 1);
  CHECK(exponent_of<e4m3, scale_rule::even>(495.9f) == 0);
  CHECK(exponent_of<e4m3, scale_rule::even>(496.0f) == 1);  // 1.9375 + 1/16 is 2
  CHECK(exponent_of<s2f6, scale_rule::even>(2.0f - 0x1p-7f) == 1);
  CHECK(exponent_of<s2f6, scale_rule::even>(2.0f - 0x1.8p-7f) == 0);
}

TEST_CASE("exact powers of two are not rounded up, their neighbours are told apart") {
  for (int e = -100; e <= 100; e += 25) {
    const float power = power_of_two(e);
    CHECK(exponent_of<e2m1, scale_rule::ceil>(power) == e - 2);
    CHECK(exponent_of<e2m1, scale_rule::ceil>(std::nextafter(power, infinity)) == e - 1);
    CHECK(exponent_of<e2m1, scale_rule::floor>(std::nextafter(power, 0.0f)) == e - 3);
  }
}

TEST_CASE("exponents beyond e8m0 are clamped") {
  const auto stored = [](float amax) {
    return std::to_integer<int>(quantize<mx<e2m1>>(matrix_of({{amax}})).view().scales[0]);
  };
  CHECK(stored(3e38f) == 127 + 127 - 2);
  CHECK(stored(0x1p-126f) == 0);  // 2^-128 would be the scale
  CHECK(stored(0x1p-125f) == 0);
  CHECK(stored(0x1p-124f) == 1);
  CHECK(stored(0x1p-149f) == 0);
  CHECK(stored(0.0f) == 127);  // an all-zero block has scale 1
  const auto up = quantize<mx_by<s2f6, scale_rule::rceil>>(matrix_of({{3.4e38f}}));
  CHECK(std::to_integer<int>(up.view().scales[0]) == 0xFE);
  CHECK(is_finite(dequantize(up)(0, 0)));
}

TEST_CASE("floor saturates the largest elements, rceil never does") {
  const auto floor = quantize<mx_by<e2m1, scale_rule::floor>>(matrix_of({{7.9f, -7.9f, 1}}));
  CHECK(dequantize(floor)(0, 1) == -6.0f);
  const auto rceil = quantize<mx_by<e2m1, scale_rule::rceil>>(matrix_of({{7.9f, -7.9f, 1}}));
  CHECK(dequantize(rceil)(0, 1) == -8.0f);
}

TEST_CASE("NVFP4: tensor scale amax / 2688, block scales in e4m3") {
  // Blocks of 16 columns with amax 5376 and 12: tensor scale 2, block scales e4m3(6^-1 * amax / 2)
  // = 448 and 1.
  matrix<float> x = *matrix<float>::make(1, 40);
  x(0, 3) = 5376;
  x(0, 4) = -2688;
  x(0, 20) = -12;
  x(0, 21) = 7.1f;
  const auto q = quantize<nvfp4_tensor<>>(x);
  CHECK(q.tensor_scale() == 2.0f);
  CHECK(std::to_integer<int>(q.view().scales[0]) == 0x7E);
  CHECK(std::to_integer<int>(q.view().scales[1]) == 0x38);
  CHECK(std::to_integer<int>(q.view().scales[2]) == 0x38);  // an all-zero block: 1 in e4m3
  CHECK(q.scale_at(0, 0) == 896.0f);
  CHECK(q.scale_at(0, 16) == 2.0f);
  CHECK(q.code(0, 3) == 7);    // 6
  CHECK(q.code(0, 4) == 13);   // -3
  CHECK(q.code(0, 20) == 15);  // -6
  CHECK(q.code(0, 21) == 6);   // 3.55 -> 4
  CHECK(dequantize(q)(0, 21) == 8.0f);
  CHECK(q.bytes() == 20 + 3 + 4);
}

TEST_CASE("NVFP4: the block scale is rounded before the elements are divided by it") {
  // amax of the tensor 2688: tensor scale 1. Block amax 10: 10 / 6 = 1.6667 -> 1.625 in e4m3; 10
  // / 1.625 = 6.15 -> 6.
  matrix<float> x = *matrix<float>::make(1, 32);
  x(0, 0) = 2688;
  x(0, 16) = 10;
  x(0, 17) = 4.1f;  // / 1.625 = 2.523 -> 3; / 1.6667 = 2.46 would be 2
  const auto q = quantize<nvfp4_tensor<>>(x);
  CHECK(q.scale_at(0, 16) == 1.625f);
  CHECK(q.code(0, 17) == 5);
  CHECK(dequantize(q)(0, 16) == 9.75f);
}

TEST_CASE("NVFP4: tiny blocks beside a large one keep the smallest e4m3") {
  matrix<float> x = *matrix<float>::make(1, 32);
  x(0, 0) = 2688;
  x(0, 16) = 1e-6f;
  const auto q = quantize<nvfp4_tensor<>>(x);
  CHECK(q.scale_at(0, 16) == 0x1p-9f);
  CHECK(dequantize(q)(0, 16) == 0.0f);
  const auto zeros = quantize<nvfp4_tensor<>>(*matrix<float>::make(2, 32));
  CHECK(zeros.tensor_scale() == 1.0f);
  CHECK(zeros.scale_at(1, 31) == 1.0f);
}

}  // namespace
