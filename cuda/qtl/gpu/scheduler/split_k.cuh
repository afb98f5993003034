// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/scheduler/split_k.cuh - several blocks share the k of one tile; the last adds their sums.
// Holds: split_k, split_k_bytes, reduce_split. The order of addition is that of k, whichever block
// comes last: results are the same in every run. Counters count up and are set back to zero by the
// block that reads the last count: zeroed once, they serve every launch and every graph replay.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/atomic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/fragments.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// The memory of a split product. Two launches that may overlap need one each.
struct split_k {
  int splits = 1;
  std::uint32_t* counters = nullptr;  ///< one a tile, zero before the first launch
  ptx::words4* partials = nullptr;    ///< tiles x splits x the accumulators of a block
};

/// Bytes of the counters, rounded up to 64, and of the partial sums: nothing without a split.
QTL_HOST_DEVICE constexpr std::int64_t split_k_counter_bytes(std::int64_t tiles, int splits) {
  return splits > 1 ? ceil_div<std::int64_t>(tiles * 4, 64) * 64 : 0;
}
QTL_HOST_DEVICE constexpr std::int64_t split_k_partial_bytes(std::int64_t tiles, int splits,
                                                             std::int64_t tile_elements) {
  return splits > 1 ? tiles * splits * tile_elements * 4 : 0;
}

/// The counters and partial sums in a workspace that begins with the counters.
inline split_k split_k_in(void* workspace, std::int64_t tiles, int splits) {
  auto* bytes = static_cast<std::byte*>(workspace);
  return {splits, reinterpret_cast<std::uint32_t*>(bytes),
          reinterpret_cast<ptx::words4*>(bytes + split_k_counter_bytes(tiles, splits))};
}

/// The sums of one tile, shared by all blocks that work on it.
template<int Threads, int Groups>
struct tile_partials {
  ptx::words4* data;  ///< of the tile

  /// Group `group` of four accumulators of this thread: neighbouring threads lie side by side.
  QTL_DEVICE ptx::words4* at(int split, int group) const {
    return data + (static_cast<std::int64_t>(split) * Groups + group) * Threads +
           ptx::thread_index();
  }
};

/// True in every thread of the block that arrives last at `tile`. `scratch` is 16 bytes of shared
/// memory that nobody else uses meanwhile.
QTL_DEVICE bool arrives_last(const split_k& split, std::int64_t tile, std::uint32_t scratch) {
  ptx::fence_gpu();
  ptx::block_barrier();
  if (ptx::thread_index() == 0) {
    const std::uint32_t before = ptx::add_global(split.counters + tile, 1u);
    const bool is_last = before + 1 == static_cast<std::uint32_t>(split.splits);
    if (is_last) ptx::store_global(split.counters + tile, 0u);
    ptx::store_shared<std::uint32_t>(scratch, is_last ? 1u : 0u);
  }
  ptx::block_barrier();
  const bool is_last = ptx::load_shared<std::uint32_t>(scratch) != 0;
  ptx::block_barrier();
  ptx::fence_gpu();
  return is_last;
}

/// Puts this block's accumulators down; in the block that comes last, replaces them by the sum over
/// all splits and returns true. T is std::int32_t or float.
template<int Threads, int M, int N, class T>
QTL_DEVICE bool reduce_split(const split_k& split, std::int64_t tile, int mine,
                             std::uint32_t scratch, T (&sums)[M][N][4]) {
  if (split.splits == 1) return true;
  const tile_partials<Threads, M * N> partials{split.partials +
                                               tile * split.splits * Threads * M * N};
  unrolled<M * N>(
      [&](auto f) { ptx::store_global(partials.at(mine, f), words_of(sums[f / N][f % N])); });
  if (!arrives_last(split, tile, scratch)) return false;
  // A few fragments at a time: loads are under way together, and registers suffice for all.
  constexpr int batch = M * N % 8 == 0 ? 8 : M * N % 4 == 0 ? 4 : M * N % 2 == 0 ? 2 : 1;
  unrolled<M * N / batch>([&](auto b) {
    T total[batch][4] = {};
    for (int s = 0; s < split.splits; ++s)
      unrolled<batch>([&](auto f) {
        const ptx::words4 part = ptx::load_global(partials.at(s, b * batch + f));
        unrolled<4>([&](auto e) { total[f][e] += bit_cast<T>(part.w[e]); });
      });
    unrolled<batch * 4>([&](auto e) {
      constexpr int f = b.value * batch + e.value / 4;
      sums[f / N][f % N][e % 4] = total[e / 4][e % 4];
    });
  });
  return true;
}

}  // namespace qtl::inline v0::gpu
