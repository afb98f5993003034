// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/unrolled.cuh - a loop that the compiler cannot leave rolled.
// Arrays of registers must be indexed by constants, or they move to local memory.
#pragma once

#include <utility>

#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu {

/// A number as a type. (The conversion of std::integral_constant is not for device code.)
template<int I>
struct constant_index {
  QTL_HOST_DEVICE constexpr operator int() const { return I; }
};

/// Calls f(i) for i = 0 .. Count - 1, each a constant_index.
template<int Count, class F>
QTL_DEVICE void unrolled(F&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    (f(constant_index<I>{}), ...);
  }(std::make_integer_sequence<int, Count>{});
}

}  // namespace qtl::inline v0::gpu
