// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/unrolled.cuh - loops whose count is known when compiling, written out.
// Holds: constant<I>, unrolled<N>. Arrays in registers need indices that the compiler knows; a
// pragma for that is spelled differently by every compiler, a pack is not.
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

template<class F, int... I>
QTL_DEVICE void unrolled_over(std::integer_sequence<int, I...>, F& body) {
  (body(constant<I>{}), ...);
}

/// body(constant<0>{}), ... body(constant<N - 1>{}).
template<int N, class F>
QTL_DEVICE void unrolled(F&& body) {
  unrolled_over(std::make_integer_sequence<int, N>{}, body);
}

}  // namespace qtl::inline v0::gpu
