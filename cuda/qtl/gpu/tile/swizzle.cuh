// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/swizzle.cuh - where the 16-byte chunks of a tile lie in shared memory.
// Holds: swizzled_rows<RowBytes>. A row of a tile is contiguous; its chunks are permuted by XOR
// with the row, so that the eight rows that one ldmatrix phase reads lie in all 32 banks.
#pragma once

#include <cstdint>

#include "qtl/base/config.hpp"

namespace qtl::inline v0::gpu {

/// Rows of RowBytes = 32, 64, 128 or a multiple of 128 bytes. The pattern repeats every eight rows:
/// an address may be moved by a multiple of eight rows without computing it anew.
template<int RowBytes>
struct swizzled_rows {
  static_assert(RowBytes == 32 || RowBytes == 64 || RowBytes % 128 == 0,
                "a row is 32, 64 or a multiple of 128 bytes");
  static constexpr int row_bytes = RowBytes;
  static constexpr int chunks = RowBytes / 16;

  /// What chunks of this row are XORed with: rows that share 128 bytes share a key.
  QTL_HOST_DEVICE static constexpr std::uint32_t key(std::uint32_t row) {
    if constexpr (RowBytes >= 128)
      return row & 7u;
    else
      return row / (128 / RowBytes) & (chunks - 1);
  }
  /// The distance of a chunk from the tile's first byte.
  QTL_HOST_DEVICE static constexpr std::uint32_t offset(std::uint32_t row, std::uint32_t chunk) {
    return row * RowBytes + ((chunk ^ key(row)) << 4);
  }
};

}  // namespace qtl::inline v0::gpu
