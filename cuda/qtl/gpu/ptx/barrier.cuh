// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/barrier.cuh - barriers among the threads of a block or a warp.
// Barrier 0 belongs to block_barrier(); 1 to 15 are free for named ones. All threads of a warp come
// to a barrier together; the number of threads is a multiple of 32.
#pragma once

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// All threads of the block.
QTL_DEVICE void block_barrier() {
#if QTL_GPU_EMULATED
  emulated::block_barrier("bar.sync", 0, 0, true);
#else
  asm volatile("bar.sync 0;" ::: "memory");
#endif
}

/// Arrives at barrier `id` and waits until `threads` threads have.
QTL_DEVICE void named_barrier(unsigned id, unsigned threads) {
#if QTL_GPU_EMULATED
  emulated::block_barrier("bar.sync", id, threads, true);
#else
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/// Arrives at barrier `id` and goes on; others of the `threads` wait for it.
QTL_DEVICE void named_barrier_arrive(unsigned id, unsigned threads) {
#if QTL_GPU_EMULATED
  emulated::block_barrier("bar.arrive", id, threads, false);
#else
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/// All threads of the warp.
QTL_DEVICE void warp_barrier() {
#if QTL_GPU_EMULATED
  emulated::warp_collective("bar.warp.sync", 0xffffffffu, nullptr,
                            [](void* const*) { emulated::bring_lanes_together(); });
#else
  asm volatile("bar.warp.sync 0xffffffff;" ::: "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
