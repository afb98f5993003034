// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/unrolled.cuh - loops that are written out, and loops that are not.
// Holds: constant<I>, unrolled<N>, rolled. Arrays in registers need indices that the compiler
// knows; a pragma for that is spelled differently by every compiler, a pack is not.
#pragma once

#include <utility>

#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu {

/// An index as a type; converts to int where one is wanted.
template<int I>
struct constant {
  static constexpr int value = I;
  QTL_HOST_DEVICE constexpr operator int() const { return I; }
};

/// body(constant<I>{}) for every I of the sequence, in order.
template<class F, int... I>
QTL_DEVICE void unrolled_over(std::integer_sequence<int, I...>, F& body) {
  (body(constant<I>{}), ...);
}

/// body(constant<0>{}), ... body(constant<N - 1>{}).
template<int N, class F>
QTL_DEVICE void unrolled(F&& body) {
  unrolled_over(std::make_integer_sequence<int, N>{}, body);
}

/// body(0), ... body(count - 1) by a loop that stays one, for code that is large or rarely run.
template<class F>
QTL_DEVICE void rolled(int count, F&& body) {
#if !QTL_GPU_EMULATED
#pragma unroll 1
#endif
  for (int i = 0; i < count; ++i) body(i);
}

}  // namespace qtl::inline v0::gpu
