// SPDX-License-Identifier: Apache-2.0
#include "qtl/base/math.hpp"

#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

namespace {

bool product_is(std::int64_t a, std::int64_t b, std::int64_t expected) {
  std::int64_t product = -1;
  return qtl::checked_multiply(a, b, product) && product == expected;
}

bool refuses(std::int64_t a, std::int64_t b) {
  std::int64_t product = -1;
  return !qtl::checked_multiply(a, b, product) && product == -1;
}

TEST_CASE("checked_multiply returns exact products and refuses the rest") {
  CHECK(product_is(0, INT64_MAX, 0));
  CHECK(product_is(INT64_MAX, 0, 0));
  CHECK(product_is(INT64_MAX, 1, INT64_MAX));
  CHECK(product_is(std::int64_t{1} << 31, std::int64_t{1} << 31, std::int64_t{1} << 62));
  CHECK(refuses(std::int64_t{1} << 32, std::int64_t{1} << 31));
  CHECK(refuses(INT64_MAX, 2));
  CHECK(refuses(-1, 1));
  CHECK(refuses(0, -1));
  CHECK(refuses(INT64_MIN, INT64_MIN));
}

TEST_CASE("power_of_two is exact over the whole range and beyond") {
  for (int e = -149; e <= 127; ++e) CHECK(qtl::power_of_two(e) == std::ldexp(1.0f, e));
  CHECK(qtl::power_of_two(-150) == 0.0f);
  CHECK(qtl::power_of_two(128) == qtl::infinity);
}

TEST_CASE("floor_log2 agrees with the exponent of every power of two and its neighbours") {
  for (int e = -149; e <= 127; ++e) {
    const float power = std::ldexp(1.0f, e);
    CHECK(qtl::floor_log2(power) == e);
    if (e > -149) CHECK(qtl::floor_log2(std::nextafter(power, 0.0f)) == e - 1);
  }
  CHECK(qtl::floor_log2(qtl::largest_float) == 127);
}

TEST_CASE("NaN and infinity are told apart by their bits") {
  CHECK(qtl::is_nan(qtl::quiet_nan));
  CHECK(qtl::is_nan(qtl::float_from_bits(0xFF800001u)));
  CHECK_FALSE(qtl::is_nan(qtl::infinity));
  CHECK_FALSE(qtl::is_finite(-qtl::infinity));
  CHECK_FALSE(qtl::is_finite(qtl::quiet_nan));
  CHECK(qtl::is_finite(qtl::largest_float));
  CHECK(qtl::float_bits(qtl::magnitude(-0.0f)) == 0);
}

TEST_CASE("ceil_div rounds up without overflow") {
  CHECK(qtl::ceil_div(0, 4) == 0);
  CHECK(qtl::ceil_div(4, 4) == 1);
  CHECK(qtl::ceil_div(5, 4) == 2);
  CHECK(qtl::ceil_div<std::int64_t>(INT64_MAX, 2) == (INT64_MAX - 1) / 2 + 1);
}

}  // namespace
