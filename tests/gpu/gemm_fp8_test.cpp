// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_fp8_test.cpp - FP8 products within their stated bounds, on tensor cores that keep
// 13 bits.
#include <string>

#include <doctest/doctest.h>

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

constexpr int cases = 135;  // 15 epilogues by 9 counts of rows

product_shape shape_number(int number) {
  constexpr std::int64_t rows[] = {1, 2, 15, 16, 17, 63, 64, 65, 130};
  constexpr std::int64_t columns[] = {1, 3, 17, 64, 70, 131};
  constexpr std::int64_t depths[] = {1, 5, 31, 128, 130, 263};
  return {rows[number % 9], columns[number / 2 % 6], depths[number / 3 % 6]};
}

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

template<class K, class X, class W>
void check_product(const product_shape& s, int number, int splits = 1) {
  const std::string kernel(K::name.view());
  CAPTURE(kernel);
  CAPTURE(number);
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  const fp8_product<X, W> p(s, real_finish_number(number), static_cast<row_alignment>(number % 3),
                            static_cast<unsigned>(number), fp8_range::all, scale_rows_of<K>());
  CHECK(worst_error(p, error_of<K>(s.k, splits), run<K>(p, splits)) <= 1.0);
}

template<class K, class X, class W>
void check_cases(int step) {
  for (int number = 0; number < cases; number += step)
    under_seed_of(number, [&] { check_product<K, X, W>(shape_number(number), number); });
}

TEST_CASE("promoted sums: every tiling, output, function and count of rows") {
  const truncated_sums model;
  for_each_type(gpu::fp8_promoted_tilings{},
                [&]<class C>() { check_cases<gpu::gemm_fp8<C, e4m3, e4m3>, e4m3, e4m3>(1); });
}

TEST_CASE("running sums") {
  const truncated_sums model;
  for_each_type(gpu::fp8_running_tilings{}, [&]<class C>() {
    check_cases<gpu::gemm_fp8<C, e4m3, e4m3, fp8_sums_kind::running>, e4m3, e4m3>(1);
  });
}

TEST_CASE("a scale for each block of activations and of weights") {
  const truncated_sums model;
  for_each_type(gpu::fp8_block_tilings{},
                [&]<class C>() { check_cases<gpu::gemm_fp8_block<C, e4m3, e4m3>, e4m3, e4m3>(1); });
}

TEST_CASE("a scale for 128 columns of each token and of each output feature") {
  const truncated_sums model;
  for_each_type(gpu::fp8_block_tilings{}, [&]<class C>() {
    check_cases<gpu::gemm_fp8_block<C, e4m3, e4m3, 1>, e4m3, e4m3>(4);
  });
}

TEST_CASE("e5m2 on one side or both") {
  const truncated_sums model;
  using tile = gpu::tile_16x64x128_6stages;
  check_cases<gpu::gemm_fp8<tile, e5m2, e4m3>, e5m2, e4m3>(2);
  check_cases<gpu::gemm_fp8<tile, e4m3, e5m2>, e4m3, e5m2>(2);
  check_cases<gpu::gemm_fp8<tile, e5m2, e5m2>, e5m2, e5m2>(2);
}

/// Sums that are split keep their bound, and are the same under every seed and in every launch.
template<class K>
void check_splits() {
  for (const int splits : {2, 3, 7}) {
    const product_shape s{33, 70, 1000};
    const fp8_product<e4m3, e4m3> p(s, real_finish_number(splits), row_alignment::sixteen, 3,
                                    fp8_range::all, scale_rows_of<K>());
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

TEST_CASE("codes of an 8-bit output are those of a real within the bound") {
  finish_case f;
  f.kind = gpu::stored_as::codes;
  f.per_token = f.per_channel = f.bias = true;
  using K = gpu::gemm_fp8<gpu::tile_64x64x128_4stages, e4m3, e4m3>;
  for_each_seed([&] {
    const fp8_product<e4m3, e4m3> p({17, 21, 200}, f, row_alignment::four, 11);
    const std::vector<std::uint8_t> y = run<K>(p);
    const gpu::epilogue_params e = p.values.epilogue(nullptr);
    for (std::int64_t i = 0; i < 17; ++i)
      for (std::int64_t j = 0; j < 21; ++j) {
        const double steps = p.exact(i, j) / static_cast<double>(e.code_scale);
        const double most =
            0.51 + bound_at(p, error_of<K>(200, 1), i, j) / static_cast<double>(e.code_scale);
        const auto code = static_cast<std::int8_t>(y[static_cast<std::size_t>(i * 21 + j)]);
        CHECK(std::fabs(code - std::fmin(127, std::fmax(-127, steps))) <= most);
      }
  });
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
