// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/box_stage.cuh - what a stage of a warp-specialized product holds: a box of each operand.
// Holds: work_item, box_stage<Config, Transposed>, the pattern of what a warp-specialized product
// takes as its Stage.
// To add one: a struct with `bytes`, expected(), load() and operands().
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/cluster.cuh"
#include "qtl/gpu/ptx/tma.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"
#include "qtl/gpu/tile/copy.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"

namespace qtl::inline v0::gpu {

/// What a block does at a time: a part of the k of a tile.
struct work_item {
  std::int64_t tile;  ///< its number among all blocks' tiles
  std::int64_t row;   ///< its first sum among all
  std::int64_t column;
  int split;
  slab_range slabs;
};

/// tile_m rows of the left operand, then tile_n of the right one: tokens and weights or, where the
/// product is transposed, weights and tokens.
template<class Config, bool Transposed>
struct box_stage {
  static constexpr std::uint32_t left_bytes = Config::tile_m * slab_bytes;
  static constexpr std::uint32_t bytes = left_bytes + Config::tile_n * slab_bytes;
  static constexpr auto blocks = static_cast<int>(Config::cluster_blocks);
  static_assert(!Transposed || blocks == 1, "blocks of a cluster share the right operand's boxes");

  /// Rows of the tensor maps' boxes.
  static constexpr int x_rows = Transposed ? Config::tile_n : Config::tile_m;
  static constexpr int w_rows = Transposed ? Config::tile_m : Config::tile_n / blocks;

  /// Bytes that come to a stage.
  template<class Params>
  QTL_DEVICE static std::uint32_t expected(const Params&) {
    return bytes;
  }

  /// Starts filling the stage at `to`.
  template<class Params>
  QTL_DEVICE static void load(const Params& p, std::uint32_t to, std::uint32_t full,
                              const work_item& item, std::int64_t slab) {
    const auto k = static_cast<std::int32_t>(slab * slab_bytes);
    const auto row = static_cast<std::int32_t>(item.row);
    const auto column = static_cast<std::int32_t>(item.column);
    if constexpr (Transposed) {
      load_weights(p, to, full, k, row);
      ptx::tma_load_2d(to + left_bytes, p.x, full, k, column);
    } else {
      ptx::tma_load_2d(to, p.x, full, k, row);
      load_weights(p, to + left_bytes, full, k, column);
    }
  }

  /// A warpgroup's operands, whose first rows are these of the tile's.
  QTL_DEVICE static slab_operands operands(std::uint32_t row, std::uint32_t column) {
    return {row * slab_bytes, left_bytes + column * slab_bytes};
  }

 private:
  template<class Params>
  QTL_DEVICE static void load_weights(const Params& p, std::uint32_t to, std::uint32_t full,
                                      std::int32_t k, std::int32_t y) {
    if constexpr (blocks > 1) {
      constexpr auto everyone = static_cast<std::uint16_t>((1u << blocks) - 1);
      const auto part = static_cast<std::int32_t>(ptx::cluster_rank()) * w_rows;
      ptx::tma_load_2d_multicast(to + static_cast<std::uint32_t>(part) * slab_bytes, p.w, full, k,
                                 y + part, everyone);
    } else if constexpr (Config::weights == reuse::once) {
      ptx::tma_load_2d(to, p.w, full, k, y, ptx::l2_evict_first());
    } else {
      ptx::tma_load_2d(to, p.w, full, k, y);
    }
  }
};

}  // namespace qtl::inline v0::gpu
