// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_fp8_sm90.cuh - y = x W^T with e4m3 or e5m2 on either side, on wgmma and TMA.
// Holds: gemm_fp8_sm90<Config, X, W, Kind>, gemm_fp8_block_sm90<Config, X, W>, their tilings.
// Keys, scales and error bounds are those of gemm_fp8.cuh: Hopper's wgmma also keeps 13 explicit
// bits of an accumulator's mantissa for every 32 elements of k, and slabs are 128 elements here as
// well. Rows of both operands begin at multiples of 16 bytes.
#pragma once

#include "qtl/gpu/kernel/gemm_fp8.cuh"
#include "qtl/gpu/kernel/warp_specialized_product.cuh"

namespace qtl::inline v0::gpu {

/// A slab in the tensor core's accumulators, slabs in f32, ascending. 64 rows at a time, so that
/// one temporary serves all of a warpgroup's blocks.
template<class X, class W, int Blocks, int Columns>
struct slab_group_sums {
  using accumulator = float;
  static constexpr int blocks = Blocks;
  static constexpr int columns = Columns;
  static constexpr int lag = 0;
  static_assert(slab_bytes == promoted_columns, "a slab is what is promoted at once");

  float values[Blocks][Columns / 2];

  QTL_DEVICE void clear() {
    unrolled<Blocks * Columns / 2>(
        [&](auto i) { values[i / (Columns / 2)][i % (Columns / 2)] = 0.0f; });
  }
  QTL_DEVICE void finish() {}

  /// For every value: value = use(value, its sum over the slab, block, index).
  template<class Use>
  QTL_DEVICE void add_slab(const slab_operands& slab, const Use& use) {
    float part[Columns / 2];
    unrolled<Blocks>([&](auto b) {
      ptx::wgmma_fence();
      add_slab_to<X, W, Columns>(part, slab, b, true);
      ptx::wgmma_commit();
      ptx::wgmma_wait<0>();
      ptx::keep_registers(part);
      unrolled<Columns / 2>([&](auto i) { values[b][i] = use(values[b][i], part[i], b, i); });
    });
  }
};

/// Scales, if any, are constant along k and left to the epilogue.
template<class X, class W, int Blocks, int Columns>
struct promoted_group_sums : slab_group_sums<X, W, Blocks, Columns> {
  template<class Params>
  QTL_DEVICE void begin(const Params&, std::int64_t, std::int64_t) {
    this->clear();
  }
  QTL_DEVICE void add(const slab_operands& slab, std::int64_t) {
    this->add_slab(slab, [](float sum, float part, auto, auto) { return ptx::add_rn(sum, part); });
  }
};

/// A warp-specialized product whose scales change along k.
struct bulk_block_params : bulk_product_params {
  block_scales x_scales;  ///< a row for each token
  block_scales w_scales;  ///< a row for every 128 output features
};

/// Every slab is multiplied by its two scales.
template<class X, class W, int Blocks, int Columns>
struct block_group_sums : slab_group_sums<X, W, Blocks, Columns> {
  static_assert(128 % Columns == 0, "a warpgroup's columns share their scale");

  block_scales x_scales;
  block_scales w_scales;
  std::int64_t row;  ///< of this lane's first value
  std::int64_t last_row;
  std::int64_t w_row;

  QTL_DEVICE void begin(const bulk_block_params& p, std::int64_t first_row,
                        std::int64_t first_column) {
    this->clear();
    x_scales = p.x_scales;
    w_scales = p.w_scales;
    row = first_row + ptx::warp_index() % 4 * 16 + ptx::lane_index() / 4;
    last_row = p.epilogue.m - 1;
    w_row = (first_column < p.epilogue.n ? first_column : 0) / 128;
  }
  QTL_DEVICE void add(const slab_operands& slab, std::int64_t group) {
    // Loaded before the tensor cores start, used when they are done.
    float scale[2 * Blocks];
    const float w_scale = w_scales.at(w_row, group);
    unrolled<2 * Blocks>([&](auto r) {
      const std::int64_t i = row + r / 2 * 64 + r % 2 * 8;
      scale[r] = ptx::multiply_rn(x_scales.at(i < last_row ? i : last_row, group), w_scale);
    });
    this->add_slab(slab, [&](float sum, float part, auto b, auto i) {
      constexpr int which = 2 * decltype(b)::value + decltype(i)::value / 2 % 2;
      return ptx::fused_multiply_add(part, scale[which], sum);
    });
  }
};

/// Sums kept as Kind says, with the shape of a Config's warpgroups.
template<fp8_sums_kind Kind, class Config, class X, class W>
using fp8_group_sums = std::conditional_t<
    Kind == fp8_sums_kind::running,
    running_group_sums<X, W, group_shape<Config>::blocks, group_shape<Config>::columns>,
    promoted_group_sums<X, W, group_shape<Config>::blocks, group_shape<Config>::columns>>;

/// The Configs that are shipped, from many tokens to few. Promoted sums need registers for a slab
/// beside those of the sums; with scales of blocks, teams that take turns would not fit any more.
using fp8_sm90_running_tilings =
    type_list<wgmma_128x256_4stages_pair, wgmma_128x256_4stages, wgmma_256x128_4stages,
              wgmma_128x128_6stages_turns, wgmma_64x128_8stages>;
using fp8_sm90_promoted_tilings =
    type_list<wgmma_256x128_4stages, wgmma_128x128_6stages, wgmma_64x128_8stages,
              wgmma_64x64_12stages, wgmma_64x32_16stages>;

/// Scales per tensor, token or channel.
template<WarpSpecializedTiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W,
         fp8_sums_kind Kind = fp8_sums_kind::promoted>
struct gemm_fp8_sm90 : warp_specialized_product<Config, fp8_group_sums<Kind, Config, X, W>> {
  static constexpr fp8_sums_kind kind = Kind;
  static constexpr short_name name =
      short_name(Kind == fp8_sums_kind::running ? "fp8_sm90_running_" : "fp8_sm90_")
          .append(X::name.view())
          .append(W::name.view())
          .append("_")
          .append(Config::name.view());
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key, false); }
};

/// A scale for 1 x 128 activations and for 128 x 128 weights.
template<WarpSpecializedTiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W>
struct gemm_fp8_block_sm90
    : warp_specialized_product<
          Config, block_group_sums<X, W, group_shape<Config>::blocks, group_shape<Config>::columns>,
          bulk_block_params> {
  static constexpr short_name name = short_name("fp8_sm90_block_")
                                         .append(X::name.view())
                                         .append(W::name.view())
                                         .append("_")
                                         .append(Config::name.view());
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key, true); }
};

}  // namespace qtl::inline v0::gpu
