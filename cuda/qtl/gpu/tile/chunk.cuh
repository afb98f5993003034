// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/chunk.cuh - the unit of elementwise work: eight neighbours of a row.
// Holds: chunk_size, chunk_count, is_aligned. Eight codes fill whole bytes in every packing, and eight
// 16-bit floats are one 16-byte access.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu {

/// How many neighbours one thread works on at a time.
inline constexpr int chunk_size = 8;

/// How many elements of a row of k the chunk has that starts at `first`.
QTL_DEVICE int chunk_count(std::int64_t first, std::int64_t k) {
  const std::int64_t left = k - first;
  return left >= chunk_size ? chunk_size : left > 0 ? static_cast<int>(left) : 0;
}

/// Whether an address is a multiple of `bytes`.
QTL_DEVICE bool is_aligned(const void* pointer, std::uintptr_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % bytes == 0;
}

}  // namespace qtl::inline v0::gpu
