// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_s4s4_test.cpp - 4-bit integer products against the reference, bit for bit.
#include "qtl/gpu/kernel/gemm_s4s4.cuh"

#include <doctest/doctest.h>

#include "gpu/integer_product.hpp"

namespace {

using namespace qtl_test;

template<class Config, class X, class W>
void check_cases(int step) {
  for (int number = 0; number < integer_cases; number += step)
    under_seed_of(number, [&] {
      check_integer_product<gpu::gemm_s4s4<Config, X, W>, X, W>(
          shape_number(number), finish_number(number), static_cast<row_alignment>(number % 3),
          static_cast<unsigned>(number));
    });
}

TEST_CASE("s4 by s4: every tiling, output, function and count of rows") {
  for_each_type(gpu::s4s4_tilings{}, [&]<class C>() { check_cases<C, s4, s4>(1); });
}

TEST_CASE("u4 on one side or both") {
  for_each_type(gpu::s4s4_tilings{}, [&]<class C>() {
    check_cases<C, u4, s4>(11);
    check_cases<C, s4, u4>(13);
    check_cases<C, u4, u4>(17);
  });
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
