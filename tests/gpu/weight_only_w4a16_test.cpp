// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_w4a16_test.cpp - integers of 2 to 4 bits with 16-bit activations, in every
// shape.
#include "gpu/covered_weights.hpp"
#include "gpu/weight_only_cases.hpp"

namespace {

using namespace qtl_test;

template<class Shape>
void cover_all(coverage_of how) {
  qtl::for_each_type(covered::w4a16{}, [&]<class P>() {
    cover_real_products<typename P::weight, typename P::activation, Shape>(how);
  });
}

TEST_CASE("up to 16 rows at a time") { cover_all<gpu::few_rows>(coverage_of::pairs); }
TEST_CASE("up to 64 rows at a time") { cover_all<gpu::some_rows>(coverage_of::pairs); }
TEST_CASE("128 rows at a time") { cover_all<gpu::many_rows>(coverage_of::pairs); }

TEST_CASE("every output with every function" * doctest::test_suite("slow")) {
  cover_all<gpu::few_rows>(coverage_of::product);
  cover_all<gpu::some_rows>(coverage_of::product);
  cover_all<gpu::many_rows>(coverage_of::product);
}

}  // namespace
