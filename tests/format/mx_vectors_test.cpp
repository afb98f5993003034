// SPDX-License-Identifier: Apache-2.0
// tests/format/mx_vectors_test.cpp - one block of 32 by hand: scale by the floor rule of OCP MX,
// elements in e2m1 and e4m3, against worked figures.
#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"

namespace {

constexpr std::array<float, 16> block = {.01f, -.02f, .3f,  .5f,   -.75f, 1,    1.25f, -1.6f,
                                         2,    2.4f,  3.1f, -3.6f, 4.4f,  5.1f, -6,    7.9f};

// 2^(floor(log2(amax)) - emax), as OCP MX writes it.
std::uint8_t floor_scale(int emax) {
  float amax = 0;
  for (float x : block) amax = std::max(amax, qtl::magnitude(x));
  return qtl::e8m0::from_exponent(qtl::floor_log2(amax) - emax);
}

template<class F>
void check_block(int emax, qtl::rounding_mode mode, const std::array<float, 16>& expected) {
  const float scale = qtl::e8m0::decode(floor_scale(emax));
  for (std::size_t i = 0; i < block.size(); ++i) {
    CAPTURE(block[i]);
    const float back = F::decode(F::encode(block[i] / scale, mode)) * scale;
    CHECK(qtl::float_bits(back) == qtl::float_bits(expected[i]));
  }
}

TEST_CASE("MXFP4, half to even and half away") {
  CHECK(floor_scale(2) == 127);
  check_block<qtl::e2m1>(2, qtl::rounding_mode::nearest_even,
                         {0, -0.0f, .5f, .5f, -1, 1, 1, -1.5f, 2, 2, 3, -4, 4, 6, -6, 6});
  check_block<qtl::e2m1>(2, qtl::rounding_mode::nearest_away,
                         {0, -0.0f, .5f, .5f, -1, 1, 1.5f, -1.5f, 2, 2, 3, -4, 4, 6, -6, 6});
}

TEST_CASE("MXFP8 E4M3") {
  CHECK(floor_scale(8) == 121);
  check_block<qtl::e4m3>(8, qtl::rounding_mode::nearest_even,
                         {.009765625f, -.01953125f, .3125f, .5f, -.75f, 1, 1.25f, -1.625f, 2, 2.5f,
                          3, -3.5f, 4.5f, 5, -6, 7});
}

}  // namespace
