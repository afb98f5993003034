// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/warp_product.cuh - one warp's share of a product: accumulators, and a slab into them.
// Holds: warp_product<Instruction, M, N, RowBytes>. Instruction names the mma: a type `accumulator`
// and `multiply(accumulator (&d)[4], const uint32 (&a)[4], const uint32 (&b)[2])`.
#pragma once

#include <cstdint>

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

  QTL_DEVICE void clear() {
    unrolled<M * N * 4>([&](auto e) { sums[e / (4 * N)][e / 4 % N][e % 4] = accumulator{}; });
  }

  /// Adds a slab: `row` is the warp's first row in the tile of x, `column` its first in that of w.
  QTL_DEVICE void add_slab(const fragment_rows<RowBytes>& x, unsigned row,
                           const fragment_rows<RowBytes>& w, unsigned column) {
    // Two sets: the next step's fragments are loaded while this one's are multiplied.
    operands ready[2];
    ready[0].load(x, row, w, column, 0);
    unrolled<steps>([&](auto step) {
      if constexpr (step.value + 1 < steps)
        ready[(step + 1) % 2].load(x, row, w, column, step + 1);
      operands& o = ready[step % 2];
      unrolled<M * N>([&](auto f) {
        Instruction::multiply(sums[f / N][f % N], o.a[f / N], o.b[f % N]);
      });
    });
  }

 private:
  struct operands {
    std::uint32_t a[M][4];
    std::uint32_t b[N][2];

    QTL_DEVICE void load(const fragment_rows<RowBytes>& x, unsigned row,
                         const fragment_rows<RowBytes>& w, unsigned column, unsigned step) {
      unrolled<M>([&](auto i) { x.load_x(a[i], row + 16 * i, step); });
      unrolled<N / 2>(
          [&](auto j) { w.load_w(b[2 * j], b[2 * j + 1], column + 16 * j, step); });
    }
  };
};

}  // namespace qtl::inline v0::gpu
