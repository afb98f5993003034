// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_w8a8_sm90_test.cpp - Hopper's 8-bit integer products against the reference, bit
// for bit.
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

#include <doctest/doctest.h>

#include "gpu/bulk_product.hpp"

namespace {

using namespace qtl_test;

/// Every `step`-th case: outputs x functions x counts of rows, columns and depths that divide
/// nothing.
template<class Config, class X, class W>
void check_cases(int step) {
  for (int number = 0; number < integer_cases; number += step)
    under_seed_of(number, [&] {
      check_bulk_product<gpu::gemm_w8a8_sm90<Config, X, W>, X, W>(
          shape_number(number), finish_number(number), static_cast<unsigned>(number), 4);
    });
}

TEST_CASE("s8 by s8: every tiling, output, function and count of rows") {
  for_each_type(gpu::w8a8_sm90_tilings{}, [&]<class C>() { check_cases<C, s8, s8>(7); });
}

TEST_CASE("u8 on one side or both") {
  check_cases<gpu::wgmma_128x128_6stages, u8, s8>(31);
  check_cases<gpu::wgmma_64x32_16stages, s8, u8>(37);
  check_cases<gpu::wgmma_128x256_4stages_pair, u8, u8>(41);
}

TEST_CASE("blocks that walk over many tiles with one ring, under five seeds") {
  const finish_case f = finish_number(2);
  for_each_type(gpu::w8a8_sm90_tilings{}, [&]<class C>() {
    using K = gpu::gemm_w8a8_sm90<C, s8, s8>;
    const product_shape s{C::tile_m + 5, C::tile_n + 9, 900};
    const integer_product<s8, s8> product(s, f, row_alignment::sixteen, 11);
    const std::vector<std::uint8_t> expected = product.expected();
    for_each_seed(
        [&] {
          CHECK(run_bulk_product<K>(product.x.view(), product.w.view(), product.values, 2) ==
                expected);
        },
        5);
  });
}

TEST_CASE("a split of k changes no bit, and leaves its counters zero for the next launch") {
  for_each_type(gpu::w8a8_sm90_tilings{}, [&]<class C>() {
    using K = gpu::gemm_w8a8_sm90<C, u8, s8>;
    int number = 0;
    for (const int splits : {2, 3, 9})  // tiles that cannot split take it for one
      under_seed_of(++number, [&] {
        check_bulk_product<K, u8, s8>({17 + 50 * (number % 2), 67, 601}, finish_number(number), 7,
                                      2 + number, splits);
      });
  });
}

TEST_CASE("rows that the copy engine cannot read are refused by name") {
  using K = gpu::gemm_w8a8_sm90<gpu::wgmma_64x64_12stages, s8, s8>;
  const integer_product<s8, s8> product({5, 7, 40}, finish_number(0), row_alignment::four, 1);
  const auto params =
      gpu::bulk_params<K>(product.x.view(), product.w.view(), product.values.epilogue(nullptr), 4);
  REQUIRE_FALSE(params.ok());
  CHECK(std::string_view(params.why().operand) == "pitch");
}

}  // namespace
