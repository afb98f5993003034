// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_fp8_test.cpp - FP8 products within their stated bounds, on tensor cores that keep
// 13 bits.
#include <string>

#include <doctest/doctest.h>

#include "gpu/covered_products.hpp"
#include "gpu/fp8_product.hpp"

namespace {

using namespace qtl_test;
using gpu::fp8_sums_kind;

/// FP8 sums as Ada and Hopper keep them, for the life of this object; a GPU does as it does.
struct truncated_sums {
  truncated_sums() { keep_13_bits(true); }
  ~truncated_sums() { keep_13_bits(false); }
  truncated_sums(const truncated_sums&) = delete;
  truncated_sums& operator=(const truncated_sums&) = delete;

  static void keep_13_bits([[maybe_unused]] bool on) {
#if QTL_GPU_EMULATED
    using gpu::emulated::fp8_sums;
    gpu::emulated::set_fp8_sums(on ? fp8_sums::truncated : fp8_sums::rounded);
#endif
  }
};

template<class K>
double error_of(std::int64_t k, int splits) {
  if constexpr (scale_rows_of<K>() != 0)
    return gpu::block_error(k, splits);
  else
    return K::kind == fp8_sums_kind::running ? gpu::running_error(k, splits)
                                             : gpu::promoted_error(k, splits);
}

template<class K, class Product>
std::vector<std::uint8_t> run(const Product& p, int splits = 1) {
  typename K::params params;
  static_cast<gpu::product_params&>(params) = p.params();
  if constexpr (scale_rows_of<K>() != 0) p.put_scales(params);
  return run_product<K>(params, p.values, splits, splits > 1 ? 2 : 1);
}

/// Every output of every kernel of the list is within its bound, in all that it can be asked for.
template<class Products>
void cover_all(coverage_of how) {
  const truncated_sums model;
  for_each_type(Products{}, [&]<class P>() {
    using K = typename P::kernel;
    cover<K>(how, false, [](const covered_case& c) {
      const std::string kernel(K::name.view());
      CAPTURE(kernel);
      CAPTURE(c.number);
      CAPTURE(c.shape.m);
      CAPTURE(c.shape.n);
      CAPTURE(c.shape.k);
      const fp8_product<typename P::x, typename P::w> p(c.shape, c.finish, c.alignment, c.number,
                                                        fp8_range::all, scale_rows_of<K>());
      CHECK(worst_error(p, error_of<K>(c.shape.k, 1), run<K>(p)) <= 1.0);
    });
  });
}

TEST_CASE("promoted sums: every tiling, output, function, count of rows and seed") {
  cover_all<covered::fp8>(coverage_of::pairs);
}
TEST_CASE("running sums") { cover_all<covered::fp8_running>(coverage_of::pairs); }
TEST_CASE("a scale for each block of activations and of weights") {
  cover_all<covered::fp8_blocks>(coverage_of::pairs);
}
TEST_CASE("a scale for 128 columns of each token and of each output feature") {
  cover_all<covered::fp8_groups>(coverage_of::pairs);
}

TEST_CASE("FP8 sums in every output with every function" * doctest::test_suite("slow")) {
  cover_all<covered::fp8>(coverage_of::product);
  cover_all<covered::fp8_running>(coverage_of::product);
  cover_all<covered::fp8_blocks>(coverage_of::product);
  cover_all<covered::fp8_groups>(coverage_of::product);
}

/// Sums that are split keep their bound, and are the same under every seed and in every launch.
template<class K>
void check_splits() {
  for (const int splits : {2, 3, 7}) {
    const product_shape s{33, 70, 1000};
    const finish_case f =
        product_cases::of(coverage_of::pairs, false)[static_cast<std::size_t>(splits)].finish;
    const fp8_product<e4m3, e4m3> p(s, f, row_alignment::sixteen, 3, fp8_range::all,
                                    scale_rows_of<K>());
    std::vector<std::uint8_t> first;
    for_each_seed([&] {
      const std::vector<std::uint8_t> y = run<K>(p, splits);
      CHECK(worst_error(p, error_of<K>(s.k, splits), y) <= 1.0);
      if (!first.empty()) CHECK(y == first);
      first = y;
    });
  }
}

TEST_CASE("split-K is deterministic and within the bound") {
  const truncated_sums model;
  check_splits<gpu::gemm_fp8<gpu::tile_16x64x128_6stages, e4m3, e4m3>>();
  check_splits<gpu::gemm_fp8<gpu::tile_64x64x128_4stages, e4m3, e4m3, fp8_sums_kind::running>>();
  check_splits<gpu::gemm_fp8_block<gpu::tile_32x64x128_5stages, e4m3, e4m3>>();
  check_splits<gpu::gemm_fp8_block<gpu::tile_16x64x128_6stages, e4m3, e4m3, 1>>();
}

TEST_CASE("promotion is what keeps a long sum of one sign within the tighter bound") {
  const truncated_sums model;
  const fp8_product<e4m3, e4m3> p({3, 5, 4096}, {}, row_alignment::sixteen, 1, fp8_range::positive);
  using promoted = gpu::gemm_fp8<gpu::tile_16x64x128_6stages, e4m3, e4m3>;
  using running = gpu::gemm_fp8<gpu::tile_64x64x128_4stages, e4m3, e4m3, fp8_sums_kind::running>;
  const double tight = gpu::promoted_error(4096, 1);
  CHECK(worst_error(p, tight, run<promoted>(p)) <= 1.0);
  const std::vector<std::uint8_t> rough = run<running>(p);
  CHECK(worst_error(p, gpu::running_error(4096, 1), rough) <= 1.0);
#if QTL_GPU_EMULATED  // tensor cores that keep more bits meet the tighter bound as well
  CHECK(worst_error(p, tight, rough) > 1.0);
#endif
}

TEST_CASE("keys of other formats or scales are refused") {
  using K = gpu::gemm_fp8<gpu::tile_64x64x128_4stages, e4m3, e4m3>;
  using B = gpu::gemm_fp8_block<gpu::tile_64x64x128_4stages, e4m3, e4m3>;
  const auto key = [](const linear_desc& d) { return make_gemm_key(d, output_kind::as_f32, 512); };
  using channel = policy<e4m3, symmetric, per_channel>;
  using token = policy<e4m3, symmetric, per_token, dynamic>;
  using block = policy<e4m3, symmetric, per_block<128, 128>>;
  using G = gpu::gemm_fp8_block<gpu::tile_64x64x128_4stages, e4m3, e4m3, 1>;
  using group = policy<e4m3, symmetric, per_group<128>, dynamic>;
  using row_group = policy<e4m3, symmetric, per_group<128>>;
  CHECK(K::accepts(key(describe_linear<channel, token>())));
  CHECK_FALSE(K::accepts(key(describe_linear<block, group>())));
  CHECK(B::accepts(key(describe_linear<block, group>())));
  CHECK_FALSE(B::accepts(key(describe_linear<channel, token>())));
  CHECK_FALSE(B::accepts(key(describe_linear<row_group, group>())));
  CHECK(G::accepts(key(describe_linear<row_group, group>())));
  CHECK_FALSE(G::accepts(key(describe_linear<block, group>())));
  CHECK_FALSE(G::accepts(key(describe_linear<policy<e4m3, symmetric, per_group<64>>, group>())));
  CHECK_FALSE(K::accepts(key(describe_linear<policy<e5m2, symmetric, per_channel>, token>())));
}

}  // namespace
