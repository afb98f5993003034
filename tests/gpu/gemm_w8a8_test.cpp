// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_w8a8_test.cpp - 8-bit integer products against the reference, bit for bit.
#include "qtl/gpu/kernel/gemm_w8a8.cuh"

#include <doctest/doctest.h>

#include "gpu/integer_product.hpp"

namespace {

using namespace qtl_test;

constexpr std::int64_t row_counts[] = {1, 2, 15, 16, 17, 63, 64, 65, 130};
constexpr std::int64_t column_counts[] = {1, 3, 17, 64, 70, 131};
constexpr std::int64_t depths[] = {1, 5, 31, 64, 130, 263};

/// All outputs and functions, every count of rows, and columns and depths that divide nothing:
/// 25 epilogues by 9 counts of rows, each under one of three seeds.
template<class Config, class X, class W>
void check_config(int stride) {
  for (int number = 0; number < 225; number += stride) {
    const product_shape s{row_counts[number % 9], column_counts[number / 2 % 6],
                          depths[number / 3 % 6]};
    gpu::emulated::current_settings().seed = static_cast<std::uint64_t>(number % 3 + 1);
    check_integer_product<gpu::gemm_w8a8<Config, X, W>, X, W>(
        s, finish_number(number), static_cast<row_alignment>(number % 3),
        static_cast<unsigned>(number));
  }
}

TEST_CASE("every tiling, output and function: s8 by s8") {
  for_each_type(gpu::w8a8_tilings{}, []<class C>() { check_config<C, s8, s8>(1); });
}

}  // namespace
