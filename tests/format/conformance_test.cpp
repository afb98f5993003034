// SPDX-License-Identifier: Apache-2.0
// tests/format/conformance_test.cpp - every shipped format keeps the promises of NumberFormat, and
// the checker notices formats that do not.
#include "format/conformance.hpp"

#include <string>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"

namespace {

using qtl_test::find_format_fault;

TEST_CASE("every shipped format keeps every promise") {
  qtl::for_each_type(qtl::shipped_formats{}, []<class F>() {
    CAPTURE(F::name.c_str());
    auto fault = find_format_fault<F>();
    CAPTURE(fault.bits);
    CHECK(std::string(fault.rule) == "");
  });
}

TEST_CASE_TEMPLATE(
    "so do the other overflow rules and odd shapes", F, qtl::non_saturating<qtl::e4m3>,
    qtl::non_saturating<qtl::e5m2>, qtl::non_saturating<qtl::e4m3fnuz>, qtl::saturating<qtl::f16>,
    qtl::saturating<qtl::bf16>, qtl::minifloat<3, 0, qtl::special_values::finite>,
    qtl::minifloat<1, 2>, qtl::minifloat<4, 3, qtl::special_values::ieee>,
    qtl::minifloat<5, 0, qtl::special_values::fn>,
    qtl::minifloat<4, 3, qtl::special_values::fnuz, qtl::overflow_rule::saturate, 11>) {
  auto fault = find_format_fault<F>();
  CAPTURE(F::name.c_str());
  CAPTURE(fault.bits);
  CHECK(std::string(fault.rule) == "");
}

// Good except for what each derived twin breaks.
struct sound {
  static constexpr qtl::short_name name = "sound";
  static constexpr int bits = 2;
  static constexpr float max = 3;
  static constexpr std::uint8_t encode(float x) { return qtl::u2::encode(x); }
  static constexpr float decode(std::uint8_t c) { return c; }
};
struct nameless : sound {
  static constexpr qtl::short_name name = "";
};
struct wrong_max : sound {
  static constexpr float max = 4;
};
struct truncating : sound {
  static constexpr std::uint8_t encode(float x) {
    return qtl::u2::encode(x, qtl::rounding_mode::toward_zero);
  }
};
struct wrapping : sound {
  static constexpr std::uint8_t encode(float x) {
    return x < 4 ? sound::encode(x) : static_cast<std::uint8_t>(0);
  }
};
struct too_wide : sound {
  static constexpr std::uint8_t encode(float x) {
    return static_cast<std::uint8_t>(sound::encode(x) | 4);
  }
};

TEST_CASE("the checker names what is broken") {
  CHECK(find_format_fault<sound>().rule == "");
  CHECK(find_format_fault<nameless>().rule == "a format has a name");
  CHECK(find_format_fault<wrong_max>().rule == "max is the largest value or magnitude");
  CHECK(find_format_fault<truncating>().rule == "above a midpoint the upper value is nearest");
  CHECK(find_format_fault<wrapping>().rule == "too large a value gives the largest, Inf or NaN");
  CHECK(find_format_fault<too_wide>().rule == "encode returns a code of the format");
}

}  // namespace
