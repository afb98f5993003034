// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/exact_quotient.cuh - many quotients by one scale, each as IEEE division rounds it.
// Holds: exact_divisor. A division costs ten instructions and a branch; here it is a product with the
// reciprocal and two corrections by the remainder, of which the last rounds correctly.
#pragma once

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/tile/chunk.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Quotients whose magnitude is below this are only known to be that small: they may be off in the
/// last bits, and a zero may have lost its sign.
inline constexpr float least_exact_quotient = power_of_two(-20);

/// x / scale for one scale: equal to the IEEE quotient in every bit from least_exact_quotient on.
/// `Bounded` says that the scale comes from a range that holds every x, so that no quotient
/// overflows.
template<bool Bounded>
class exact_divisor {
 public:
  QTL_DEVICE explicit exact_divisor(float scale)
      : scale_(scale), reciprocal_(ptx::divide_rn(1.0f, scale)), is_ordinary_(in_reach(scale)) {}

  /// q = x / scale. One branch for the chunk: all quotients are cheap ones, or all are divisions.
  QTL_DEVICE void operator()(const float (&x)[chunk_size], float (&q)[chunk_size]) const {
    if (is_ordinary_ && are_in_reach(x))
      unrolled<chunk_size>(
          [&](auto e) { q[e] = corrected(corrected(estimate(x[e]), x[e]), x[e]); });
    else
      unrolled<chunk_size>([&](auto e) { q[e] = ptx::divide_rn(x[e], scale_); });
  }

 private:
  // The reciprocal is correctly rounded, being a quotient itself, so the estimate is off by less
  // than two units in the last place and its correction by less than one; the remainder of that is
  // exact, and the second correction is then the rounded quotient (Markstein 1990).
  QTL_DEVICE float estimate(float x) const { return ptx::multiply_rn(x, reciprocal_); }
  QTL_DEVICE float corrected(float q, float x) const {
    return ptx::fused_multiply_add(ptx::fused_multiply_add(-q, scale_, x), reciprocal_, q);
  }

  QTL_DEVICE bool are_in_reach(const float (&x)[chunk_size]) const {
    if constexpr (Bounded) return true;
    bool all = true;
    unrolled<chunk_size>([&](auto e) {
      if (!(magnitude(estimate(x[e])) < power_of_two(100))) all = false;
    });
    return all;
  }

  // 2^-80 to 2^80: the reciprocal is normal, and so are the remainders that matter.
  QTL_DEVICE static bool in_reach(float scale) {
    const float size = magnitude(scale);
    return size >= power_of_two(-80) && size <= power_of_two(80);
  }
  float scale_;
  float reciprocal_;
  bool is_ordinary_;
};

}  // namespace qtl::inline v0::gpu
