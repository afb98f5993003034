// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_w4a16_test.cpp - integers of 2 to 4 bits with 16-bit activations, in every
// shape.
#include "gpu/covered_weights.hpp"
#include "gpu/weight_only_cases.hpp"

namespace {

using namespace qtl_test;

using covered::w4a16;

TEST_CASE("up to 16 rows at a time") { cover_list<w4a16, gpu::few_rows>(coverage_of::pairs); }
TEST_CASE("up to 64 rows at a time") { cover_list<w4a16, gpu::some_rows>(coverage_of::pairs); }
TEST_CASE("128 rows at a time") { cover_list<w4a16, gpu::many_rows>(coverage_of::pairs); }

TEST_CASE("every output with every function" * doctest::test_suite("slow")) {
  cover_list<w4a16, gpu::few_rows, gpu::some_rows, gpu::many_rows>(coverage_of::product);
}

}  // namespace
