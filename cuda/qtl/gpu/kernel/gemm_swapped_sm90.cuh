// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_swapped_sm90.cuh - Hopper's 8-bit products for few tokens: weights are wgmma's rows.
// Holds: gemm_w8a8_swapped, gemm_fp8_swapped, gemm_fp8_block_swapped, swapped_sm90_tilings. Keys, bits and
// bounds are those of gemm_w8a8_sm90.cuh and gemm_fp8_sm90.cuh: each output is the same sum in the
// same order, only the place in the tensor core is another.
#pragma once

#include "qtl/gpu/epilogue/transposed_finish.cuh"
#include "qtl/gpu/kernel/gemm_fp8_sm90.cuh"
#include "qtl/gpu/kernel/gemm_w8a8.cuh"

namespace qtl::inline v0::gpu {

/// The Configs that are shipped, from many tokens to few.
using swapped_sm90_tilings =
    type_list<swapped_128x32_10stages, swapped_64x32_16stages, swapped_128x16_11stages,
              swapped_64x16_20stages, swapped_128x8_12stages>;

/// "w8a8_sm90_s8s8_128x16x11s".
template<class Config, class X, class W>
constexpr short_name swapped_name(std::string_view family) {
  return short_name(family)
      .append(X::name.view())
      .append(W::name.view())
      .append("_")
      .append(Config::name.view());
}

/// A product with Sums, weights being its rows.
template<class Config, class Sums, class Params = bulk_product_params>
using swapped_product = warp_specialized_product<Config, Sums, Params, transposed_finish<Sums>>;

/// Integers: the keys of gemm_w8a8_sm90.
template<WarpSpecializedTiling Config, ptx::Int8Operand X, ptx::Int8Operand W>
struct gemm_w8a8_swapped
    : swapped_product<Config, running_group_sums<W, X, group_shape<Config>::blocks,
                                                 group_shape<Config>::columns>> {
  static constexpr short_name name = swapped_name<Config, X, W>("w8a8_sm90_");
  static constexpr bool accepts(const gemm_key& key) { return is_integer_product<X, W>(key); }
};

/// FP8 with scales per tensor, token or channel.
template<WarpSpecializedTiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W,
         fp8_sums_kind Kind = fp8_sums_kind::promoted>
struct gemm_fp8_swapped : swapped_product<Config, fp8_group_sums<Kind, Config, W, X>> {
  static constexpr fp8_sums_kind kind = Kind;
  static constexpr short_name name = swapped_name<Config, X, W>(
      Kind == fp8_sums_kind::running ? "fp8_sm90_running_" : "fp8_sm90_");
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key); }
};

/// Every slab is multiplied by its two scales; with ScaleRows 128 those of a warpgroup's features
/// are one.
template<class W, class X, int Blocks, int Columns, int ScaleRows>
struct swapped_block_sums : slab_group_sums<W, X, Blocks, Columns> {
  static_assert(128 % (64 * Blocks) == 0, "a warpgroup's features share their scale");

  slab_scales<2 * Blocks, 64, Columns / 8, ScaleRows, 1> scales;

  QTL_DEVICE void begin(const scaled_bulk_params<ScaleRows>& p, std::int64_t first_feature,
                        std::int64_t first_token) {
    this->clear();
    const fragment_place lane = fragment_place::of_lane();
    scales.rows.begin(p.w_scales, first_feature + ptx::warp_index() % 4 * 16 + lane.row,
                      p.epilogue.n);
    scales.columns.begin(p.x_scales, first_token + lane.column, p.epilogue.m);
  }
  QTL_DEVICE void add(const slab_operands& slab, std::int64_t group) {
    this->add_scaled(slab, scales.load(group));
  }
};

/// FP8 with a scale for 1 x 128 activations and for ScaleRows x 128 weights, 128 rows or one.
template<WarpSpecializedTiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W, int ScaleRows = 128>
struct gemm_fp8_block_swapped
    : swapped_product<Config,
                      swapped_block_sums<W, X, group_shape<Config>::blocks,
                                         group_shape<Config>::columns, ScaleRows>,
                      scaled_bulk_params<ScaleRows>> {
  static constexpr int scale_rows = ScaleRows;
  static constexpr short_name name =
      swapped_name<Config, X, W>(ScaleRows == 128 ? "fp8_sm90_block_" : "fp8_sm90_group_");
  static constexpr bool accepts(const gemm_key& key) {
    return is_fp8_product<X, W, ScaleRows>(key);
  }
};

}  // namespace qtl::inline v0::gpu
