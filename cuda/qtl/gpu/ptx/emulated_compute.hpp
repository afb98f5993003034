// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/emulated_compute.hpp - what the emulated branches of the computing instructions call.
// Holds: element, mma, ldmatrix, stmatrix, movmatrix, set_fp8_sums. Defined in tests/emulation.
// Not here: the emulator's own services (emulated.hpp), and instructions that touch one lane only:
// those are plain functions in their own headers.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0::gpu::emulated {

/// The formats that tensor cores multiply.
enum class element : std::uint8_t { s4, u4, s8, u8, e4m3, e5m2, f16, bf16 };

/// The element of a format.
template<class F>
inline constexpr element element_of = std::is_same_v<F, qtl::s4>     ? element::s4
                                      : std::is_same_v<F, qtl::u4>   ? element::u4
                                      : std::is_same_v<F, qtl::s8>   ? element::s8
                                      : std::is_same_v<F, qtl::u8>   ? element::u8
                                      : std::is_same_v<F, qtl::e4m3> ? element::e4m3
                                      : std::is_same_v<F, qtl::e5m2> ? element::e5m2
                                      : std::is_same_v<F, qtl::f16>  ? element::f16
                                                                     : element::bf16;

/// d += a b of the calling warp: m16n8k64 for elements of 4 bits, k32 for 8 bits, k16 for 16 bits.
void mma(element a_element, element b_element, std::int32_t (&d)[4], const std::uint32_t (&a)[4],
         const std::uint32_t (&b)[2]);
void mma(element a_element, element b_element, float (&d)[4], const std::uint32_t (&a)[4],
         const std::uint32_t (&b)[2]);

/// What the accumulator of an FP8 mma keeps.
enum class fp8_sums : std::uint8_t {
  f32,        ///< the sum, rounded to f32 once; the default
  truncated,  ///< 13 explicit mantissa bits after each mma, the rest cut off: Ada and Hopper
};
/// Applies to every FP8 mma from here on. Call it between launches.
void set_fp8_sums(fp8_sums sums);

/// Loads and stores `count` (1, 2 or 4) 8 x 8 matrices of 16-bit elements; rows of matrix m start
/// at the addresses of lanes 8 m .. 8 m + 7.
void ldmatrix(std::uint32_t* registers, int count, bool transposed, std::uint32_t address);
void stmatrix(const std::uint32_t* registers, int count, bool transposed, std::uint32_t address);
/// The transpose of one 8 x 8 matrix of 16-bit elements.
std::uint32_t movmatrix(std::uint32_t row);

}  // namespace qtl::inline v0::gpu::emulated
