// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/packed_row.cuh - eight neighbouring codes in a packed row: stores and loads.
// Holds: store_codes, load_codes, store_zeros. Eight codes of b bits are b whole bytes, so threads that own chunks
// never share a byte. The order of bits is that of format/packing.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/format/packing.hpp"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/tile/chunk.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Bytes of a full chunk; where they are a power of two, a row that starts at a multiple of them is
/// accessed in one piece.
template<int Bits>
inline constexpr bool has_whole_access = Bits == 1 || Bits == 2 || Bits == 4 || Bits == 8;

/// An unsigned integer of Bits bytes.
template<int Bits>
using chunk_word = std::conditional_t<
    Bits == 8, std::uint64_t,
    std::conditional_t<Bits == 4, std::uint32_t,
                       std::conditional_t<Bits == 2, std::uint16_t, std::uint8_t>>>;

/// Stores the first `count` codes of a chunk. `to` is the chunk's first byte; `aligned`: a multiple
/// of Bits.
template<int Bits>
QTL_DEVICE void store_codes(std::byte* to, std::uint64_t codes, int count, bool aligned) {
  if constexpr (has_whole_access<Bits>) {
    if (aligned && count == chunk_size) {
      ptx::store_global(reinterpret_cast<chunk_word<Bits>*>(to),
                        static_cast<chunk_word<Bits>>(codes));
      return;
    }
  }
  const int bytes = (count * Bits + 7) / 8;
  unrolled<Bits>([&](auto b) {
    if (b < bytes) ptx::store_global(to + b, static_cast<std::byte>(codes >> (8 * b)));
  });
}

/// The inverse of store_codes; zeros beyond `count` codes.
template<int Bits>
QTL_DEVICE std::uint64_t load_codes(const std::byte* from, int count, bool aligned) {
  if constexpr (has_whole_access<Bits>)
    if (aligned && count == chunk_size)
      return ptx::load_global(reinterpret_cast<const chunk_word<Bits>*>(from));
  const int bytes = (count * Bits + 7) / 8;
  std::uint64_t codes = 0;
  unrolled<Bits>([&](auto b) {
    if (b < bytes) codes |= static_cast<std::uint64_t>(ptx::load_global(from + b)) << (8 * b);
  });
  return codes;
}

/// Zeros from byte `first` to byte `last` of a row, dealt out to the threads of a team.
QTL_DEVICE void store_zeros(std::byte* row, std::int64_t first, std::int64_t last, unsigned thread,
                            unsigned threads) {
  for (std::int64_t b = first + thread; b < last; b += threads)
    ptx::store_global(row + b, std::byte{0});
}

}  // namespace qtl::inline v0::gpu
