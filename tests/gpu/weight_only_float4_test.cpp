// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_float4_test.cpp - codebooks and floats of 4 bits with 16-bit activations,
// in every shape.
#include "gpu/covered_weights.hpp"
#include "gpu/weight_only_cases.hpp"

namespace {

using namespace qtl_test;

using covered::float4;

TEST_CASE("up to 16 rows at a time") { cover_list<float4, gpu::few_rows>(coverage_of::pairs); }
TEST_CASE("up to 64 rows at a time") { cover_list<float4, gpu::some_rows>(coverage_of::pairs); }
TEST_CASE("128 rows at a time") { cover_list<float4, gpu::many_rows>(coverage_of::pairs); }

TEST_CASE("every output with every function" * doctest::test_suite("slow")) {
  cover_list<float4, gpu::few_rows, gpu::some_rows, gpu::many_rows>(coverage_of::product);
}

}  // namespace
