// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/wgmma_types.cuh - which products wgmma has, and how PTX spells their types.
// Holds: wgmma_accumulator, wgmma_depth, wgmma_exists; ptx_name and wgmma_text for the asm statements.
// 8-bit operands are K-major only; 16-bit ones are used K-major only, so no transpose is offered.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// True for the two integer operand types.
template<class F>
inline constexpr bool is_wgmma_integer = std::is_same_v<F, s8> || std::is_same_v<F, u8>;
/// True for the two 8-bit floating-point operand types.
template<class F>
inline constexpr bool is_wgmma_fp8 = std::is_same_v<F, e4m3> || std::is_same_v<F, e5m2>;
/// True for the two 16-bit operand types.
template<class F>
inline constexpr bool is_wgmma_half = std::is_same_v<F, f16> || std::is_same_v<F, bf16>;

/// The accumulator of a product whose left operand is A: s32 for integers, else f32.
template<class A>
using wgmma_accumulator = std::conditional_t<is_wgmma_integer<A>, std::int32_t, float>;

/// Elements of k in one instruction: 32 bytes of every row.
template<class A>
inline constexpr int wgmma_depth = is_wgmma_half<A> ? 16 : 32;

/// Whether PTX pairs A with B: integers of any sign, 8-bit floats of any kind, 16-bit ones alike.
template<class A, class B>
inline constexpr bool wgmma_pairs = (is_wgmma_integer<A> && is_wgmma_integer<B>) ||
                                    (is_wgmma_fp8<A> && is_wgmma_fp8<B>) ||
                                    (is_wgmma_half<A> && std::is_same_v<A, B>);

/// The n for which asm statements are written (generate/wgmma.py): what kernels use of the 32 that
/// floats have and the 18 that integers have. Every one of them is legal for both.
QTL_HOST_DEVICE constexpr bool wgmma_columns_exist(int n) {
  constexpr int columns[] = {8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256};
  for (const int c : columns)
    if (c == n) return true;
  return false;
}

/// How PTX spells an operand's type.
template<class F>
struct ptx_name;
template<>
struct ptx_name<s8> {
  static constexpr char text[] = "s8";
};
template<>
struct ptx_name<u8> {
  static constexpr char text[] = "u8";
};
template<>
struct ptx_name<e4m3> {
  static constexpr char text[] = "e4m3";
};
template<>
struct ptx_name<e5m2> {
  static constexpr char text[] = "e5m2";
};
template<>
struct ptx_name<f16> {
  static constexpr char text[] = "f16";
};
template<>
struct ptx_name<bf16> {
  static constexpr char text[] = "bf16";
};

/// The parts of a floating-point wgmma that differ between 8 and 16 bits: the depth in its name, and
/// the immediates after the predicate (no negation, no transpose). ss and rs: where A comes from.
template<class A, bool Half = is_wgmma_half<A>>
struct wgmma_text {
  static constexpr char shape[] = "k32";
  static constexpr char tail_ss[] = ", 1, 1";
  static constexpr char tail_rs[] = ", 1, 1";
};
template<class A>
struct wgmma_text<A, true> {
  static constexpr char shape[] = "k16";
  static constexpr char tail_ss[] = ", 1, 1, 0, 0";
  static constexpr char tail_rs[] = ", 1, 1, 0";
};

}  // namespace qtl::inline v0::gpu::ptx
