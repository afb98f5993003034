// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/emulated_compute.hpp - what the emulated branches of the warp instructions call.
// Holds: mma, set_fp8_sums, ldmatrix, stmatrix, movmatrix. Defined in tests/emulation.
// Not here: the emulator's own services (emulated.hpp), and instructions that touch one lane only:
// those are plain functions in their own headers.
#pragma once

#include <cstdint>

namespace qtl::inline v0::gpu::emulated {

/// d += a b of the calling warp, 32 bytes deep: m16n8k64 of 4-bit elements, k32 of 8, k16 of 16.
/// D is std::int32_t or float; mma.cpp instantiates the pairs that have an instruction.
template<class A, class B, class D>
void mma(D (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);

/// What the accumulator of an FP8 mma keeps.
enum class fp8_sums : std::uint8_t {
  rounded,    ///< the sum in double, rounded to f32 once; the default
  truncated,  ///< 13 explicit mantissa bits after each mma, the rest cut off: Ada
};
/// Applies to every FP8 mma from here on; wgmma has a setting of its own. Call it between launches.
void set_fp8_sums(fp8_sums sums);

/// Loads and stores `count` (1, 2 or 4) 8 x 8 matrices of 16-bit elements; rows of matrix m start
/// at the addresses of lanes 8 m .. 8 m + 7.
void ldmatrix(std::uint32_t* registers, int count, bool transposed, std::uint32_t address);
void stmatrix(const std::uint32_t* registers, int count, bool transposed, std::uint32_t address);
/// The transpose of one 8 x 8 matrix of 16-bit elements.
std::uint32_t movmatrix(std::uint32_t row);

}  // namespace qtl::inline v0::gpu::emulated
