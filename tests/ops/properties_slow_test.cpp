// SPDX-License-Identifier: Apache-2.0
// tests/ops/properties_slow_test.cpp - what properties_test.cpp asks of one matrix, at every pair
// of awkward extents.
#include <cstdint>

#include <doctest/doctest.h>

#include "ops/properties.hpp"
#include "ops/test_matrix.hpp"

namespace {

// check(policy_case, matrix) for all policies and all shapes.
template<class F>
void for_each_shape(F&& check) {
  std::uint64_t seed = 200;
  for (const std::int64_t rows : qtl_test::awkward_extents)
    for (const std::int64_t cols : qtl_test::awkward_extents) {
      CAPTURE(rows);
      CAPTURE(cols);
      const qtl::matrix<float> x = qtl_test::noise_matrix(rows, cols, ++seed);
      qtl_test::for_each_case([&](const qtl_test::policy_case& c) { check(c, x); });
    }
}

TEST_SUITE("slow") {
  TEST_CASE("the codes of a tensor's reals are its codes, at every shape") {
    for_each_shape(qtl_test::check_codes_return);
  }
  TEST_CASE("integers: at most half a step, at every shape") {
    for_each_shape(qtl_test::check_half_step);
  }
}

}  // namespace
