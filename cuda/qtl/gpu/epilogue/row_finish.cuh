// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/row_finish.cuh - a warpgroup's sums to outputs whose rows are rows of sums.
// Holds: row_finish<Sums>, the pattern of what a warp-specialized product takes as its Finish.
// To add one: a struct with `transposed`, `shared_bytes`, a constructor from params and memory,
// finish() and end(). It lives as long as the warpgroup walks over tiles.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/finish.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"

namespace qtl::inline v0::gpu {

/// Strips of 16 x 32 sums, one after another, through the warp's own shared memory.
template<class Sums>
struct row_finish {
  static constexpr int piece = 4;  ///< fragments of 8 columns that are finished together
  static constexpr std::uint32_t warp_bytes = finish_scratch_bytes<piece>;
  static_assert(Sums::columns % (8 * piece) == 0, "a warp stages 32 columns of sums at a time");

  /// Whether rows of sums are columns of the output, and columns of sums its rows.
  static constexpr bool transposed = false;
  /// Shared memory of a warpgroup.
  static constexpr std::uint32_t shared_bytes = 4 * warp_bytes;

  std::uint32_t scratch;  ///< of this warp

  /// `memory`: shared_bytes that are this warpgroup's own.
  template<class Params>
  QTL_DEVICE row_finish(const Params&, std::uint32_t memory)
      : scratch(memory + ptx::warp_index() % 4 * warp_bytes) {}

  /// Outputs of sums that begin at (row, column) of all sums; some may lie outside.
  template<class Params>
  QTL_DEVICE void finish(const Params& p, const Sums& sums, std::int64_t row, std::int64_t column) {
    constexpr int pieces = Sums::columns / (8 * piece);
    const std::int64_t first_row = row + ptx::warp_index() % 4 * 16;
    for (int strip = 0; strip < Sums::blocks * pieces; ++strip) {
      // A rolled loop with one strip chosen inside: the arithmetic is compiled once.
      unrolled<Sums::blocks * pieces>([&](auto s) {
        if (s != strip) return;
        typename Sums::accumulator part[piece][4];
        fragments_of<s / pieces, s % pieces * piece>(sums, part);
        stage_strip<piece>(scratch, part);
      });
      ptx::warp_barrier();
      const four_columns columns(
          p.epilogue, column + strip % pieces * 8 * piece + ptx::lane_index() % (2 * piece) * 4);
      finish_strip<piece, typename Sums::accumulator>(p.epilogue, scratch,
                                                      first_row + strip / pieces * 64, columns);
      ptx::warp_barrier();
    }
  }

  /// After the last tile: what is under way and reads shared memory has read it.
  QTL_DEVICE void end() {}
};

}  // namespace qtl::inline v0::gpu
