// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/fragments.cuh - from swizzled tiles in shared memory to the operands of mma.sync.
// Holds: fragment_place, words_of, fragment_rows<RowBytes>. Every mma.m16n8 takes 32 bytes of
// k, be they 32 codes of 8 bits, 64 of 4 or 16 halves: the layouts are of bytes, and one loader
// serves all formats.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/ldmatrix.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/swizzle.cuh"

namespace qtl::inline v0::gpu {

/// Where a lane's four accumulators lie in a 16 x 8 fragment: elements 0 and 1 at (row, column) and
/// (row, column + 1), elements 2 and 3 eight rows below.
struct fragment_place {
  unsigned row;
  unsigned column;

  QTL_DEVICE static fragment_place of_lane() {
    const unsigned lane = ptx::lane_index();
    return {lane / 4, lane % 4 * 2};
  }
};

/// Four accumulators as words.
template<class T>
QTL_DEVICE ptx::words4 words_of(const T (&sums)[4]) {
  return {{bit_cast<std::uint32_t>(sums[0]), bit_cast<std::uint32_t>(sums[1]),
           bit_cast<std::uint32_t>(sums[2]), bit_cast<std::uint32_t>(sums[3])}};
}

/// Fragments of the tile at `base` whose rows are RowBytes long. A 32-byte step along k changes two
/// bits of a lane's address or more, by XOR; rows that are a multiple of 8 apart, a constant.
template<int RowBytes>
struct fragment_rows {
  using layout = swizzled_rows<RowBytes>;

  std::uint32_t base = 0;

  /// Where this lane reads in step 0, from the address of the fragment's first row.
  QTL_DEVICE static std::uint32_t x_lane() {
    const unsigned lane = ptx::lane_index();
    return layout::offset(lane % 16, lane / 16);
  }
  QTL_DEVICE static std::uint32_t w_lane() {
    const unsigned lane = ptx::lane_index();
    return layout::offset(lane % 8 + lane / 16 * 8, lane / 8 % 2);
  }

  /// 16 rows x 32 bytes at a lane's address: the A operand.
  QTL_DEVICE static void load_x_at(std::uint32_t (&a)[4], std::uint32_t address) {
    ptx::ldmatrix_x4(a, address);
  }
  /// Twice 8 rows x 32 bytes: the B operands of 8 output columns and of the 8 after.
  QTL_DEVICE static void load_w_at(std::uint32_t (&first)[2], std::uint32_t (&second)[2],
                                   std::uint32_t address) {
    std::uint32_t r[4];
    ptx::ldmatrix_x4(r, address);
    first[0] = r[0];
    first[1] = r[1];
    second[0] = r[2];
    second[1] = r[3];
  }

  /// The A operand of the 16 rows from `row`, a multiple of 8, in 32-byte step `step`.
  QTL_DEVICE void load_x(std::uint32_t (&a)[4], unsigned row, unsigned step) const {
    load_x_at(a, base + row * RowBytes + (x_lane() ^ 32 * step));
  }
};

}  // namespace qtl::inline v0::gpu
