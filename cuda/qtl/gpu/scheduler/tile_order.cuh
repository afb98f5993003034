// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/scheduler/tile_order.cuh - which block computes which tile, and which part of k.
// Holds: tile_order, tile_place, slab_range. Neighbouring blocks share operands in the second
// cache: tiles go down super-rows of a few tiles, then one to the right.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"

namespace qtl::inline v0::gpu {

/// A tile by its row and column among the tiles.
struct tile_place {
  std::int64_t m = 0;
  std::int64_t n = 0;
};

/// Numbers the tiles of an output. A launch with one block a tile asks at(block); a persistent one
/// asks at(block), at(block + blocks), ...
struct tile_order {
  std::int64_t tiles_m = 0;
  std::int64_t tiles_n = 0;
  std::int64_t super_rows = 8;

  QTL_HOST_DEVICE constexpr std::int64_t tiles() const { return tiles_m * tiles_n; }

  QTL_HOST_DEVICE constexpr tile_place at(std::int64_t index) const {
    const std::int64_t band = super_rows * tiles_n;
    const std::int64_t first = index / band * super_rows;
    const std::int64_t rest = tiles_m - first;
    const std::int64_t height = rest < super_rows ? rest : super_rows;
    const std::int64_t within = index % band;
    return {first + within % height, within / height};
  }
};

/// The order of the tiles of an m x n output.
QTL_HOST_DEVICE constexpr tile_order order_tiles(std::int64_t m, std::int64_t n,
                                                 std::int64_t tile_m, std::int64_t tile_n) {
  return {ceil_div(m, tile_m), ceil_div(n, tile_n)};
}

/// Slabs first .. last - 1 of k.
struct slab_range {
  std::int64_t first = 0;
  std::int64_t last = 0;

  QTL_HOST_DEVICE constexpr std::int64_t count() const { return last - first; }
};

/// The part of `slabs` that split number `split` of `splits` computes: lengths differ by one at
/// most, and are zero for some where there are more splits than slabs.
QTL_HOST_DEVICE constexpr slab_range split_slabs(std::int64_t slabs, std::int64_t split,
                                                 std::int64_t splits) {
  return {slabs * split / splits, slabs * (split + 1) / splits};
}

}  // namespace qtl::inline v0::gpu
