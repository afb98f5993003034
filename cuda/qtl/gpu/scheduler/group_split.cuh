// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/scheduler/group_split.cuh - split-K where every warpgroup finishes its own part of a tile.
// Holds: group_split, reduce_group_split. As split_k.cuh: the last to arrive adds up in the
// order of k, so results are the same in every run, and sets its counter back to zero. Nobody
// waits: blocks may be fewer than the parts of a tile.
#pragma once

#include <cstdint>

#include "qtl/gpu/scheduler/split_k.cuh"

namespace qtl::inline v0::gpu {

/// One warpgroup's part of one tile.
struct group_split {
  split_k split;
  std::int64_t part = 0;      ///< the tile's number times the warpgroups of a tile, plus this one's
  unsigned barrier = 1;       ///< named barrier of the warpgroup
  std::uint32_t scratch = 0;  ///< 16 bytes of shared memory that are its own
};

/// True in all 128 threads of the warpgroup that arrives last.
QTL_DEVICE bool group_arrives_last(const group_split& g) {
  const bool speaks = ptx::thread_index() % 128 == 0;
  ptx::fence_gpu();
  ptx::named_barrier(g.barrier, 128);
  if (speaks) {
    const std::uint32_t before = ptx::add_global(g.split.counters + g.part, 1u);
    const bool is_last = before + 1 == static_cast<std::uint32_t>(g.split.splits);
    if (is_last) ptx::store_global(g.split.counters + g.part, 0u);
    ptx::store_shared<std::uint32_t>(g.scratch, is_last ? 1u : 0u);
  }
  ptx::named_barrier(g.barrier, 128);
  const bool is_last = ptx::load_shared<std::uint32_t>(g.scratch) != 0;
  ptx::named_barrier(g.barrier, 128);
  ptx::fence_gpu();
  return is_last;
}

/// Puts the warpgroup's values of split `mine` down; in the one that comes last, replaces them by
/// the sum over all splits and returns true. T is std::int32_t or float.
template<int Blocks, int Count, class T>
QTL_DEVICE bool reduce_group_split(const group_split& g, int mine, T (&values)[Blocks][Count]) {
  if (g.split.splits == 1) return true;
  constexpr int words = Blocks * Count / 4;
  constexpr int in_block = Count / 4;
  ptx::words4* const first =
      g.split.partials + g.part * g.split.splits * words * 128 + ptx::thread_index() % 128;
  const auto at = [first](int split, int word) {
    return first + (static_cast<std::int64_t>(split) * words + word) * 128;
  };
  unrolled<words>([&](auto i) {
    constexpr int b = decltype(i)::value / in_block, v = decltype(i)::value % in_block * 4;
    ptx::store_global(at(mine, i), ptx::words4{{bit_cast<std::uint32_t>(values[b][v]),
                                                bit_cast<std::uint32_t>(values[b][v + 1]),
                                                bit_cast<std::uint32_t>(values[b][v + 2]),
                                                bit_cast<std::uint32_t>(values[b][v + 3])}});
  });
  if (!group_arrives_last(g)) return false;
  unrolled<Blocks * Count>([&](auto i) { values[i / Count][i % Count] = T{}; });
  for (int s = 0; s < g.split.splits; ++s)
    unrolled<words>([&](auto i) {
      constexpr int b = decltype(i)::value / in_block, v = decltype(i)::value % in_block * 4;
      const ptx::words4 part = ptx::load_global(at(s, i));
      unrolled<4>([&](auto e) { values[b][v + e] += bit_cast<T>(part.w[e]); });
    });
  return true;
}

}  // namespace qtl::inline v0::gpu
