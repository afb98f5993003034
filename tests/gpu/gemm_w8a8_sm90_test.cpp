// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_w8a8_sm90_test.cpp - Hopper's 8-bit integer products against the reference, bit
// for bit.
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

#include <doctest/doctest.h>

#include "gpu/bulk_product.hpp"
#include "gpu/covered_products.hpp"

namespace {

using namespace qtl_test;

template<class Products>
void cover_all(coverage_of how) {
  for_each_type(Products{}, [&]<class P>() {
    using K = typename P::kernel;
    cover<K>(how, true, [](const covered_case& c) {
      check_bulk_product<K, typename P::x, typename P::w>(c.shape, c.finish, c.number, 4);
    });
  });
}

TEST_CASE("s8 and u8 by s8: every tiling, output, function, count of rows and seed") {
  cover_all<covered::w8a8_sm90>(coverage_of::pairs);
}
TEST_CASE("the same for few tokens") { cover_all<covered::w8a8_swapped>(coverage_of::pairs); }

TEST_CASE("the same, all of them with all others" * doctest::test_suite("slow")) {
  cover_all<covered::w8a8_sm90>(coverage_of::product);
  cover_all<covered::w8a8_swapped>(coverage_of::product);
}

TEST_CASE("u8 weights") {
  for (const std::size_t number : {4u, 21u, 37u}) {
    const covered_case& c = product_cases::of(coverage_of::pairs, true)[number];
    under_seed(c.seed, [&] {
      check_bulk_product<gpu::gemm_w8a8_sm90<gpu::wgmma_64x32_16stages, s8, u8>, s8, u8>(
          c.shape, c.finish, c.number, 4);
      check_bulk_product<gpu::gemm_w8a8_sm90<gpu::wgmma_128x256_4stages_pair, u8, u8>, u8, u8>(
          c.shape, c.finish, c.number, 4);
      check_bulk_product<gpu::gemm_w8a8_swapped<gpu::swapped_128x16_11stages, s8, u8>, s8, u8>(
          c.shape, c.finish, c.number, 4);
    });
  }
}

/// A block has several tiles, of which some are cut off.
template<class K>
void check_walk() {
  constexpr std::int64_t rows = K::config::tile_m + 5;
  constexpr std::int64_t columns = K::config::tile_n + 9;
  const product_shape s =
      K::transposed ? product_shape{columns, rows, 900} : product_shape{rows, columns, 900};
  const integer_product<s8, s8> product(s, finish_number(2), row_alignment::sixteen, 11);
  const std::vector<std::uint8_t> expected = product.expected();
  for_each_seed(
      [&] {
        CHECK(run_bulk_product<K>(product.x.view(), product.w.view(), product.values, 2) ==
              expected);
      },
      5);
}

TEST_CASE("blocks that walk over many tiles with one ring, under five seeds") {
  for_each_type(gpu::w8a8_sm90_tilings{},
                [&]<class C>() { check_walk<gpu::gemm_w8a8_sm90<C, s8, s8>>(); });
  for_each_type(gpu::swapped_sm90_tilings{},
                [&]<class C>() { check_walk<gpu::gemm_w8a8_swapped<C, s8, s8>>(); });
}

template<class K>
void check_splits() {
  int number = 0;
  for (const int splits : {2, 3, 9})  // tiles that cannot split take it for one
    under_seed(static_cast<std::uint64_t>(++number), [&] {
      check_bulk_product<K, u8, s8>({17 + 50 * (number % 2), 67, 601}, finish_number(number), 7,
                                    2 + number, splits);
    });
}

TEST_CASE("a split of k changes no bit, and leaves its counters zero for the next launch") {
  for_each_type(gpu::w8a8_sm90_tilings{},
                [&]<class C>() { check_splits<gpu::gemm_w8a8_sm90<C, u8, s8>>(); });
  for_each_type(gpu::swapped_sm90_tilings{},
                [&]<class C>() { check_splits<gpu::gemm_w8a8_swapped<C, u8, s8>>(); });
}

TEST_CASE("rows that the copy engine cannot read are refused by name") {
  using K = gpu::gemm_w8a8_sm90<gpu::wgmma_64x64_12stages, s8, s8>;
  const integer_product<s8, s8> product({5, 7, 40}, finish_number(0), row_alignment::four, 1);
  const auto params =
      gpu::bulk_params<K>(product.x.view(), product.w.view(), product.values.epilogue(nullptr), 4);
  REQUIRE_FALSE(params.ok());
  CHECK(std::string_view(params.why().operand) == "pitch");
}

#if QTL_GPU_EMULATED
TEST_CASE("sums are turned into rows of tokens without bank conflicts") {
  for_each_type(gpu::swapped_sm90_tilings{}, [&]<class C>() {
    check_bulk_product<gpu::gemm_w8a8_swapped<C, s8, s8>, s8, s8>({C::tile_n, C::tile_m, 128}, {},
                                                                  3, 1);
    CHECK(gpu::emulated::last_launch().shared_requests > 0);
    CHECK(gpu::emulated::last_launch().bank_conflicts == 0);
  });
}
#endif

}  // namespace
