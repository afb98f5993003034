// SPDX-License-Identifier: Apache-2.0
// tests/format/integer_test.cpp - integers and fixed point: round first, then clamp; NaN gives 0.
#include "qtl/format/integer.hpp"

#include <doctest/doctest.h>

namespace {

using qtl::rounding_mode;

TEST_CASE("ties go to the even integer") {
  CHECK(qtl::s8::encode(0.5f) == 0);
  CHECK(qtl::s8::encode(1.5f) == 2);
  CHECK(qtl::s8::encode(2.5f) == 2);
  CHECK(qtl::s8::encode(-0.5f) == 0);
  CHECK(qtl::s8::encode(-1.5f) == -2);
  CHECK(qtl::s8::encode(-2.5f) == -2);
  CHECK(qtl::u8::encode(254.5f) == 254);
  CHECK(qtl::s8::encode(0.49999997f) == 0);
  CHECK(qtl::s8::encode(0.50000006f) == 1);
}

TEST_CASE("out of range saturates, infinities too") {
  CHECK(qtl::s8::encode(127.5f) == 127);
  CHECK(qtl::s8::encode(1e30f) == 127);
  CHECK(qtl::s8::encode(-128.5f) == -128);
  CHECK(qtl::s8::encode(-qtl::infinity) == -128);
  CHECK(qtl::s4::encode(100.0f) == 7);
  CHECK(qtl::s4::encode(-100.0f) == -8);
  CHECK(qtl::u4::encode(qtl::infinity) == 15);
  CHECK(qtl::u4::encode(-3.0f) == 0);
  CHECK(qtl::s1::encode(1.0f) == 0);
  CHECK(qtl::s1::encode(-0.75f) == -1);
  CHECK(qtl::u1::encode(0.75f) == 1);
}

TEST_CASE("NaN gives 0") {
  CHECK(qtl::s8::encode(qtl::quiet_nan) == 0);
  CHECK(qtl::u4::encode(qtl::quiet_nan) == 0);
  CHECK(qtl::s2f6::encode(qtl::quiet_nan) == 0);
}

TEST_CASE("codes keep their sign through memory bits") {
  CHECK(qtl::to_bits<qtl::s4>(-8) == 8u);
  CHECK(qtl::to_bits<qtl::s4>(-1) == 15u);
  CHECK(qtl::from_bits<qtl::s4>(8) == -8);
  CHECK(qtl::from_bits<qtl::s4>(7) == 7);
  CHECK(qtl::from_bits<qtl::s8>(0x80) == -128);
  CHECK(qtl::from_bits<qtl::u8>(0x80) == 128);
}

TEST_CASE("MXINT8 is n / 64, symmetric: -2 is never produced but is read") {
  CHECK(qtl::s2f6::max == 1.984375f);
  CHECK(qtl::s2f6::encode(1.0f) == 64);
  CHECK(qtl::s2f6::encode(2.0f) == 127);
  CHECK(qtl::s2f6::encode(-2.0f) == -127);
  CHECK(qtl::s2f6::encode(-qtl::infinity) == -127);
  CHECK(qtl::s2f6::decode(-128) == -2.0f);
  CHECK(qtl::s2f6::encode(0.5f / 64) == 0);
  CHECK(qtl::s2f6::encode(1.5f / 64) == 2);
  CHECK(qtl::s2f6::name == "s2f6");
}

TEST_CASE("names and signedness") {
  CHECK(qtl::s4::name == "s4");
  CHECK(qtl::u8::name == "u8");
  CHECK(qtl::is_signed_format<qtl::s8>);
  CHECK(qtl::is_signed_format<qtl::s1>);
  CHECK(!qtl::is_signed_format<qtl::u8>);
}

}  // namespace
