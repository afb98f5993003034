// SPDX-License-Identifier: Apache-2.0
// tests/format/rounding_test.cpp - the five rounding modes at chosen points, and the fairness of
// stochastic rounding.
#include "qtl/format/rounding.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"

namespace {

using qtl::round_to_integer;
using qtl::rounding;
using qtl::rounding_mode;

struct row {
  float x;
  int even, away, toward_zero, down;
};

TEST_CASE("round_to_integer: every mode at the points where modes differ") {
  constexpr row rows[] = {
      {0.0f, 0, 0, 0, 0},
      {0.25f, 0, 0, 0, 0},
      {0.5f, 0, 1, 0, 0},
      {0.75f, 1, 1, 0, 0},
      {1.5f, 2, 2, 1, 1},
      {2.5f, 2, 3, 2, 2},
      {-0.25f, 0, 0, 0, -1},
      {-0.5f, 0, -1, 0, -1},
      {-0.75f, -1, -1, 0, -1},
      {-1.5f, -2, -2, -1, -2},
      {-2.5f, -2, -3, -2, -3},
      {-3.0f, -3, -3, -3, -3},
      {1e-30f, 0, 0, 0, 0},
      {-1e-30f, 0, 0, 0, -1},
      {-1e-45f, 0, 0, 0, -1},
      {8388607.5f, 8388608, 8388608, 8388607, 8388607},
      {-8388607.5f, -8388608, -8388608, -8388607, -8388608},
      {0.49999997f, 0, 0, 0, 0},
      {-0.49999997f, 0, 0, 0, -1},
      {16777216.0f, 16777216, 16777216, 16777216, 16777216},
  };
  for (const row& r : rows) {
    CAPTURE(r.x);
    CHECK(round_to_integer(r.x) == r.even);
    CHECK(round_to_integer(r.x, rounding_mode::nearest_even) == r.even);
    CHECK(round_to_integer(r.x, rounding_mode::nearest_away) == r.away);
    CHECK(round_to_integer(r.x, rounding_mode::toward_zero) == r.toward_zero);
    CHECK(round_to_integer(r.x, rounding_mode::floor) == r.down);
  }
}

TEST_CASE("round_to_integer agrees with the C library on many floats") {
  int differences = 0;
  for (std::uint32_t i = 0; i < 200000; ++i) {
    const float x = qtl::float_from_bits(0x30000000u + (qtl::counter_random(1, i) >> 3)) *
                    ((i & 1) != 0 ? -1.0f : 1.0f);
    if (!(std::fabs(x) < 1e9f)) continue;
    const auto is = [&](rounding_mode mode, float expected) {
      differences += round_to_integer(x, mode) == static_cast<std::int32_t>(expected) ? 0 : 1;
    };
    is(rounding_mode::nearest_even, std::nearbyint(x));
    is(rounding_mode::nearest_away, std::round(x));
    is(rounding_mode::toward_zero, std::trunc(x));
    is(rounding_mode::floor, std::floor(x));
  }
  CHECK(differences == 0);
}

TEST_CASE("round_to_integer: huge values, infinities and NaN stay in range") {
  for (auto mode : {rounding_mode::nearest_even, rounding_mode::nearest_away,
                    rounding_mode::toward_zero, rounding_mode::floor, rounding_mode::stochastic}) {
    CHECK(round_to_integer(1e30f, mode) == 1 << 30);
    CHECK(round_to_integer(-1e30f, mode) == -(1 << 30));
    CHECK(round_to_integer(qtl::infinity, mode) == 1 << 30);
    CHECK(round_to_integer(-qtl::infinity, mode) == -(1 << 30));
    CHECK(round_to_integer(qtl::quiet_nan, mode) == 0);
  }
}

TEST_CASE("e2m1 in every mode") {
  const float points[] = {0.25f, 0.3f,   1.25f, 2.5f,  5.0f,   5.9f, -0.25f,
                          -0.3f, -1.25f, -2.5f, -5.0f, -0.01f, 9.0f, -9.0f};
  const float away[] = {0.5f, 0.5f, 1.5f, 3, 6, 6, -0.5f, -0.5f, -1.5f, -3, -6, -0.0f, 6, -6};
  const float zero[] = {0, 0, 1, 2, 4, 4, -0.0f, -0.0f, -1, -2, -4, -0.0f, 6, -6};
  const float down[] = {0, 0, 1, 2, 4, 4, -0.5f, -0.5f, -1.5f, -3, -6, -0.5f, 6, -6};
  for (std::size_t i = 0; i < std::size(points); ++i) {
    CAPTURE(points[i]);
    const auto rounded = [&](rounding_mode mode) {
      return qtl::float_bits(qtl::e2m1::decode(qtl::e2m1::encode(points[i], mode)));
    };
    CHECK(rounded(rounding_mode::nearest_away) == qtl::float_bits(away[i]));
    CHECK(rounded(rounding_mode::toward_zero) == qtl::float_bits(zero[i]));
    CHECK(rounded(rounding_mode::floor) == qtl::float_bits(down[i]));
  }
}

TEST_CASE("tiny values under every mode: the bits far below the last step still count") {
  CHECK(qtl::e4m3::encode(-1e-40f, rounding_mode::floor) == 0x81);
  CHECK(qtl::e4m3::encode(1e-40f, rounding_mode::floor) == 0x00);
  CHECK(qtl::e4m3::encode(-1e-40f, rounding_mode::toward_zero) == 0x80);
  CHECK(qtl::e4m3::encode(1e-40f, rounding_mode::nearest_away) == 0x00);
  CHECK(qtl::e2m1::encode(-qtl::smallest_float, rounding_mode::floor) == 0x9);
  CHECK(qtl::e5m2fnuz::encode(-qtl::smallest_float, rounding_mode::floor) == 0x81);
  CHECK(qtl::e5m2fnuz::encode(-qtl::smallest_float, rounding_mode::toward_zero) == 0x00);
  CHECK(qtl::s8::encode(-qtl::smallest_float, rounding_mode::floor) == -1);
  CHECK(qtl::s2f6::encode(-1e-20f, rounding_mode::floor) == -1);
}

TEST_CASE("bf16 toward zero is a truncation of the bits") {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const std::uint32_t bits = qtl::counter_random(7, i);
    const float x = qtl::float_from_bits(bits);
    if (qtl::is_nan(x)) continue;
    CHECK(qtl::bf16::encode(x, rounding_mode::toward_zero) == bits >> 16);
  }
}

TEST_CASE(
    "counter_random gives SplitMix64's published numbers, and depends on seed and counter only") {
  CHECK(qtl::counter_random(0, 0) == 0xE220A839u);
  CHECK(qtl::counter_random(0, 1) == 0x6E789E6Au);
  CHECK(qtl::counter_random(0, 2) == 0x06C45D18u);
  CHECK(qtl::counter_random(1234567, 0) == 0x599ED017u);
  CHECK(qtl::counter_random(5, 9) == qtl::counter_random(5, 9));
  CHECK(qtl::counter_random(5, 9) != qtl::counter_random(5, 10));
  CHECK(qtl::counter_random(5, 9) != qtl::counter_random(6, 9));
}

// The mean of F's rounding of x over 65536 evenly spread random words.
template<class F>
double mean_over_all_words(float x) {
  double sum = 0;
  for (std::uint32_t i = 0; i < 0x10000; ++i)
    sum += static_cast<double>(
        F::decode(F::encode(x, {rounding_mode::stochastic, i << 16 | 0x8000u})));
  return sum / 0x10000;
}

template<class F>
void check_mean(float x, float step) {
  CAPTURE(F::name.c_str());
  CAPTURE(x);
  CHECK(std::fabs(mean_over_all_words<F>(x) - static_cast<double>(x)) <=
        static_cast<double>(step) / 0x10000);
}

TEST_CASE("the mean of stochastic rounding over all words is the value itself") {
  for (float x : {0.1f, 0.5f, 0.75f, 1.3f, 2.0f, -0.1f, -0.9f, -1.5f, -3.999f})
    check_mean<qtl::s4>(x, 1);
  for (float x : {0.01f, 0.3f, 1.2345f, -1.2345f}) check_mean<qtl::s2f6>(x, 1.0f / 64);
  for (float x : {0.1f, 0.26f, 0.9f, -0.1f, -0.7f}) check_mean<qtl::e2m1>(x, 0.5f);
  for (float x : {2.2f, 3.3f, -2.7f}) check_mean<qtl::e2m1>(x, 1);
  for (float x : {4.1f, 5.0f, -5.9f}) check_mean<qtl::e2m1>(x, 2);
  for (float x : {0x1.23p-12f, -0x1.8p-11f}) check_mean<qtl::e4m3>(x, 0x1p-9f);
  for (float x : {1.01f, 1.7f, -1.99f}) check_mean<qtl::e4m3>(x, 0.125f);
  for (float x : {1.01f, 1.7f, -1.99f}) check_mean<qtl::e5m2>(x, 0.25f);
  for (float x : {1.01f, -1.99f}) check_mean<qtl::bf16>(x, 0x1p-7f);
  for (float x : {1.01f, 1.5f, 1.99f}) check_mean<qtl::e8m0>(x, 1);
}

TEST_CASE(
    "stochastic rounding with counter_random is fair, repeatable, and leaves exact values alone") {
  constexpr int draws = 1 << 16;
  for (float x : {0.125f, 0.5f, 0.8f, -0.3f}) {
    double sum = 0;
    for (std::uint64_t i = 0; i < draws; ++i)
      sum += qtl::s8::encode(x, {rounding_mode::stochastic, qtl::counter_random(42, i)});
    const double p = std::fabs(static_cast<double>(x));
    const double sigma = std::sqrt(p * (1 - p) / draws);
    CHECK(std::fabs(sum / draws - static_cast<double>(x)) < 5 * sigma);
  }
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const rounding r{rounding_mode::stochastic, qtl::counter_random(3, i)};
    CHECK(qtl::s8::encode(-5.0f, r) == -5);
    CHECK(qtl::e4m3::encode(448.0f, r) == 0x7E);
    CHECK(qtl::e2m1::encode(-0.0f, r) == 8);
    CHECK(qtl::e4m3::encode(0.3f, r) ==
          qtl::e4m3::encode(0.3f, {rounding_mode::stochastic, qtl::counter_random(3, i)}));
  }
}

}  // namespace
