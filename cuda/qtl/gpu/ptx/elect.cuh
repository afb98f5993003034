// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/elect.cuh - one lane of a warp, chosen by the hardware.
// Holds: elect_one. All 32 lanes call it together; the same lane is chosen every time, but which one is not said.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// True in exactly one lane of the warp.
template<int Sm = compiled_sm>
QTL_DEVICE bool elect_one() {
  static_assert(target_has(Sm, 900), "elect.sync exists from sm_90 on");
#if QTL_GPU_EMULATED
  return emulated::elect_one();
#else
  std::uint32_t elected = 0;
  if constexpr (Sm >= 900)
    asm volatile(
        "{ .reg .pred p; elect.sync _|p, 0xFFFFFFFF;\n"
        "selp.u32 %0, 1, 0, p; }"
        : "=r"(elected)::"memory");
  return elected != 0;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
