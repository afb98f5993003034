// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/wgmma_descriptor.cuh - the 64 bits that tell wgmma where an operand lies in shared memory.
// Holds: wgmma_descriptor for both kinds of layout, wgmma_advance. K-major operands only.
//
//   bits  0-13  address / 16                 bits 32-45  stride offset / 16
//   bits 16-29  leading offset / 16          bits 62-63  swizzle: 0 none, 1 128, 2 64, 3 32 bytes
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/shared_swizzle.cuh"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// The fields as PTX packs them. `leading`: bytes between the 16-byte columns of 8 x 16-byte core
/// matrices along k (read without a swizzle only). `stride`: bytes between groups of eight rows.
QTL_HOST_DEVICE constexpr std::uint64_t wgmma_descriptor(std::uint32_t address,
                                                         shared_swizzle pattern,
                                                         std::uint32_t leading,
                                                         std::uint32_t stride) {
  const auto field = [](std::uint32_t bytes) -> std::uint64_t { return (bytes & 0x3FFFFu) >> 4; };
  const std::uint64_t kind = (4u - static_cast<unsigned>(pattern)) & 3u;
  return field(address) | field(leading) << 16 | field(stride) << 32 | kind << 62;
}

/// Rows of 32, 64 or 128 bytes one after the other, as a swizzled TMA box leaves them.
QTL_HOST_DEVICE constexpr std::uint64_t wgmma_descriptor(std::uint32_t address,
                                                         shared_swizzle pattern) {
  return wgmma_descriptor(address, pattern, 16, pattern_bytes(pattern));
}

/// The same operand `bytes` further along k, inside one row of the pattern: a multiple of 32.
QTL_HOST_DEVICE constexpr std::uint64_t wgmma_advance(std::uint64_t descriptor,
                                                      std::uint32_t bytes) {
  return descriptor + (bytes >> 4);
}

}  // namespace qtl::inline v0::gpu::ptx
