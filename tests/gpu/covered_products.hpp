// SPDX-License-Identifier: Apache-2.0
// tests/gpu/covered_products.hpp - which kernels are tested whose operands are rows of codes.
// Holds: rows_product and the lists of them. kernel_coverage_test.cpp finds every kernel of the
// backend in one of the lists; the tests of a list walk over it.
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/gpu/kernel/gemm_fp8_sm90.cuh"
#include "qtl/gpu/kernel/gemm_s4s4.cuh"
#include "qtl/gpu/kernel/gemm_swapped_sm90.cuh"
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

namespace qtl_test {

/// Kernel K with its formats.
template<class K, class X, class W>
struct rows_product {
  using kernel = K;
  using x = X;
  using w = W;
};

namespace covered {

using qtl::e4m3, qtl::e5m2, qtl::s4, qtl::s8, qtl::u4, qtl::u8, qtl::type_list;
namespace gpu = qtl::gpu;

template<class X, class W, class... C>
auto w8a8_in(type_list<C...>) -> type_list<rows_product<gpu::gemm_w8a8<C, X, W>, X, W>...>;
template<class X, class W, class... C>
auto s4s4_in(type_list<C...>) -> type_list<rows_product<gpu::gemm_s4s4<C, X, W>, X, W>...>;
template<class X, class W, class... C>
auto fp8_in(type_list<C...>) -> type_list<rows_product<gpu::gemm_fp8<C, X, W>, X, W>...>;
template<class X, class W, class... C>
auto running_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_fp8<C, X, W, gpu::fp8_sums_kind::running>, X, W>...>;
template<class X, class W, int ScaleRows, class... C>
auto blocks_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_fp8_block<C, X, W, ScaleRows>, X, W>...>;
template<class X, class W, class... C>
auto w8a8_sm90_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_w8a8_sm90<C, X, W>, X, W>...>;
template<class X, class W, class... C>
auto fp8_sm90_in(type_list<C...>) -> type_list<rows_product<gpu::gemm_fp8_sm90<C, X, W>, X, W>...>;
template<class X, class W, class... C>
auto running_sm90_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_fp8_sm90<C, X, W, gpu::fp8_sums_kind::running>, X, W>...>;
template<class X, class W, int ScaleRows, class... C>
auto blocks_sm90_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_fp8_block_sm90<C, X, W, ScaleRows>, X, W>...>;
template<class X, class W, class... C>
auto w8a8_swapped_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_w8a8_swapped<C, X, W>, X, W>...>;
template<class X, class W, class... C>
auto fp8_swapped_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_fp8_swapped<C, X, W>, X, W>...>;
template<class X, class W, int ScaleRows, class... C>
auto blocks_swapped_in(type_list<C...>)
    -> type_list<rows_product<gpu::gemm_fp8_block_swapped<C, X, W, ScaleRows>, X, W>...>;

/// Every tiling with every pair of formats.
using w8a8 = qtl::concatenated<
    decltype(w8a8_in<s8, s8>(gpu::w8a8_tilings{})), decltype(w8a8_in<u8, s8>(gpu::w8a8_tilings{})),
    decltype(w8a8_in<s8, u8>(gpu::w8a8_tilings{})), decltype(w8a8_in<u8, u8>(gpu::w8a8_tilings{}))>;
using s4s4 = qtl::concatenated<
    decltype(s4s4_in<s4, s4>(gpu::s4s4_tilings{})), decltype(s4s4_in<u4, s4>(gpu::s4s4_tilings{})),
    decltype(s4s4_in<s4, u4>(gpu::s4s4_tilings{})), decltype(s4s4_in<u4, u4>(gpu::s4s4_tilings{}))>;

/// Every tiling with pairs that differ in what the instruction converts, and one tiling with all.
using fp8 =
    qtl::concatenated<decltype(fp8_in<e4m3, e4m3>(gpu::fp8_promoted_tilings{})),
                      decltype(fp8_in<e5m2, e5m2>(gpu::fp8_promoted_tilings{})),
                      decltype(fp8_in<e4m3, e5m2>(type_list<gpu::tile_16x64x128_6stages>{})),
                      decltype(fp8_in<e5m2, e4m3>(type_list<gpu::tile_16x64x128_6stages>{}))>;
using fp8_running = decltype(running_in<e4m3, e4m3>(gpu::fp8_running_tilings{}));
using fp8_blocks = decltype(blocks_in<e4m3, e4m3, 128>(gpu::fp8_block_tilings{}));
using fp8_groups = decltype(blocks_in<e4m3, e4m3, 1>(gpu::fp8_block_tilings{}));

/// On Hopper likewise.
using w8a8_sm90 = qtl::concatenated<decltype(w8a8_sm90_in<s8, s8>(gpu::w8a8_sm90_tilings{})),
                                    decltype(w8a8_sm90_in<u8, s8>(gpu::w8a8_sm90_tilings{}))>;
using fp8_sm90 =
    qtl::concatenated<decltype(fp8_sm90_in<e4m3, e4m3>(gpu::fp8_sm90_promoted_tilings{})),
                      decltype(fp8_sm90_in<e5m2, e5m2>(gpu::fp8_sm90_promoted_tilings{})),
                      decltype(fp8_sm90_in<e4m3, e5m2>(type_list<gpu::wgmma_64x32_16stages>{})),
                      decltype(fp8_sm90_in<e5m2, e4m3>(type_list<gpu::wgmma_64x32_16stages>{})),
                      decltype(fp8_sm90_in<e4m3, e4m3>(
                          type_list<gpu::wgmma_128x128_6stages_turns>{}))>;
using fp8_sm90_running = decltype(running_sm90_in<e4m3, e4m3>(gpu::fp8_sm90_running_tilings{}));
using fp8_sm90_blocks = decltype(blocks_sm90_in<e4m3, e4m3, 128>(gpu::fp8_sm90_promoted_tilings{}));
using fp8_sm90_groups = decltype(blocks_sm90_in<e4m3, e4m3, 1>(gpu::fp8_sm90_group_tilings{}));

/// For few tokens, likewise.
using w8a8_swapped =
    qtl::concatenated<decltype(w8a8_swapped_in<s8, s8>(gpu::swapped_sm90_tilings{})),
                      decltype(w8a8_swapped_in<u8, s8>(gpu::swapped_sm90_tilings{}))>;
using fp8_swapped =
    qtl::concatenated<decltype(fp8_swapped_in<e4m3, e4m3>(gpu::swapped_sm90_tilings{})),
                      decltype(fp8_swapped_in<e5m2, e5m2>(gpu::swapped_sm90_tilings{}))>;
using fp8_swapped_running = type_list<rows_product<
    gpu::gemm_fp8_swapped<gpu::swapped_128x16_11stages, e4m3, e4m3, gpu::fp8_sums_kind::running>,
    e4m3, e4m3>>;
using fp8_swapped_blocks =
    decltype(blocks_swapped_in<e4m3, e4m3, 128>(gpu::swapped_sm90_tilings{}));
using fp8_swapped_groups = decltype(blocks_swapped_in<e4m3, e4m3, 1>(gpu::swapped_sm90_tilings{}));

}  // namespace covered

}  // namespace qtl_test
