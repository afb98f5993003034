// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/setmaxnreg.cuh - moves registers from one warpgroup to another (sm_90a and its successors).
// Holds: give_registers, take_registers. All 128 threads of a warpgroup call them, each role in one branch of a
// single if/else; the kernel needs __launch_bounds__ with a minimum of blocks, else ptxas ignores
// them (C7508).
#pragma once

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// What setmaxnreg accepts: multiples of 8 from 24 to 256.
QTL_HOST_DEVICE constexpr bool is_register_count(int count) {
  return count >= 24 && count <= 256 && count % 8 == 0;
}

/// Keeps `Count` registers per thread and gives the rest back to the block.
template<int Count, int Sm = compiled_sm>
QTL_DEVICE void give_registers() {
  static_assert(target_has(Sm, 900), "setmaxnreg exists from sm_90a on");
  static_assert(is_register_count(Count), "setmaxnreg takes multiples of 8 from 24 to 256");
#if QTL_GPU_EMULATED
  emulated::give_registers(Count);
#else
  if constexpr (Sm >= 900) asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Count));
#endif
}

/// Waits until the block has them, then owns `Count` registers per thread.
template<int Count, int Sm = compiled_sm>
QTL_DEVICE void take_registers() {
  static_assert(target_has(Sm, 900), "setmaxnreg exists from sm_90a on");
  static_assert(is_register_count(Count), "setmaxnreg takes multiples of 8 from 24 to 256");
#if QTL_GPU_EMULATED
  emulated::take_registers(Count);
#else
  if constexpr (Sm >= 900) asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Count));
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
