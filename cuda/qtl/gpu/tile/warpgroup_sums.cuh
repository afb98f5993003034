// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/warpgroup_sums.cuh - the accumulators of a warpgroup and the products that add to them.
// Holds: slab_bytes, slab_operands, add_slab_to, running_group_sums<L, R, Blocks, Columns>: 64 Blocks x Columns sums.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/wgmma.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Bytes of k in a slab: one row of the widest swizzle pattern.
inline constexpr std::uint32_t slab_bytes = 128;

/// Where a warpgroup's rows of both operands of a slab begin: rows of slab_bytes under the 128-byte
/// swizzle. Rows of the left one are rows of sums, rows of the right one columns.
struct slab_operands {
  std::uint32_t left;
  std::uint32_t right;

  /// These, counted from a stage's beginning, in the stage at `base`.
  QTL_DEVICE slab_operands of(std::uint32_t base) const { return {base + left, base + right}; }
};

/// Starts adding the slab of block `block` (64 rows of the left operand, whose format is L) to d; d
/// is zero at first where `fresh`.
template<class L, class R, int Columns>
QTL_DEVICE void add_slab_to(ptx::wgmma_accumulator<L> (&d)[Columns / 2], const slab_operands& slab,
                            int block, bool fresh) {
  const std::uint64_t left =
      ptx::wgmma_descriptor(slab.left + static_cast<std::uint32_t>(block) * 64 * slab_bytes,
                            ptx::shared_swizzle::bytes_128);
  const std::uint64_t right = ptx::wgmma_descriptor(slab.right, ptx::shared_swizzle::bytes_128);
  unrolled<static_cast<int>(slab_bytes / 32)>([&](auto step) {
    constexpr std::uint32_t at = 32u * decltype(step)::value;
    ptx::wgmma<Columns, L, R>(d, ptx::wgmma_advance(left, at), ptx::wgmma_advance(right, at),
                              at > 0 || !fresh);
  });
}

/// Sums that stay in the tensor core's accumulators from the first slab to the last.
template<class L, class R, int Blocks, int Columns>
struct running_group_sums {
  using accumulator = ptx::wgmma_accumulator<L>;
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
    unrolled<Blocks>([&](auto b) { add_slab_to<L, R, Columns>(values[b], slab, b, false); });
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
