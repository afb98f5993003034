// SPDX-License-Identifier: Apache-2.0
// tests/backend/quotient_test.cpp - the proof that vector loops may quantize without dividing: a
// product with the reciprocal, mended once, rounds to the same integer as the quotient.
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include "qtl/base/math.hpp"

#include "../effort.hpp"

namespace {

/// What simd/quantize.inl computes of a lane, as an f32 before it is rounded to an integer.
float mended_quotient(float x, float scale, float inverse) {
  const float near = x * inverse;
  return std::fma(std::fma(near, -scale, x), inverse, near);
}

struct disagreement {
  std::int64_t mended = 0;
  std::int64_t product = 0;  ///< of the product alone, which shows that the inputs are hard
};

// Where an integer's neighbourhood ends: around n + 1/2. In between no result can differ, since
// both are within two units in the last place. Powers of two in the scale change no bit of this.
disagreement compare_at_ties(std::uint32_t step) {
  disagreement found;
  for (std::uint32_t significand = 0; significand < 1u << 23; significand += step) {
    const float scale = qtl::float_from_bits(0x3F800000u | significand);
    const float inverse = 1.0f / scale;
    for (int n = 0; n < 256; ++n) {
      const std::uint32_t tie = qtl::float_bits((static_cast<float>(n) + 0.5f) * scale);
      for (std::uint32_t bits = tie - 2; bits <= tie + 2; ++bits) {
        const float x = qtl::float_from_bits(bits);
        const float expected = std::nearbyint(x / scale);
        found.mended += std::nearbyint(mended_quotient(x, scale, inverse)) != expected;
        found.product += std::nearbyint(x * inverse) != expected;
      }
    }
  }
  return found;
}

TEST_CASE("a mended product rounds as the quotient at the ties of codes of 8 bits") {
  const disagreement found = compare_at_ties(qtl_test::effort(997u, 65521u));
  CHECK(found.mended == 0);
  CHECK(found.product > 0);
}

TEST_SUITE("slow") {
  TEST_CASE("a mended product rounds as the quotient for every significand of the scale") {
    const disagreement found = compare_at_ties(qtl_test::effort(1u, 4099u));
    CHECK(found.mended == 0);
    CHECK(found.product > 0);
  }
}

}  // namespace
