// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/fence.cuh - fences between ordinary accesses and those of the asynchronous proxy.
// Holds: fence_async_shared, fence_async, fence_mbarrier_init. Not here: fences of wgmma (wgmma.cuh).
// TMA and wgmma read shared memory through another path than store_shared does: after the stores,
// every storing thread fences, then the threads meet at a barrier, then the copy or the product may
// be issued.
#pragma once

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Lets TMA and wgmma see what this thread has stored to shared memory.
template<int Sm = compiled_sm>
QTL_DEVICE void fence_async_shared() {
  static_assert(target_has(Sm, 900), "fence.proxy.async exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::fence_async("fence.proxy.async.shared::cta");
#else
  if constexpr (Sm >= 900) asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

/// The same for global memory as well: before a TMA load of what this kernel has written.
template<int Sm = compiled_sm>
QTL_DEVICE void fence_async() {
  static_assert(target_has(Sm, 900), "fence.proxy.async exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::fence_async("fence.proxy.async");
#else
  if constexpr (Sm >= 900) asm volatile("fence.proxy.async;" ::: "memory");
#endif
}

/// Lets TMA and the other blocks of the cluster see the barriers that this thread has initialized.
template<int Sm = compiled_sm>
QTL_DEVICE void fence_mbarrier_init() {
  static_assert(target_has(Sm, 900), "fence.mbarrier_init exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::fence_mbarrier_init();
#else
  if constexpr (Sm >= 900) asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
