// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/copy.cuh - a tile of a row-major matrix of bytes from global to shared memory.
// Holds: byte_rows, copy_width, tile_copy<Rows, RowBytes, Threads>. Rows may begin at any
// address: 16 bytes a copy where all are aligned so, 4 where they are aligned to 4, and single
// bytes through registers elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/swizzle.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// A matrix as rows of bytes.
struct byte_rows {
  const std::byte* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;   ///< of a row that hold elements
  std::int64_t stride = 0;  ///< from one row to the next
};

/// The widest copy that every row's address allows: 16, 4 or 1 bytes.
QTL_HOST_DEVICE inline int copy_width(const byte_rows& from) {
  const auto bits =
      reinterpret_cast<std::uintptr_t>(from.data) | static_cast<std::uintptr_t>(from.stride);
  return bits % 16 == 0 ? 16 : bits % 4 == 0 ? 4 : 1;
}

/// How often the bytes are read: those of weights at small m only once, they should not push
/// others out of the cache.
enum class reuse { many, once };

/// Copies Rows x RowBytes, swizzled, with all Threads of a block. The copies belong to the group
/// that the caller commits; bytes that went through registers are visible after the next barrier.
/// Columns beyond the matrix become zeros: they add nothing to a product. Rows beyond it become
/// copies of its last: nobody stores their products.
template<int Rows, int RowBytes, int Threads, reuse Reuse = reuse::many>
struct tile_copy {
  using layout = swizzled_rows<RowBytes>;
  static constexpr int shared_bytes = Rows * RowBytes;
  // A thread keeps to one chunk of every so many rows: addresses are sums, with one product each.
  static constexpr int rows_at_once = Threads / layout::chunks;
  static constexpr int passes = ceil_div(Rows, rows_at_once);
  static_assert(Threads % layout::chunks == 0 && rows_at_once % 8 == 0,
                "the swizzle repeats from one row of a thread to its next");

  byte_rows from;
  const std::byte* source;  ///< of this thread's first chunk, were it at byte 0
  unsigned rows_below;      ///< of the matrix, below the row of that chunk

  QTL_DEVICE tile_copy(const byte_rows& matrix, std::int64_t first_row) : from(matrix) {
    const std::int64_t last = from.rows - 1;
    const std::int64_t mine = first_row + row() < last ? first_row + row() : last;
    rows_below = last - mine < Rows ? static_cast<unsigned>(last - mine) : Rows;
    source = from.data + mine * from.stride + 16 * chunk();
  }

  /// Columns [first_byte, first_byte + RowBytes) to the tile at shared address `to`.
  QTL_DEVICE void operator()(std::uint32_t to, std::int64_t first_byte) const {
    const std::uint32_t chunk_to = to + layout::offset(row(), chunk());
    const std::byte* at = source + first_byte;
    if (first_byte + RowBytes <= from.bytes && copy_width(from) == 16)
      unrolled<passes>([&](auto pass) {
        if (lies_below(pass)) return;
        copy_16(chunk_to + pass.value * rows_at_once * RowBytes, row_at(at, pass));
      });
    else
      copy_ragged(chunk_to, at, first_byte);
  }

 private:
  QTL_DEVICE static unsigned row() { return ptx::thread_index() / layout::chunks; }
  QTL_DEVICE static unsigned chunk() { return ptx::thread_index() % layout::chunks; }

  /// Whether this thread's row of a pass is none of the tile's.
  QTL_DEVICE static bool lies_below(int pass) {
    return Rows % rows_at_once != 0 && row() + static_cast<unsigned>(pass * rows_at_once) >= Rows;
  }
  QTL_DEVICE const std::byte* row_at(const std::byte* first, int pass) const {
    const auto below = static_cast<unsigned>(pass * rows_at_once);
    // Strides are below 4 GiB: one 32-bit product with a 64-bit sum.
    return first + static_cast<std::uint64_t>(below < rows_below ? below : rows_below) *
                       static_cast<std::uint32_t>(from.stride);
  }

  QTL_DEVICE static void copy_16(std::uint32_t to, const std::byte* at, int valid = 16) {
    if constexpr (Reuse == reuse::once)
      ptx::cp_async_once<16>(to, at, valid);
    else
      ptx::cp_async<16>(to, at, valid);
  }

  /// Where columns end, or rows are not aligned to 16 bytes: rolled loops, small beside the one
  /// that they stand in.
  QTL_DEVICE void copy_ragged(std::uint32_t to, const std::byte* first,
                              std::int64_t first_byte) const {
    const std::int64_t left = from.bytes - first_byte - 16 * chunk();
    const int valid = left >= 16 ? 16 : left > 0 ? static_cast<int>(left) : 0;
    const int width = copy_width(from);
    rolled(passes, [&](int pass) {
      if (lies_below(pass)) return;
      // Where nothing is valid, the address is that of the matrix: it must be one at all events.
      const std::byte* at = valid > 0 ? row_at(first, pass) : from.data;
      const std::uint32_t pass_to = to + static_cast<std::uint32_t>(pass * rows_at_once * RowBytes);
      if (width == 16)
        copy_16(pass_to, at, valid);
      else
        rolled(4, [&](int word) { copy_word(pass_to, at, valid, width, 4 * word); });
    });
  }
  /// The word `first` bytes into a chunk.
  QTL_DEVICE void copy_word(std::uint32_t chunk, const std::byte* at, int valid, int width,
                            int first) const {
    const int rest = valid - first > 4 ? 4 : valid - first > 0 ? valid - first : 0;
    const std::uint32_t to = chunk + static_cast<std::uint32_t>(first);
    at = rest > 0 ? at + first : from.data;
    if (width == 4) {
      ptx::cp_async<4>(to, at, rest);
      return;
    }
    std::uint32_t word = 0;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(at);
    rolled(rest, [&](int b) {
      word |= static_cast<std::uint32_t>(ptx::load_global(bytes + b)) << (8 * b);
    });
    ptx::store_shared<std::uint32_t>(to, word);
  }
};

}  // namespace qtl::inline v0::gpu
