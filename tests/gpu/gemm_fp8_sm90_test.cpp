// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_fp8_sm90_test.cpp - Hopper's FP8 products within their stated bounds, on
// accumulators of 13 bits.
#include "qtl/gpu/kernel/gemm_fp8_sm90.cuh"

#include <doctest/doctest.h>

#include "gpu/bulk_product.hpp"
#include "gpu/covered_products.hpp"
#include "gpu/fp8_product.hpp"
#include "gpu/truncated_sums.hpp"

namespace {

using namespace qtl_test;
using gpu::fp8_sums_kind;

template<class K>
double error_of(std::int64_t k, int splits = 1) {
  if constexpr (scale_rows_of<K>() != 0)
    return gpu::block_error(k, splits);
  else
    return K::kind == fp8_sums_kind::running ? gpu::running_error(k, splits)
                                             : gpu::promoted_error(k, splits);
}

/// The output of K on a GPU of so many multiprocessors; every byte is written once.
template<class K, class Product>
std::vector<std::uint8_t> run(const Product& p, int multiprocessors = 4, int splits = 1) {
  const auto complete = [&]([[maybe_unused]] typename K::params& params) {
    if constexpr (scale_rows_of<K>() != 0) p.put_scales(params);
  };
  return run_bulk_product<K>(p.x.view(), p.w.view(), p.values, multiprocessors, complete, splits);
}

/// Every output of every kernel of the list is within its bound, in all that it can be asked for.
template<class Products>
void cover_all(coverage_of how) {
  [[maybe_unused]] const truncated_sums model;
  for_each_type(Products{}, [&]<class P>() {
    using K = typename P::kernel;
    cover<K>(how, false, [](const covered_case& c) {
      CAPTURE(K::name.c_str());
      CAPTURE(c.number);
      const fp8_product<typename P::x, typename P::w> p(
          c.shape, c.finish, row_alignment::sixteen, c.number, fp8_range::all, scale_rows_of<K>());
      CHECK(worst_error(p, error_of<K>(c.shape.k), run<K>(p)) <= 1.0);
    });
  });
}

TEST_CASE("promoted sums on Hopper: every tiling, output, function, count of rows and seed") {
  cover_all<covered::fp8_sm90>(coverage_of::pairs);
}
TEST_CASE("running sums on Hopper") { cover_all<covered::fp8_sm90_running>(coverage_of::pairs); }
TEST_CASE("a scale for each block on Hopper") {
  cover_all<covered::fp8_sm90_blocks>(coverage_of::pairs);
}

TEST_CASE("a scale for 128 columns of each token and of each output feature on Hopper") {
  cover_all<covered::fp8_sm90_groups>(coverage_of::pairs);
  cover_all<covered::fp8_swapped_groups>(coverage_of::pairs);
}

TEST_CASE("few tokens on Hopper: promoted, running and scaled by blocks") {
  cover_all<covered::fp8_swapped>(coverage_of::pairs);
  cover_all<covered::fp8_swapped_running>(coverage_of::pairs);
  cover_all<covered::fp8_swapped_blocks>(coverage_of::pairs);
}

TEST_CASE("Hopper's FP8 in every output with every function" * doctest::test_suite("slow")) {
  cover_all<covered::fp8_sm90>(coverage_of::product);
  cover_all<covered::fp8_sm90_running>(coverage_of::product);
  cover_all<covered::fp8_sm90_blocks>(coverage_of::product);
  cover_all<covered::fp8_swapped>(coverage_of::product);
  cover_all<covered::fp8_swapped_blocks>(coverage_of::product);
  cover_all<covered::fp8_sm90_groups>(coverage_of::product);
  cover_all<covered::fp8_swapped_groups>(coverage_of::product);
}

/// The same bits under five seeds, with blocks that walk over several items.
template<class K>
void check_walk(int splits) {
  constexpr std::int64_t rows = K::config::tile_m + 5;
  constexpr std::int64_t columns = K::config::tile_n + 9;
  const product_shape s =
      K::transposed ? product_shape{columns, rows, 900} : product_shape{rows, columns, 900};
  const finish_case f = product_cases::of(coverage_of::pairs, false)[1].finish;
  const fp8_product<e4m3, e4m3> p(s, f, row_alignment::sixteen, 3, fp8_range::all,
                                  scale_rows_of<K>());
  std::vector<std::uint8_t> first;
  for_each_seed(
      [&] {
        const std::vector<std::uint8_t> y = run<K>(p, 2, splits);
        if (first.empty()) CHECK(worst_error(p, error_of<K>(s.k, splits), y) <= 1.0);
        if (!first.empty()) CHECK(y == first);
        first = y;
      },
      5);
}

TEST_CASE("blocks that walk over several tiles give the same bits under every seed") {
  [[maybe_unused]] const truncated_sums model;
  check_walk<gpu::gemm_fp8_sm90<gpu::wgmma_128x128_6stages, e4m3, e4m3>>(1);
  check_walk<gpu::gemm_fp8_sm90<gpu::wgmma_128x128_6stages_turns, e4m3, e4m3>>(1);
  check_walk<gpu::gemm_fp8_block_sm90<gpu::wgmma_64x64_12stages, e4m3, e4m3>>(1);
  check_walk<gpu::gemm_fp8_block_sm90<gpu::wgmma_128x128_6stages, e4m3, e4m3, 1>>(1);
  check_walk<gpu::gemm_fp8_swapped<gpu::swapped_128x8_12stages, e4m3, e4m3>>(1);
}

TEST_CASE("split-K on Hopper is deterministic and within the bound") {
  [[maybe_unused]] const truncated_sums model;
  check_walk<gpu::gemm_fp8_sm90<gpu::wgmma_64x128_8stages, e4m3, e4m3>>(3);
  check_walk<gpu::gemm_fp8_sm90<gpu::wgmma_64x128_8stages, e4m3, e4m3, fp8_sums_kind::running>>(2);
  check_walk<gpu::gemm_fp8_block_sm90<gpu::wgmma_64x32_16stages, e4m3, e4m3>>(5);
  check_walk<gpu::gemm_fp8_block_sm90<gpu::wgmma_64x128_8stages, e4m3, e4m3, 1>>(2);
  check_walk<gpu::gemm_fp8_block_swapped<gpu::swapped_128x32_10stages, e4m3, e4m3>>(4);
}

TEST_CASE("promotion keeps a long sum of one sign within the tighter bound on Hopper") {
  [[maybe_unused]] const truncated_sums model;
  const fp8_product<e4m3, e4m3> p({3, 5, 4096}, {}, row_alignment::sixteen, 1, fp8_range::positive);
  const double tight = gpu::promoted_error(4096, 1);
  using tile = gpu::wgmma_64x128_8stages;
  CHECK(worst_error(p, tight, run<gpu::gemm_fp8_sm90<tile, e4m3, e4m3>>(p)) <= 1.0);
  const auto rough = run<gpu::gemm_fp8_sm90<tile, e4m3, e4m3, fp8_sums_kind::running>>(p);
  CHECK(worst_error(p, gpu::running_error(4096, 1), rough) <= 1.0);
  CHECK(worst_error(p, tight, rough) > 1.0);
}

}  // namespace
