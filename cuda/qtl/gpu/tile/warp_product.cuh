// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/warp_product.cuh - one warp's share of a product: accumulators, and a slab into them.
// Holds: warp_product<Instruction, M, N, RowBytes>. Instruction names the mma: a type `accumulator`,
// `multiply(accumulator (&d)[4], const uint32 (&a)[4], const uint32 (&b)[2])`, and
// `is_expanded(sm)`: whether a target has other instructions instead.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/target.cuh"
#include "qtl/gpu/tile/fragments.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// M x N fragments of 16 x 8 outputs; N is even. RowBytes is the k of a slab in bytes.
template<class Instruction, int M, int N, int RowBytes>
struct warp_product {
  static_assert(N % 2 == 0, "weights are loaded for two fragments at once");
  using accumulator = typename Instruction::accumulator;
  static constexpr int rows = 16 * M;
  static constexpr int columns = 8 * N;
  static constexpr int steps = RowBytes / 32;

  accumulator sums[M][N][4];
  std::uint32_t x_lane;  ///< where this lane reads, from the first address of a tile of x
  std::uint32_t w_lane;  ///< and of one of w

  /// `row` is the warp's first row in a tile of x, `column` its first in one of w.
  QTL_DEVICE warp_product(unsigned row, unsigned column)
      : x_lane(row * RowBytes + fragments::x_lane()),
        w_lane(column * RowBytes + fragments::w_lane()) {}

  QTL_DEVICE void clear() {
    unrolled<M * N * 4>([&](auto e) { sums[e / (4 * N)][e / 4 % N][e % 4] = accumulator{}; });
  }

  /// Adds a slab: the tiles of x and w at these shared addresses.
  QTL_DEVICE void add_slab(std::uint32_t x, std::uint32_t w) {
    const auto add = [&](int step) {
      add_step((x + x_lane) ^ 32 * static_cast<std::uint32_t>(step),
               (w + w_lane) ^ 32 * static_cast<std::uint32_t>(step));
    };
    // Of an instruction that the target expands into many, ptxas would prepare the operands of all
    // steps at once, in more registers than there are.
    if constexpr (Instruction::is_expanded(compiled_sm))
      rolled(steps, add);
    else
      unrolled<steps>(add);
  }

 private:
  using fragments = fragment_rows<RowBytes>;

  /// 32 bytes of k, at this lane's addresses in both tiles.
  QTL_DEVICE void add_step(std::uint32_t x, std::uint32_t w) {
    std::uint32_t a[M][4];
    std::uint32_t b[N][2];
    unrolled<M>([&](auto i) { fragments::load_x_at(a[i], x + i.value * 16 * RowBytes); });
    unrolled<N / 2>(
        [&](auto j) { fragments::load_w_at(b[2 * j], b[2 * j + 1], w + j.value * 16 * RowBytes); });
    unrolled<M * N>([&](auto f) { Instruction::multiply(sums[f / N][f % N], a[f / N], b[f % N]); });
  }
};

}  // namespace qtl::inline v0::gpu
