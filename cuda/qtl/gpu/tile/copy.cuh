// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/copy.cuh - a tile of a row-major matrix of bytes from global to shared memory.
// Holds: byte_rows, copy_width, tile_copy<Rows, RowBytes, Threads>. Rows and columns beyond the
// matrix become zeros. Rows may begin at any address: 16 bytes a copy where all are aligned so, 4
// where they are aligned to 4, and single bytes through registers elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/swizzle.cuh"

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
  const auto bits = reinterpret_cast<std::uintptr_t>(from.data) |
                    static_cast<std::uintptr_t>(from.stride);
  return bits % 16 == 0 ? 16 : bits % 4 == 0 ? 4 : 1;
}

/// How often the bytes are read: those of weights at small m only once, they should not push
/// others out of the cache.
enum class reuse { many, once };

/// Copies Rows x RowBytes, swizzled, with all Threads of a block. The copies belong to the group
/// that the caller commits; bytes that went through registers are visible after the next barrier.
template<int Rows, int RowBytes, int Threads, reuse Reuse = reuse::many>
struct tile_copy {
  using layout = swizzled_rows<RowBytes>;
  static constexpr int shared_bytes = Rows * RowBytes;
  static constexpr int chunks = Rows * layout::chunks;

  byte_rows from;
  std::int64_t first_row = 0;
  int width = 16;  ///< copy_width(from)

  QTL_DEVICE tile_copy(const byte_rows& matrix, std::int64_t row)
      : from(matrix), first_row(row), width(copy_width(matrix)) {}

  /// Columns [first_byte, first_byte + RowBytes) to the tile at shared address `to`.
  QTL_DEVICE void operator()(std::uint32_t to, std::int64_t first_byte) const {
    for (unsigned c = ptx::thread_index(); c < chunks; c += Threads) {
      const unsigned row = c / layout::chunks;
      const unsigned chunk = c % layout::chunks;
      copy_chunk(to + layout::offset(row, chunk), first_row + row, first_byte + 16 * chunk);
    }
  }

 private:
  QTL_DEVICE void copy_chunk(std::uint32_t to, std::int64_t row, std::int64_t byte) const {
    const std::int64_t left = row < from.rows ? from.bytes - byte : 0;
    const int valid = left >= 16 ? 16 : left > 0 ? static_cast<int>(left) : 0;
    // Where nothing is valid, the address is that of the matrix: it must be one at all events.
    const std::byte* source = valid > 0 ? from.data + row * from.stride + byte : from.data;
    if (width == 16)
      copy_16(to, source, valid);
    else if (width == 4)
      copy_words(to, source, valid);
    else
      copy_bytes(to, source, valid);
  }

  QTL_DEVICE static void copy_16(std::uint32_t to, const std::byte* source, int valid) {
    if constexpr (Reuse == reuse::once)
      ptx::cp_async_once<16>(to, source, valid);
    else
      ptx::cp_async<16>(to, source, valid);
  }
  QTL_DEVICE static void copy_words(std::uint32_t to, const std::byte* source, int valid) {
    for (int at = 0; at < 16; at += 4) {
      const int rest = valid - at;
      ptx::cp_async<4>(to + static_cast<std::uint32_t>(at), rest > 0 ? source + at : source,
                       rest >= 4  ? 4
                       : rest > 0 ? rest
                                  : 0);
    }
  }
  QTL_DEVICE static void copy_bytes(std::uint32_t to, const std::byte* source, int valid) {
    ptx::words4 chunk{};
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(source);
    for (int at = 0; at < 16; ++at) {
      const std::uint32_t byte = at < valid ? ptx::load_global(bytes + at) : 0u;
      chunk.w[at / 4] |= byte << (8 * (at % 4));
    }
    ptx::store_shared<ptx::words4>(to, chunk);
  }
};

}  // namespace qtl::inline v0::gpu
