// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/warpgroup_sums.cuh - the accumulators of a warpgroup and the products that add to them.
// Holds: warpgroup_sums<X, W, Blocks, Columns>: 64 Blocks x Columns outputs.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/wgmma.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Bytes of k in a slab: one row of the widest swizzle pattern.
inline constexpr std::uint32_t slab_bytes = 128;

/// Sums of x w^T, where both are rows of slab_bytes under the 128-byte swizzle.
template<class X, class W, int Blocks, int Columns>
struct warpgroup_sums {
  using accumulator = ptx::wgmma_accumulator<X>;
  static constexpr int fragments = Columns / 8;

  accumulator values[Blocks][Columns / 2];

  QTL_DEVICE void clear() {
    unrolled<Blocks>([&](auto b) {
      unrolled<Columns / 2>([&](auto i) { values[b][i] = accumulator{}; });
      ptx::keep_registers(values[b]);
    });
  }

  /// Starts adding one slab; its wgmmas are one group.
  QTL_DEVICE void add_slab(std::uint32_t x, std::uint32_t w) {
    const std::uint64_t w_operand = ptx::wgmma_descriptor(w, ptx::shared_swizzle::bytes_128);
    ptx::wgmma_fence();
    unrolled<static_cast<int>(slab_bytes / 32)>([&](auto step) {
      unrolled<Blocks>([&](auto b) {
        const std::uint64_t x_operand = ptx::wgmma_descriptor(
            x + static_cast<std::uint32_t>(b) * 64 * slab_bytes, ptx::shared_swizzle::bytes_128);
        ptx::wgmma<Columns, X, W>(values[b], ptx::wgmma_advance(x_operand, 32u * step),
                                  ptx::wgmma_advance(w_operand, 32u * step), true);
      });
    });
    ptx::wgmma_commit();
  }

  /// Until everything is added; then the values may be read.
  QTL_DEVICE void finish() {
    ptx::wgmma_wait<0>();
    unrolled<Blocks>([&](auto b) { ptx::keep_registers(values[b]); });
  }

  /// The warp's 16 rows of block Block, N fragments from fragment First on, as mma.m16n8 has them.
  template<int Block, int First, int N>
  QTL_DEVICE void fragments_of(accumulator (&to)[N][4]) const {
    unrolled<N * 4>([&](auto i) { to[i / 4][i % 4] = values[Block][4 * First + i]; });
  }
};

}  // namespace qtl::inline v0::gpu
