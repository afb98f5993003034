// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_fp8_sm90.cuh - y = x W^T with e4m3 or e5m2 on either side, on wgmma and TMA.
// Holds: gemm_fp8_sm90<Config, X, W, Kind>, gemm_fp8_block_sm90<Config, X, W, ScaleRows>, their tilings.
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
  /// Adds the slab times its scales, which were loaded before the tensor cores start and are used
  /// when they are done.
  template<class Scales>
  QTL_DEVICE void add_scaled(const slab_operands& slab, const Scales& scales) {
    add_slab(slab, [&](float sum, float part, auto b, auto i) {
      return ptx::fused_multiply_add(part, scales.at(2 * b + i / 2 % 2, i / 4, i % 2), sum);
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

/// A warp-specialized product whose scales change along k, one for every ScaleRows output features.
template<int ScaleRows>
struct scaled_bulk_params : bulk_product_params {
  group_scales x_scales;
  weight_scales<ScaleRows> w_scales;
};

/// Every slab is multiplied by its two scales.
template<class X, class W, int Blocks, int Columns, int ScaleRows>
struct block_group_sums : slab_group_sums<X, W, Blocks, Columns> {
  slab_scales<2 * Blocks, 64, Columns / 8, 1, ScaleRows> scales;

  QTL_DEVICE void begin(const scaled_bulk_params<ScaleRows>& p, std::int64_t first_row,
                        std::int64_t first_column) {
    this->clear();
    const fragment_place lane = fragment_place::of_lane();
    scales.rows.begin(p.x_scales, first_row + ptx::warp_index() % 4 * 16 + lane.row, p.epilogue.m);
    scales.columns.begin(p.w_scales, first_column + lane.column, p.epilogue.n);
  }
  QTL_DEVICE void add(const slab_operands& slab, std::int64_t group) {
    this->add_scaled(slab, scales.load(group));
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
/// Scales of single rows of weights are as many registers as a warpgroup has columns / 4 more.
using fp8_sm90_group_tilings = type_list<wgmma_128x128_6stages, wgmma_64x128_8stages,
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
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key); }
};

/// A scale for 1 x 128 activations and for ScaleRows x 128 weights, 128 rows or one.
template<WarpSpecializedTiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W, int ScaleRows = 128>
struct gemm_fp8_block_sm90
    : warp_specialized_product<Config,
                               block_group_sums<X, W, group_shape<Config>::blocks,
                                                group_shape<Config>::columns, ScaleRows>,
                               scaled_bulk_params<ScaleRows>> {
  static constexpr short_name name = short_name("fp8_sm90_")
                                         .append(fp8_scales_text(ScaleRows))
                                         .append(X::name.view())
                                         .append(W::name.view())
                                         .append("_")
                                         .append(Config::name.view());
  static constexpr int scale_rows = ScaleRows;
  static constexpr bool accepts(const gemm_key& key) {
    return is_fp8_product<X, W, ScaleRows>(key);
  }
};

}  // namespace qtl::inline v0::gpu
