// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/row_finish.cuh - a warpgroup's sums to outputs whose rows are rows of sums.
// Holds: bulk_output, row_finish<Sums>, the pattern of what a warp-specialized product takes as its
// Finish. Every warp finishes its 16 rows in registers, gathers them in a box of shared memory and
// lets the copy engine store it, while it goes on with the next box or the next tile.
// To add one: a struct with `transposed`, `shared_bytes`, a constructor from params and memory,
// finish() and end(). It lives as long as the warpgroup walks over tiles.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/output_box.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/bulk.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/tma.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"

namespace qtl::inline v0::gpu {

/// The output as the copy engine sees it, in boxes of 16 rows; not used where it lies as the engine
/// cannot write it. host/bulk_params.cuh decides.
struct bulk_output {
  ptx::tensor_map map;
  bool is_used = false;
};

/// Boxes of 16 rows and up to 128 bytes, two of them in turn.
template<class Sums>
struct row_finish {
  static constexpr int pieces = Sums::columns / 32;  ///< of a row: what is finished at once
  static constexpr std::uint32_t box_bytes = 16 * 128;
  static_assert(Sums::columns % 32 == 0, "a warp finishes 32 columns of sums at a time");

  /// Whether rows of sums are columns of the output, and columns of sums its rows.
  static constexpr bool transposed = false;
  /// Shared memory of a warpgroup.
  static constexpr std::uint32_t shared_bytes = 4 * 2 * box_bytes;

  /// Outputs of a row of a box.
  QTL_HOST_DEVICE static constexpr int box_columns(int element_bytes) {
    return Sums::columns * element_bytes < 128 ? Sums::columns : 128 / element_bytes;
  }

  /// `memory`: shared_bytes that are this warpgroup's own.
  template<class Params>
  QTL_DEVICE row_finish(const Params&, std::uint32_t memory)
      : boxes(memory + ptx::warp_index() % 4 * 2 * box_bytes) {}

  /// Outputs of sums that begin at (row, column) of all sums; some may lie outside.
  template<class Params>
  QTL_DEVICE void finish(const Params& p, const Sums& sums, std::int64_t row, std::int64_t column) {
    const std::int64_t first_row = row + ptx::warp_index() % 4 * 16;
    const int element_bytes = stored_bytes(p.epilogue.kind);
    const int pieces_of_box = box_columns(element_bytes) / 32;
    rolled(Sums::blocks * pieces, [&](int strip) {
      const int of_box = strip % pieces & (pieces_of_box - 1);
      const place at{first_row + strip / pieces * 64, column + (strip % pieces - of_box) * 32};
      if (at.row >= p.epilogue.m || at.column >= p.epilogue.n) return;
      if (of_box == 0) await_box();
      fragment_bits bits;
      finish_strip(p.epilogue, sums, strip, {at.row, at.column + of_box * 32}, bits);
      const output_box box = this->box(pieces_of_box * 32 * element_bytes);
      box.put(p.epilogue, static_cast<std::uint32_t>(of_box * 32 * element_bytes), bits);
      if (of_box + 1 == pieces_of_box) send(p, box, at);
    });
  }

  /// After the last tile: the copy engine has read the boxes.
  QTL_DEVICE void end() const {
    if (ptx::lane_index() == 0) ptx::bulk_wait_read<0>();
  }

 private:
  struct place {
    std::int64_t row;
    std::int64_t column;
  };

  // Few members: they take registers from the products.
  std::uint32_t boxes;  ///< of this warp
  std::uint32_t turn = 0;

  QTL_DEVICE output_box box(int row_bytes) const {
    return {boxes + turn * box_bytes,
            output_box::pattern_of(static_cast<std::uint32_t>(row_bytes))};
  }

  /// Returns when the box may be written: all stores but the newest have read theirs.
  QTL_DEVICE static void await_box() {
    if (ptx::lane_index() == 0) ptx::bulk_wait_read<1>();
    ptx::warp_barrier();
  }

  QTL_DEVICE static void finish_strip(const epilogue_params& p, const Sums& sums, int strip,
                                      const place& at, fragment_bits& bits) {
    using accumulator = typename Sums::accumulator;
    accumulator part[4][4] = {};
    // One strip chosen inside a rolled loop: the arithmetic is compiled once.
    unrolled<Sums::blocks * pieces>([&](auto s) {
      if (s == strip) fragments_of<s / pieces, s % pieces * 4>(sums, part);
    });
    scale_fragments(p, at.row, at.column, part, bits);
    activate_fragments(p, bits);
  }

  template<class Params>
  QTL_DEVICE void send(const Params& p, const output_box& box, const place& at) {
    if (p.output.is_used) {
      ptx::fence_async_shared();
      ptx::warp_barrier();
      if (ptx::lane_index() == 0) {
        ptx::tma_store_2d(p.output.map, box.base, static_cast<std::int32_t>(at.column),
                          static_cast<std::int32_t>(at.row));
        ptx::bulk_commit();
      }
      turn ^= 1u;
    } else {
      ptx::warp_barrier();
      box.store(p.epilogue, at.row, at.column);
      ptx::warp_barrier();
    }
  }
};

}  // namespace qtl::inline v0::gpu
