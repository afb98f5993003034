// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/wgmma_types.cuh - which products wgmma has, and how PTX spells their types.
// Holds: wgmma_accumulator, wgmma_depth, wgmma_pairs, wgmma_columns_exist; wgmma_text for the asm statements.
// 8-bit operands are K-major only; 16-bit ones are used K-major only, so no transpose is offered.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/gpu/ptx/spelling.cuh"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// The accumulator of a product whose left operand is A: s32 for integers, else f32.
template<class A>
using wgmma_accumulator = std::conditional_t<Int8Operand<A>, std::int32_t, float>;

/// Elements of k in one instruction: 32 bytes of every row.
template<class A>
inline constexpr int wgmma_depth = HalfOperand<A> ? 16 : 32;

/// Whether PTX pairs A with B: integers of any sign, 8-bit floats of any kind, 16-bit ones alike.
template<class A, class B>
inline constexpr bool wgmma_pairs =
    (Int8Operand<A> && Int8Operand<B>) || (Fp8Operand<A> && Fp8Operand<B>) ||
    (HalfOperand<A> && std::is_same_v<A, B>);

/// The n for which asm statements are written (generate/wgmma.py): what kernels use of the 32 that
/// floats have and the 18 that integers have. Every one of them is legal for both.
QTL_HOST_DEVICE constexpr bool wgmma_columns_exist(int n) {
  constexpr int columns[] = {8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256};
  for (const int c : columns)
    if (c == n) return true;
  return false;
}

/// The parts of a floating-point wgmma that differ between 8 and 16 bits: the depth in its name,
/// and the immediates after the predicate (no negation, no transpose). ss and rs: where A comes
/// from.
template<class A, bool Half = HalfOperand<A>>
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
