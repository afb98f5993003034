// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/multistage_product.cuh - the body that the mma.sync products share.
// Holds: product_params, multistage_product<Config, Sums>. A block computes one tile of the output,
// or with split-K a part of its k: cp.async fills a ring of swizzled stages, ldmatrix feeds
// mma.sync, the epilogue writes. What differs between kernels is how a slab is added: their Sums.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/finish.cuh"
#include "qtl/gpu/kernel/tilings.cuh"
#include "qtl/gpu/scheduler/split_k.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"
#include "qtl/gpu/tile/copy.cuh"
#include "qtl/gpu/tile/pipeline.cuh"
#include "qtl/gpu/tile/warp_product.cuh"

namespace qtl::inline v0::gpu {

/// A product on the device: codes of both sides, row by row, and what becomes of the sums. The
/// extents are those of the epilogue.
struct product_params {
  byte_rows x;  ///< m rows of activations
  byte_rows w;  ///< n rows of weights
  epilogue_params epilogue;
  split_k split;
};

/// Where a warp works: its first row and column in the tile, and in the output.
struct warp_place {
  unsigned tile_row;
  unsigned tile_column;
  std::int64_t row;
  std::int64_t column;
};

/// What a Config means for the threads of a block.
template<Tiling Config>
struct block_shape {
  static constexpr int threads = 32 * Config::warps_m * Config::warps_n;
  static constexpr int warp_m = Config::tile_m / Config::warps_m;
  static constexpr int warp_n = Config::tile_n / Config::warps_n;
  static constexpr int fragments_m = warp_m / 16;
  static constexpr int fragments_n = warp_n / 8;
  static constexpr std::uint32_t x_bytes = Config::tile_m * Config::tile_k;
  static constexpr std::uint32_t stage_bytes = x_bytes + Config::tile_n * Config::tile_k;
  static constexpr std::uint32_t finish_bytes = finish_scratch_bytes<fragments_n>;
  static constexpr std::uint32_t ring_bytes = Config::stages * stage_bytes;
  static constexpr std::uint32_t shared_bytes =
      ring_bytes > finish_bytes* threads / 32 ? ring_bytes : finish_bytes* threads / 32;

  QTL_DEVICE static warp_place place(const tile_place& tile) {
    const unsigned warp = ptx::warp_index();
    const unsigned row = warp / Config::warps_n * warp_m;
    const unsigned column = warp % Config::warps_n * warp_n;
    return {row, column, tile.m * Config::tile_m + row, tile.n * Config::tile_n + column};
  }
};

/// Sums holds the accumulators of a warp:
///     Sums(const Params&, const warp_place&);
///     void add(std::uint32_t x, std::uint32_t w, std::int64_t slab);   // tiles in shared memory
///     accumulator sums[fragments_m][fragments_n][4];
template<Tiling Config, class Sums, class Params = product_params>
struct multistage_product {
  using shape = block_shape<Config>;

  static tile_order order(const epilogue_params& e) {
    return order_tiles(e.m, e.n, Config::tile_m, Config::tile_n);
  }
  static dim grid(const Params& p) {
    return {static_cast<unsigned>(order(p.epilogue).tiles()), 1,
            static_cast<unsigned>(p.split.splits)};
  }
  /// Bytes of counters and partial sums for split-K; 0 for one split.
  static std::int64_t workspace_bytes(std::int64_t m, std::int64_t n, int splits) {
    const std::int64_t tiles = order_tiles(m, n, Config::tile_m, Config::tile_n).tiles();
    return split_k_counter_bytes(tiles, splits) +
           split_k_partial_bytes(tiles, splits, Config::tile_m * Config::tile_n);
  }

  QTL_DEVICE static void run(const Params& p) {
    const std::int64_t index = ptx::block_index_x();
    const tile_place tile =
        order_tiles(p.epilogue.m, p.epilogue.n, Config::tile_m, Config::tile_n).at(index);
    const warp_place place = shape::place(tile);
    const int split = static_cast<int>(ptx::block_index_z());
    const slab_range range =
        split_slabs(ceil_div<std::int64_t>(p.x.bytes, Config::tile_k), split, p.split.splits);
    Sums sums(p, place);
    accumulate(p, tile, range, sums);
    const std::uint32_t scratch = ptx::shared_base();
    if (!reduce_split<shape::threads>(p.split, index, split, scratch, sums.sums)) return;
    finish_fragments(p.epilogue, scratch + ptx::warp_index() * shape::finish_bytes, place.row,
                     place.column, sums.sums);
  }

 private:
  QTL_DEVICE static void accumulate(const Params& p, const tile_place& tile,
                                    const slab_range& range, Sums& sums) {
    const std::uint32_t ring = ptx::shared_base();
    const tile_copy<Config::tile_m, Config::tile_k, shape::threads> copy_x(p.x,
                                                                           tile.m * Config::tile_m);
    const tile_copy<Config::tile_n, Config::tile_k, shape::threads, Config::weights> copy_w(
        p.w, tile.n * Config::tile_n);
    const auto x_at = [ring](int stage) {
      return ring + static_cast<std::uint32_t>(stage) * shape::stage_bytes;
    };
    run_pipeline<Config::stages>(
        range.count(),
        [&](std::int64_t slab, int stage) {
          const std::int64_t byte = (range.first + slab) * Config::tile_k;
          copy_x(x_at(stage), byte);
          copy_w(x_at(stage) + shape::x_bytes, byte);
        },
        [&](std::int64_t slab, int stage) {
          sums.add(x_at(stage), x_at(stage) + shape::x_bytes, range.first + slab);
        });
  }
};

/// The accumulators of a warp under Config.
template<Tiling Config, class Instruction>
using warp_product_of = warp_product<Instruction, block_shape<Config>::fragments_m,
                                     block_shape<Config>::fragments_n, Config::tile_k>;

/// Sums that an instruction adds up from the first slab to the last.
template<Tiling Config, class Instruction>
struct plain_sums : warp_product_of<Config, Instruction> {
  template<class Params>
  QTL_DEVICE plain_sums(const Params&, const warp_place& place)
      : warp_product_of<Config, Instruction>(place.tile_row, place.tile_column) {
    this->clear();
  }
  QTL_DEVICE void add(std::uint32_t x, std::uint32_t w, std::int64_t) { this->add_slab(x, w); }
};

}  // namespace qtl::inline v0::gpu
