// SPDX-License-Identifier: Apache-2.0
// tests/format/minifloat_test.cpp - rounding thresholds, overflow, infinities, NaN and signed
// zeros, typed in from the tables of what CUDA (SATFINITE, NOSAT) and ONNX Cast (saturate 1, 0) do.
#include "qtl/format/minifloat.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"

namespace {

using qtl::infinity;
using qtl::quiet_nan;

const float negative_nan = qtl::float_from_bits(0xFFC12345u);

struct conversion {
  float from;
  std::uint32_t code;
};

template<class F>
void check(const std::vector<conversion>& expected) {
  CAPTURE(F::name.c_str());
  for (const conversion& c : expected) {
    CAPTURE(c.from);
    CHECK(std::uint32_t{F::encode(c.from)} == c.code);
  }
}

float next_above(float x) { return std::nextafter(x, infinity); }
float next_below(float x) { return std::nextafter(x, -infinity); }

TEST_CASE("e4m3: 464 is the tie with a 480 that does not exist") {
  check<qtl::e4m3>(
      {{1, 0x38}, {448, 0x7E}, {464, 0x7E}, {-464, 0xFE}, {next_above(464), 0x7E}, {1e30f, 0x7E}});
  check<qtl::non_saturating<qtl::e4m3>>({{464, 0x7E}, {next_above(464), 0x7F}, {1e30f, 0x7F}});
}

TEST_CASE("e4m3: the smallest values") {
  check<qtl::e4m3>(
      {{0x1p-9f, 0x01}, {0x1p-10f, 0x00}, {next_above(0x1p-10f), 0x01}, {0x1.8p-10f, 0x01}});
  check<qtl::e4m3>(
      {{0.0f, 0x00}, {-0.0f, 0x80}, {-0x1p-10f, 0x80}, {-1e-40f, 0x80}, {1e-40f, 0x00}});
  check<qtl::e4m3>({{0x1p-6f, 0x08}, {0x1.ep-7f, 0x08}, {next_below(0x1.ep-7f), 0x07}});
}

TEST_CASE("e4m3: infinities and NaN") {
  check<qtl::e4m3>({{infinity, 0x7E}, {-infinity, 0xFE}, {quiet_nan, 0x7F}, {negative_nan, 0x7F}});
  check<qtl::non_saturating<qtl::e4m3>>({{infinity, 0x7F}, {-infinity, 0x7F}, {quiet_nan, 0x7F}});
}

TEST_CASE("e5m2: 61440 is a tie and goes up") {
  check<qtl::e5m2>(
      {{1, 0x3C}, {57344, 0x7B}, {next_below(61440), 0x7B}, {61440, 0x7B}, {-1e30f, 0xFB}});
  check<qtl::non_saturating<qtl::e5m2>>(
      {{next_below(61440), 0x7B}, {61440, 0x7C}, {-61440, 0xFC}, {1e30f, 0x7C}});
}

TEST_CASE("e5m2: small values, infinities, NaN") {
  check<qtl::e5m2>(
      {{0x1p-16f, 0x01}, {0x1p-17f, 0x00}, {next_above(0x1p-17f), 0x01}, {-0.0f, 0x80}});
  check<qtl::e5m2>({{infinity, 0x7B}, {-infinity, 0xFB}, {quiet_nan, 0x7F}, {negative_nan, 0x7F}});
  check<qtl::non_saturating<qtl::e5m2>>({{infinity, 0x7C}, {-infinity, 0xFC}, {quiet_nan, 0x7F}});
}

TEST_CASE("fnuz: finite overflow saturates, infinities become NaN, there is one zero") {
  check<qtl::e4m3fnuz>({{240, 0x7F}, {next_below(248), 0x7F}, {248, 0x7F}, {-1e30f, 0xFF}});
  check<qtl::e4m3fnuz>(
      {{infinity, 0x80}, {-infinity, 0x80}, {quiet_nan, 0x80}, {negative_nan, 0x80}});
  check<qtl::e4m3fnuz>({{-0.0f, 0x00}, {-0x1p-11f, 0x00}, {-0x1p-10f, 0x81}, {0x1p-10f, 0x01}});
  check<qtl::e5m2fnuz>(
      {{57344, 0x7F}, {61440, 0x7F}, {-1e30f, 0xFF}, {infinity, 0x80}, {-infinity, 0x80}});
  check<qtl::e5m2fnuz>({{quiet_nan, 0x80}, {-0.0f, 0x00}, {-1e-40f, 0x00}, {-0x1p-17f, 0x81}});
}

TEST_CASE("fnuz without saturation: everything beyond is NaN") {
  check<qtl::non_saturating<qtl::e4m3fnuz>>(
      {{next_below(248), 0x7F}, {248, 0x80}, {-248, 0x80}, {infinity, 0x80}});
  check<qtl::non_saturating<qtl::e5m2fnuz>>(
      {{next_below(61440), 0x7F}, {61440, 0x80}, {-infinity, 0x80}, {quiet_nan, 0x80}});
}

TEST_CASE("an e4m3 byte read as e4m3fnuz is half the value") {
  for (std::uint8_t code = 1; code < 0x7F; ++code)
    CHECK(qtl::e4m3fnuz::decode(code) == qtl::e4m3::decode(code) / 2);
}

TEST_CASE("e3m4 and the bias-11 variant of e4m3fnuz") {
  check<qtl::e3m4>({{15.5f, 0x6F},
                    {next_below(15.75f), 0x6F},
                    {15.75f, 0x6F},
                    {infinity, 0x6F},
                    {quiet_nan, 0x7F}});
  check<qtl::non_saturating<qtl::e3m4>>(
      {{next_below(15.75f), 0x6F}, {15.75f, 0x70}, {-infinity, 0xF0}});
  using e4m3b11fnuz =
      qtl::minifloat<4, 3, qtl::special_values::fnuz, qtl::overflow_rule::saturate, 11>;
  CHECK(e4m3b11fnuz::max == 30.0f);
  CHECK(e4m3b11fnuz::smallest == 0x1p-13f);
  CHECK(e4m3b11fnuz::name == "e4m3b11fnuz");
  using e4m3_ieee = qtl::minifloat<4, 3, qtl::special_values::ieee>;
  CHECK(e4m3_ieee::max == 240.0f);
  CHECK(std::isinf(e4m3_ieee::decode(0x78)));
}

TEST_CASE("e2m1: seven ties go to the even code") {
  check<qtl::e2m1>({{0.25f, 0}, {0.75f, 2}, {1.25f, 2}, {1.75f, 4}, {2.5f, 4}, {3.5f, 6}, {5, 6}});
  check<qtl::e2m1>(
      {{-0.25f, 8}, {-0.75f, 10}, {-1.25f, 10}, {-1.75f, 12}, {-2.5f, 12}, {-3.5f, 14}, {-5, 14}});
}

TEST_CASE(
    "formats without specials: beyond max and infinities give +-max, NaN gives +max, -0 stays") {
  check<qtl::e2m1>(
      {{6, 7}, {7, 7}, {1e30f, 7}, {-1e30f, 15}, {infinity, 7}, {-infinity, 15}, {quiet_nan, 7}});
  check<qtl::e2m1>({{negative_nan, 7}, {-0.0f, 8}, {-1e-40f, 8}});
  check<qtl::e2m3>({{7.5f, 0x1F}, {8, 0x1F}, {-infinity, 0x3F}, {quiet_nan, 0x1F}, {-0.0f, 0x20}});
  check<qtl::e3m2>(
      {{28, 0x1F}, {30, 0x1F}, {-infinity, 0x3F}, {negative_nan, 0x1F}, {-0.0f, 0x20}});
  check<qtl::non_saturating<qtl::e2m1>>({{infinity, 7}, {-1e30f, 15}, {quiet_nan, 7}});
}

TEST_CASE("f16 and bf16 overflow to infinity, as in IEEE 754") {
  check<qtl::f16>({{65504, 0x7BFF},
                   {65519, 0x7BFF},
                   {next_below(65520), 0x7BFF},
                   {65520, 0x7C00},
                   {-65520, 0xFC00}});
  check<qtl::f16>(
      {{infinity, 0x7C00}, {-infinity, 0xFC00}, {0x1p-24f, 1}, {0x1p-25f, 0}, {-0.0f, 0x8000}});
  check<qtl::bf16>(
      {{1.00390625f, 0x3F80}, {1.01171875f, 0x3F82}, {infinity, 0x7F80}, {-0.0f, 0x8000}});
  check<qtl::bf16>({{qtl::largest_float, 0x7F80},
                    {-qtl::largest_float, 0xFF80},
                    {0x1p-133f, 1},
                    {0x1p-134f, 0}});
  check<qtl::saturating<qtl::f16>>({{65520, 0x7BFF}, {infinity, 0x7BFF}, {-infinity, 0xFBFF}});
  check<qtl::saturating<qtl::bf16>>({{qtl::largest_float, 0x7F7F}, {-infinity, 0xFF7F}});
  CHECK(qtl::is_nan(qtl::f16::decode(qtl::f16::encode(quiet_nan))));
  CHECK(qtl::is_nan(qtl::bf16::decode(qtl::bf16::encode(qtl::float_from_bits(0x7F800001u)))));
}

TEST_CASE("rounding toward zero never leaves the finite range, as in IEEE 754") {
  using enum qtl::rounding_mode;
  CHECK(qtl::f16::encode(1e6f, toward_zero) == 0x7BFF);
  CHECK(qtl::f16::encode(-1e6f, toward_zero) == 0xFBFF);
  CHECK(qtl::f16::encode(1e6f, qtl::rounding_mode::floor) == 0x7BFF);
  CHECK(qtl::f16::encode(-1e6f, qtl::rounding_mode::floor) == 0xFC00);
  CHECK(qtl::f16::encode(65535, toward_zero) == 0x7BFF);
  CHECK(qtl::f16::encode(infinity, toward_zero) == 0x7C00);
  CHECK(qtl::non_saturating<qtl::e4m3>::encode(1e6f, toward_zero) == 0x7E);
}

/// Compares the loop without branches with encode() at every upper half of a float, beside ties and
/// at their neighbours.
template<class F>
void check_nearest() {
  CAPTURE(F::name.c_str());
  std::int64_t wrong = 0;
  for (std::uint32_t upper = 0; upper < 0x10000u; ++upper)
    for (const std::uint32_t lower : {0u, 1u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
      const float x = qtl::float_from_bits(upper << 16 | lower);
      wrong += F::encode_nearest(x) != std::uint32_t{F::encode(x)} ? 1 : 0;
    }
  CHECK(wrong == 0);
}

TEST_CASE("rounding without branches is rounding") {
  check_nearest<qtl::e4m3>();
  check_nearest<qtl::non_saturating<qtl::e4m3>>();
  check_nearest<qtl::e5m2>();
  check_nearest<qtl::e4m3fnuz>();
  check_nearest<qtl::non_saturating<qtl::e5m2fnuz>>();
  check_nearest<qtl::e3m4>();
  check_nearest<qtl::e2m3>();
  check_nearest<qtl::e2m1>();
  check_nearest<qtl::f16>();
}

TEST_CASE("f32 is the bit pattern") {
  for (std::uint32_t bits :
       {0u, 0x80000000u, 0x3F800000u, 0x7F800000u, 0xFFC12345u, 1u, 0x7F7FFFFFu}) {
    CHECK(qtl::f32::encode(qtl::float_from_bits(bits)) == bits);
    CHECK(qtl::float_bits(qtl::f32::decode(bits)) == bits);
  }
}

TEST_CASE("names follow from the layout") {
  CHECK(qtl::e4m3::name == "e4m3");
  CHECK(qtl::e5m2::name == "e5m2");
  CHECK(qtl::e4m3fnuz::name == "e4m3fnuz");
  CHECK(qtl::e5m2fnuz::name == "e5m2fnuz");
  CHECK(qtl::e3m4::name == "e3m4");
  CHECK(qtl::e2m1::name == "e2m1");
  CHECK(qtl::f16::name == "f16");
  CHECK(qtl::bf16::name == "bf16");
  CHECK(qtl::f32::name == "f32");
  CHECK(qtl::non_saturating<qtl::e4m3>::name == "e4m3_nosat");
  CHECK(qtl::saturating<qtl::f16>::name == "f16_sat");
}

TEST_CASE("no two shipped formats share a name") {
  std::vector<qtl::short_name> names;
  qtl::for_each_type(qtl::shipped_formats{}, [&]<class F>() {
    for (const qtl::short_name& other : names) CHECK(!(other == F::name));
    names.push_back(F::name);
  });
}

}  // namespace
