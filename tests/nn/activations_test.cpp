// SPDX-License-Identifier: Apache-2.0
// tests/nn/activations_test.cpp - the branch-free rounding of activations against the formats.
#include "qtl/nn/activations.hpp"

#include <cstdint>

#include <doctest/doctest.h>

namespace {

using namespace qtl;

/// Compares at every bit pattern that is a multiple of `step` away from the first.
template<class F>
std::int64_t differences(std::uint64_t step) {
  std::int64_t wrong = 0;
  for (std::uint64_t bits = 0; bits <= 0xFFFFFFFFu; bits += step) {
    const float x = float_from_bits(static_cast<std::uint32_t>(bits));
    const float expected = F::decode(F::encode(x));
    const float y = activations::rounded_to<F>(x);
    const bool same = is_nan(expected) ? is_nan(y) : float_bits(y) == float_bits(expected);
    wrong += same ? 0 : 1;
  }
  return wrong;
}

TEST_CASE("rounding in place equals encode and decode") {
  CHECK(differences<f16>(1009) == 0);
  CHECK(differences<bf16>(1009) == 0);
  CHECK(differences<f16>(0x800) == 0);  // ties and all that lies on the grid
  CHECK(differences<bf16>(0x8000) == 0);
}

TEST_CASE("rounding in place equals encode and decode for every float" *
          doctest::test_suite("slow")) {
  CHECK(differences<f16>(1) == 0);
  CHECK(differences<bf16>(1) == 0);
}

}  // namespace
