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
    type_list<swapped_128x32_10stages, swapped_128x16_11stages, swapped_128x8_12stages>;

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
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key, false); }
};

/// Every slab is multiplied by its two scales, of which a warpgroup's features share theirs.
template<class W, class X, int Blocks, int Columns>
struct swapped_block_sums : slab_group_sums<W, X, Blocks, Columns> {
  static_assert(128 % (64 * Blocks) == 0, "a warpgroup's features share their scale");

  block_scales x_scales;
  block_scales w_scales;
  std::int64_t token;  ///< of this lane's first value
  std::int64_t last_token;
  std::int64_t w_row;

  QTL_DEVICE void begin(const bulk_block_params& p, std::int64_t first_feature,
                        std::int64_t first_token) {
    this->clear();
    x_scales = p.x_scales;
    w_scales = p.w_scales;
    token = first_token + ptx::lane_index() % 4 * 2;
    last_token = p.epilogue.m - 1;
    w_row = (first_feature < p.epilogue.n ? first_feature : 0) / 128;
  }
  QTL_DEVICE void add(const slab_operands& slab, std::int64_t group) {
    // Loaded before the tensor cores start, used when they are done.
    float scale[Columns / 4];
    const float w_scale = w_scales.at(w_row, group);
    unrolled<Columns / 4>([&](auto c) {
      const std::int64_t i = token + c / 2 * 8 + c % 2;
      scale[c] = ptx::multiply_rn(x_scales.at(i < last_token ? i : last_token, group), w_scale);
    });
    this->add_slab(slab, [&](float sum, float part, auto, auto i) {
      constexpr int which = decltype(i)::value / 4 * 2 + decltype(i)::value % 2;
      return ptx::fused_multiply_add(part, scale[which], sum);
    });
  }
};

/// FP8 with a scale for 1 x 128 activations and for 128 x 128 weights.
template<WarpSpecializedTiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W>
struct gemm_fp8_block_swapped
    : swapped_product<
          Config,
          swapped_block_sums<W, X, group_shape<Config>::blocks, group_shape<Config>::columns>,
          bulk_block_params> {
  static constexpr short_name name = swapped_name<Config, X, W>("fp8_sm90_block_");
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key, true); }
};

}  // namespace qtl::inline v0::gpu
