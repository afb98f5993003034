// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/shared_swizzle.cuh - the patterns in which TMA writes and wgmma reads shared memory.
// Holds: shared_swizzle, span_bytes, pattern_bytes, swizzled.
// A pattern exchanges the 16-byte chunks of a row by bits of the address itself, so that eight rows
// read at one column come from eight different groups of banks.
#pragma once

#include <cstdint>

#include "qtl/base/config.hpp"

namespace qtl::inline v0::gpu::ptx {

/// The width of a row of the pattern.
enum class shared_swizzle : std::uint8_t { none, bytes_32, bytes_64, bytes_128 };

/// Bytes of a row: what the inner extent of a box must be. 16 without a swizzle.
QTL_HOST_DEVICE constexpr std::uint32_t span_bytes(shared_swizzle s) {
  return 16u << static_cast<unsigned>(s);
}

/// Bytes after which a pattern repeats: eight rows. A tile begins at a multiple of it.
QTL_HOST_DEVICE constexpr std::uint32_t pattern_bytes(shared_swizzle s) {
  return 8 * span_bytes(s);
}

/// Where the byte that belongs at `address` is found: bits 4.. are XORed with bits 7.. of the
/// address, one bit for 32-byte rows, two for 64, three for 128.
QTL_HOST_DEVICE constexpr std::uint32_t swizzled(std::uint32_t address, shared_swizzle s) {
  return address ^ ((address >> 3) & (span_bytes(s) - 16));
}

}  // namespace qtl::inline v0::gpu::ptx
