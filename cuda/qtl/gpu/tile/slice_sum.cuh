// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/slice_sum.cuh - warps that summed different slices of k add their sums.
// Holds: slice_sum<K, M, N, T>. Each warp ends with the whole sums of its own N / K columns of
// fragments, added in the order of the slices: nobody idles in the epilogue, results never vary.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// K warps with M x N fragments each of the same outputs.
template<int K, int M, int N, class T>
struct slice_sum {
  static_assert(N % K == 0, "every warp ends with as many fragments");
  static constexpr int mine = N / K;
  static constexpr std::uint32_t fragment_bytes = 512;
  /// Shared memory that the K warps exchange through.
  static constexpr std::uint32_t shared_bytes = (K - 1) * M * N * fragment_bytes;

  /// Warp `slice` gets fragments slice * N / K and on. The whole block calls it: it has a barrier.
  QTL_DEVICE static void add(std::uint32_t shared, unsigned slice, const T (&sums)[M][N][4],
                             T (&total)[M][mine][4]) {
    if constexpr (K == 1) {
      unrolled<M * N * 4>([&](auto e) {
        total[e / (4 * N)][e / 4 % N][e % 4] = sums[e / (4 * N)][e / 4 % N][e % 4];
      });
    } else {
      give(shared, slice, sums);
      ptx::block_barrier();
      take(shared, slice, sums, total);
      ptx::block_barrier();
    }
  }

 private:
  // What `owner` gets of fragment f from `slice`; its own it keeps.
  QTL_DEVICE static std::uint32_t place(std::uint32_t shared, unsigned owner, unsigned slice,
                                        unsigned f) {
    const unsigned rank = slice < owner ? slice : slice - 1;
    return shared + ((owner * (K - 1) + rank) * (M * mine) + f) * fragment_bytes +
           ptx::lane_index() * 16;
  }

  QTL_DEVICE static void give(std::uint32_t shared, unsigned slice, const T (&sums)[M][N][4]) {
    unrolled<K>([&](auto owner) {
      if (static_cast<unsigned>(owner) == slice) return;
      unrolled<M * mine>([&](auto f) {
        const T(&s)[4] = sums[f / mine][owner * mine + f % mine];
        ptx::store_shared<ptx::words4>(
            place(shared, static_cast<unsigned>(owner), slice, static_cast<unsigned>(f)),
            ptx::words4{{bit_cast<std::uint32_t>(s[0]), bit_cast<std::uint32_t>(s[1]),
                         bit_cast<std::uint32_t>(s[2]), bit_cast<std::uint32_t>(s[3])}});
      });
    });
  }

  QTL_DEVICE static void take(std::uint32_t shared, unsigned slice, const T (&sums)[M][N][4],
                              T (&total)[M][mine][4]) {
    T own[M * mine][4]{};
    unrolled<K>([&](auto owner) {
      if (static_cast<unsigned>(owner) != slice) return;
      unrolled<M * mine * 4>([&](auto e) {
        own[e / 4][e % 4] = sums[e / (4 * mine)][owner * mine + e / 4 % mine][e % 4];
      });
    });
    unrolled<K>([&](auto s) {
      unrolled<M * mine>([&](auto f) {
        T part[4];
        if (static_cast<unsigned>(s) == slice) {
          unrolled<4>([&](auto e) { part[e] = own[f][e]; });
        } else {
          const auto words = ptx::load_shared<ptx::words4>(
              place(shared, slice, static_cast<unsigned>(s), static_cast<unsigned>(f)));
          unrolled<4>([&](auto e) { part[e] = bit_cast<T>(words.w[e]); });
        }
        T(&to)[4] = total[f / mine][f % mine];
        unrolled<4>([&](auto e) { to[e] = s == 0 ? part[e] : to[e] + part[e]; });
      });
    });
  }
};

}  // namespace qtl::inline v0::gpu
