// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_w8a8_sm90_test.cpp - Hopper's 8-bit integer products against the reference, bit
// for bit.
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

#include <doctest/doctest.h>

#include "gpu/bulk_product.hpp"
#include "gpu/covered_products.hpp"

namespace {

using namespace qtl_test;

void cover_all(coverage_of how) {
  for_each_type(covered::w8a8_sm90{}, [&]<class P>() {
    using K = typename P::kernel;
    cover<K>(how, true, [](const covered_case& c) {
      check_bulk_product<K, typename P::x, typename P::w>(c.shape, c.finish, c.number, 4);
    });
  });
}

TEST_CASE("s8 and u8 by s8: every tiling, output, function, count of rows and seed") {
  cover_all(coverage_of::pairs);
}

TEST_CASE("the same, all of them with all others" * doctest::test_suite("slow")) {
  cover_all(coverage_of::product);
}

TEST_CASE("u8 weights") {
  for (const std::size_t number : {4u, 21u, 37u}) {
    const covered_case& c = product_cases::of(coverage_of::pairs, true)[number];
    under_seed(c.seed, [&] {
      check_bulk_product<gpu::gemm_w8a8_sm90<gpu::wgmma_64x32_16stages, s8, u8>, s8, u8>(
          c.shape, c.finish, c.number, 4);
      check_bulk_product<gpu::gemm_w8a8_sm90<gpu::wgmma_128x256_4stages_pair, u8, u8>, u8, u8>(
          c.shape, c.finish, c.number, 4);
    });
  }
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
      under_seed(static_cast<std::uint64_t>(++number), [&] {
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
