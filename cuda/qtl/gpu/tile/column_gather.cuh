// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/column_gather.cuh - a tile of activations whose columns are taken in a given order.
// Holds: gather_columns. For act-order, and for groups that packing filled up: element by element
// through registers, visible after the next barrier. Column -1 is zeros.
#pragma once

#include <cstdint>

#include "qtl/gpu/tile/copy.cuh"

namespace qtl::inline v0::gpu {

/// Copies Rows x RowBytes, swizzled as tile_copy does, with all Threads of a block: packed columns
/// `first_column` and on, of which there are `columns` in all. Element is an unsigned integer as
/// wide as an activation.
template<class Element, int Rows, int RowBytes, int Threads>
QTL_DEVICE void gather_columns(const byte_rows& from, std::int64_t first_row,
                               const std::int32_t* order, std::int64_t columns,
                               std::int64_t first_column, std::uint32_t to) {
  using layout = swizzled_rows<RowBytes>;
  constexpr unsigned per_chunk = 16 / sizeof(Element);
  constexpr unsigned per_word = 4 / sizeof(Element);
  for (unsigned c = ptx::thread_index(); c < Rows * layout::chunks; c += Threads) {
    const unsigned row = c / layout::chunks;
    const unsigned chunk = c % layout::chunks;
    const std::byte* source = from.data + (first_row + row) * from.stride;
    ptx::words4 words{};
    for (unsigned e = 0; e < per_chunk; ++e) {
      const std::int64_t q = first_column + chunk * per_chunk + e;
      if (first_row + row >= from.rows || q >= columns) continue;
      const std::int32_t p = ptx::load_global(order + q);
      if (p < 0) continue;
      const std::uint32_t value = ptx::load_global(reinterpret_cast<const Element*>(source) + p);
      words.w[e / per_word] |= value << (e % per_word * 8 * sizeof(Element));
    }
    ptx::store_shared<ptx::words4>(to + layout::offset(row, chunk), words);
  }
}

}  // namespace qtl::inline v0::gpu
