// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/square_root.cuh - the square root as IEEE 754 rounds it, whatever -prec-sqrt says.
#pragma once

#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// sqrt(x), to nearest even; NaN below zero.
QTL_DEVICE float sqrt_rn(float x) {
#if QTL_GPU_EMULATED
  return __builtin_sqrtf(x);
#else
  float result;
  asm("sqrt.rn.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
