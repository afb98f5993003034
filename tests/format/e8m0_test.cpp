// SPDX-License-Identifier: Apache-2.0
// tests/format/e8m0_test.cpp - the power-of-two scale: the columns of CUDA (down, up) and ONNX /
// ml_dtypes (nearest, ties up) that docs/formats.md picks, subnormals included.
#include "qtl/format/e8m0.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace {

using qtl::e8m0;
using qtl::rounding_mode;

TEST_CASE("all codes are powers of two, the first one subnormal, the last one NaN") {
  CHECK(e8m0::decode(0x00) == 0x1p-127f);
  CHECK(qtl::float_bits(e8m0::decode(0x00)) == 0x00400000u);
  CHECK(e8m0::decode(0x7F) == 1.0f);
  CHECK(e8m0::decode(0x80) == 2.0f);
  CHECK(e8m0::decode(0xFE) == 0x1p127f);
  CHECK(std::isnan(e8m0::decode(0xFF)));
  for (int e = -127; e <= 127; ++e) {
    CHECK(e8m0::encode(std::ldexp(1.0f, e)) == e + 127);
    CHECK(e8m0::decode(static_cast<std::uint8_t>(e + 127)) == std::ldexp(1.0f, e));
    CHECK(e8m0::from_exponent(e) == e + 127);
  }
  CHECK(e8m0::from_exponent(-1000) == 0x00);
  CHECK(e8m0::from_exponent(1000) == 0xFE);
}

TEST_CASE("no zero and no sign: 0 gives 2^-127, a negative number its magnitude") {
  CHECK(e8m0::encode(0.0f) == 0x00);
  CHECK(e8m0::encode(-0.0f) == 0x00);
  CHECK(e8m0::encode(-1.0f) == 0x7F);
  CHECK(e8m0::encode(-3.0f) == 0x81);
}

TEST_CASE("nearest by value, ties up") {
  CHECK(e8m0::encode(1.5f) == 0x80);
  CHECK(e8m0::encode(std::nextafter(1.5f, 0.0f)) == 0x7F);
  CHECK(e8m0::encode(3.0f) == 0x81);
  CHECK(e8m0::encode(std::nextafter(3.0f, 0.0f)) == 0x80);
  CHECK(e8m0::encode(1.25f) == 0x7F);
  CHECK(e8m0::encode(1.75f) == 0x80);
  CHECK(e8m0::encode(3.0f, rounding_mode::nearest_away) == 0x81);
}

TEST_CASE("toward zero and floor go down") {
  for (rounding_mode mode : {rounding_mode::toward_zero, rounding_mode::floor}) {
    CHECK(e8m0::encode(1.0f, mode) == 0x7F);
    CHECK(e8m0::encode(1.999f, mode) == 0x7F);
    CHECK(e8m0::encode(-1.999f, mode) == 0x7F);
    CHECK(e8m0::encode(2.0f, mode) == 0x80);
    CHECK(e8m0::encode(0x1.8p-127f, mode) == 0x00);
    CHECK(e8m0::encode(qtl::largest_float, mode) == 0xFE);
  }
}

TEST_CASE("the ends of the range") {
  CHECK(e8m0::encode(qtl::smallest_float) == 0x00);
  CHECK(e8m0::encode(0x1p-128f) == 0x00);
  CHECK(e8m0::encode(0x1p-127f) == 0x00);
  CHECK(e8m0::encode(std::nextafter(0x1.8p-127f, 0.0f)) == 0x00);
  CHECK(e8m0::encode(0x1.8p-127f) == 0x01);
  CHECK(e8m0::encode(std::nextafter(0x1p-126f, 0.0f)) == 0x01);
  CHECK(e8m0::encode(0x1.8p127f) == 0xFE);
  CHECK(e8m0::encode(qtl::largest_float) == 0xFE);
  CHECK(e8m0::encode(qtl::infinity) == 0xFE);
  CHECK(e8m0::encode(-qtl::infinity) == 0xFE);
  CHECK(e8m0::encode(qtl::quiet_nan) == 0xFF);
}

}  // namespace
