// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/warpgroup_sums.cuh - the accumulators of a warpgroup and the products that add to them.
// Holds: slab_bytes, slab_operands, add_slab_to, running_group_sums<X, W, Blocks, Columns>: 64 Blocks x Columns outputs.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/wgmma.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Bytes of k in a slab: one row of the widest swizzle pattern.
inline constexpr std::uint32_t slab_bytes = 128;

/// Where a warpgroup's rows of both operands of a slab begin: rows of slab_bytes under the 128-byte
/// swizzle.
struct slab_operands {
  std::uint32_t x;
  std::uint32_t w;
};

/// Starts adding the slab of block `block` (64 rows of x) to d; d is zero at first where `fresh`.
template<class X, class W, int Columns>
QTL_DEVICE void add_slab_to(ptx::wgmma_accumulator<X> (&d)[Columns / 2], const slab_operands& slab,
                            int block, bool fresh) {
  const std::uint64_t x = ptx::wgmma_descriptor(
      slab.x + static_cast<std::uint32_t>(block) * 64 * slab_bytes, ptx::shared_swizzle::bytes_128);
  const std::uint64_t w = ptx::wgmma_descriptor(slab.w, ptx::shared_swizzle::bytes_128);
  unrolled<static_cast<int>(slab_bytes / 32)>([&](auto step) {
    constexpr std::uint32_t at = 32u * decltype(step)::value;
    ptx::wgmma<Columns, X, W>(d, ptx::wgmma_advance(x, at), ptx::wgmma_advance(w, at),
                              at > 0 || !fresh);
  });
}

/// Sums that stay in the tensor core's accumulators from the first slab to the last.
template<class X, class W, int Blocks, int Columns>
struct running_group_sums {
  using accumulator = ptx::wgmma_accumulator<X>;
  static constexpr int blocks = Blocks;
  static constexpr int columns = Columns;
  /// Slabs whose products may still run when add() returns.
  static constexpr int lag = 1;

  accumulator values[Blocks][Columns / 2];

  /// Zeros, for the tile whose outputs of this warpgroup begin at (row, column).
  template<class Params>
  QTL_DEVICE void begin(const Params&, std::int64_t, std::int64_t) {
    unrolled<Blocks>([&](auto b) {
      unrolled<Columns / 2>([&](auto i) { values[b][i] = accumulator{}; });
      ptx::keep_registers(values[b]);
    });
  }

  /// Adds a slab; the one before it is added on return.
  QTL_DEVICE void add(const slab_operands& slab, std::int64_t) {
    ptx::wgmma_fence();
    unrolled<Blocks>([&](auto b) { add_slab_to<X, W, Columns>(values[b], slab, b, false); });
    ptx::wgmma_commit();
    ptx::wgmma_wait<1>();
  }

  /// Returns when everything is added: the values may be read.
  QTL_DEVICE void finish() {
    ptx::wgmma_wait<0>();
    unrolled<Blocks>([&](auto b) { ptx::keep_registers(values[b]); });
  }
};

/// The warp's 16 rows of block Block, N fragments from fragment First on, as mma.m16n8 has them.
template<int Block, int First, int N, class Sums>
QTL_DEVICE void fragments_of(const Sums& sums, typename Sums::accumulator (&to)[N][4]) {
  unrolled<N * 4>([&](auto i) { to[i / 4][i % 4] = sums.values[Block][4 * First + i]; });
}

}  // namespace qtl::inline v0::gpu
