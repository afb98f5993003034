// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/grid_dependency.cuh - overlaps a kernel's start with the end of the kernel before it.
// Holds: wait_for_previous_grid, let_next_grid_start. Both do nothing unless the launch asks for programmatic
// stream serialization.
#pragma once

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Returns when the grids before this one have finished and their writes are seen. Call it before
/// the first access to anything that they write, or that this kernel writes and they read.
template<int Sm = compiled_sm>
QTL_DEVICE void wait_for_previous_grid() {
  static_assert(target_has(Sm, 900), "griddepcontrol exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::grid_dependency("griddepcontrol.wait");
#else
  if constexpr (Sm >= 900) asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// The next grid may start once every block has called this or ended.
template<int Sm = compiled_sm>
QTL_DEVICE void let_next_grid_start() {
  static_assert(target_has(Sm, 900), "griddepcontrol exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::grid_dependency("griddepcontrol.launch_dependents");
#else
  if constexpr (Sm >= 900) asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
