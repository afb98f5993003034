// SPDX-License-Identifier: Apache-2.0
// tests/gpu/bulk_output_test.cpp - outputs that the copy engine stores while the next tile is
// multiplied: the same bits as the reference, only where the output is, and no bank met twice.
#include <doctest/doctest.h>

#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

#include "gpu/bulk_product.hpp"

namespace {

using namespace qtl_test;

constexpr gpu::stored_as kinds[] = {gpu::stored_as::s32, gpu::stored_as::f32, gpu::stored_as::f16,
                                    gpu::stored_as::bf16, gpu::stored_as::codes};

finish_case padded(gpu::stored_as kind) {
  finish_case f;
  f.kind = kind;
  f.per_token = f.per_channel = f.bias = f.zero_x = f.zero_w = f.padded = true;
  f.signed_codes = false;
  return f;
}

/// Cooperative with one and with two blocks of rows, pairs, teams, and boxes of every width.
using forms = type_list<gpu::wgmma_128x256_4stages, gpu::wgmma_256x128_4stages,
                        gpu::wgmma_128x256_4stages_pair, gpu::wgmma_128x128_6stages_turns,
                        gpu::wgmma_64x128_8stages, gpu::wgmma_64x32_16stages>;

TEST_CASE("every output, stored beside the next tile's products under five seeds") {
  for_each_type(forms{}, [&]<class C>() {
    using K = gpu::gemm_w8a8_sm90<C, s8, s8>;
    for (const gpu::stored_as kind : kinds) {
      CAPTURE(K::name.c_str());
      CAPTURE(static_cast<int>(kind));
      // Two tiles a block and more; tails of 3 rows and 9 columns.
      const product_shape s{C::tile_m + 3, C::tile_n + 9, 140};
      const integer_product<s8, s8> product(s, padded(kind), row_alignment::sixteen, 5);
      const std::vector<std::uint8_t> expected = product.expected();
      for_each_seed(
          [&] {
            CHECK(run_bulk_product<K>(product.x.view(), product.w.view(), product.values, 2) ==
                  expected);
          },
          5);
    }
  });
}

TEST_CASE("which outputs the copy engine may write") {
  alignas(16) static std::byte memory[64];
  gpu::epilogue_params e;
  e.y = memory;
  e.m = e.n = 4;
  e.row_stride = 8;
  e.kind = gpu::stored_as::f16;
  CHECK(gpu::copy_engine_writes(e));
  const auto with = [&](const auto& change) {
    gpu::epilogue_params other = e;
    change(other);
    return gpu::copy_engine_writes(other);
  };
  CHECK(with([](auto& p) { p.kind = gpu::stored_as::f32; }));
  CHECK_FALSE(with([](auto& p) { p.kind = gpu::stored_as::codes; }));
  CHECK_FALSE(with([](auto& p) { p.row_stride = 9; }));
  CHECK_FALSE(with([](auto& p) { p.row_stride = 0; }));
  CHECK_FALSE(with([](auto& p) { p.y = memory + 2; }));
  CHECK_FALSE(with([](auto& p) { p.col_stride = 4; }));
  CHECK_FALSE(with([](auto& p) { p.m = 0; }));
}

#if QTL_GPU_EMULATED
/// What an output of one whole tile adds to the requests, wavefronts and conflicts of its sums.
template<class K>
gpu::emulated::launch_counts counts_of(gpu::stored_as kind) {
  const product_shape s{K::config::tile_m, K::config::tile_n, 128};
  const integer_product<s8, s8> product(s, padded(kind), row_alignment::sixteen, 1);
  static_cast<void>(run_bulk_product<K>(product.x.view(), product.w.view(), product.values, 1));
  return gpu::emulated::last_launch();
}

TEST_CASE("boxes are filled without bank conflicts") {
  for_each_type(
      type_list<gpu::wgmma_128x128_6stages, gpu::wgmma_64x64_12stages, gpu::wgmma_64x32_16stages>{},
      [&]<class C>() {
        using K = gpu::gemm_w8a8_sm90<C, s8, s8>;
        constexpr std::uint64_t strips = C::tile_m / 16 * C::tile_n / 32;
        for (const gpu::stored_as kind : kinds) {
          CAPTURE(K::name.c_str());
          CAPTURE(static_cast<int>(kind));
          const gpu::emulated::launch_counts c = counts_of<K>(kind);
          CHECK(c.bank_conflicts == 0);
          // 16 rows of 128, 64 or 32 bytes; two bytes a lane leave half of the banks idle.
          CHECK(c.shared_wavefronts == strips * (gpu::stored_bytes(kind) == 4 ? 16 : 8));
        }
      });
}
#endif

}  // namespace
