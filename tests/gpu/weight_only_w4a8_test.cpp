// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_w4a8_test.cpp - weights of 4 bits with 8-bit activations: the reference's
// bits.
#include "gpu/covered_weights.hpp"
#include "gpu/weight_only_cases.hpp"

namespace {

using namespace qtl_test;

void cover_rows(coverage_of how) {
  cover_list<covered::w4a8_rows, gpu::few_rows, gpu::some_rows, gpu::many_rows>(how);
}
void cover_groups(coverage_of how) {
  cover_list<covered::w4a8_groups, gpu::few_rows_in_order, gpu::some_rows_in_order, gpu::many_rows>(
      how);
}

TEST_CASE("scales per row, in every shape") { cover_rows(coverage_of::pairs); }
TEST_CASE("scales per group, in every shape that keeps their order") {
  cover_groups(coverage_of::pairs);
}

TEST_CASE("every output with every function" * doctest::test_suite("slow")) {
  cover_rows(coverage_of::product);
  cover_groups(coverage_of::product);
}

}  // namespace
