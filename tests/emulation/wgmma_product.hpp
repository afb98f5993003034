// SPDX-License-Identifier: Apache-2.0
// emulation/wgmma_product.hpp - the arithmetic of one wgmma: what its descriptors point to, and the
// products.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/shared_swizzle.cuh"

namespace qtl::inline v0::gpu::emulated {

/// A K-major operand in shared memory, 32 bytes of k wide.
struct wgmma_operand {
  std::uint32_t start;
  std::uint32_t leading;
  std::uint32_t stride;
  ptx::shared_swizzle pattern;

  /// Decodes a descriptor; fails where its fields contradict one another.
  wgmma_operand(std::uint64_t descriptor, const char* instruction);
  /// Where 16-byte half 0 or 1 of a row lies.
  std::uint32_t chunk(int row, int half) const;
};

/// Copies rows [first, first + count), 32 bytes each.
void gather_rows(const wgmma_operand& operand, int first, int count, std::byte* to);

/// values (16 x n, row by row) = a b + (call.accumulate ? values : 0).
void multiply(const wgmma_call& call, const std::byte (&a)[16][32], const std::byte (&b)[256][32],
              std::uint32_t* values);

}  // namespace qtl::inline v0::gpu::emulated
