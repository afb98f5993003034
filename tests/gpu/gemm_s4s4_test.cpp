// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_s4s4_test.cpp - 4-bit integer products against the reference, bit for bit.
#include "qtl/gpu/kernel/gemm_s4s4.cuh"

#include <doctest/doctest.h>

#include "gpu/covered_products.hpp"
#include "gpu/integer_product.hpp"

namespace {

using namespace qtl_test;

void cover_all(coverage_of how) {
  for_each_type(covered::s4s4{}, [&]<class P>() { cover_integer_product<P>(how); });
}

TEST_CASE("s4 and u4 on either side: every tiling, output, function, count of rows and seed") {
  cover_all(coverage_of::pairs);
}

TEST_CASE("the same, all of them with all others" * doctest::test_suite("slow")) {
  cover_all(coverage_of::product);
}

TEST_CASE("a split of k changes no bit") {
  for_each_type(gpu::s4s4_tilings{}, [&]<class C>() {
    using K = gpu::gemm_s4s4<C, s4, s4>;
    int number = 0;
    for (const int splits : {2, 5})
      for_each_seed([&] {
        ++number;
        check_integer_product<K, s4, s4>({17 + 50 * (number % 2), 67, 1201}, finish_number(number),
                                         row_alignment::sixteen, 7, splits);
      });
  });
}

}  // namespace
