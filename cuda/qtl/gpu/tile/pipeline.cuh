// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/pipeline.cuh - the multistage loop of cp.async: copy ahead, wait, compute.
// Holds: run_pipeline<Stages>. Stages - 1 slabs are under way while one is computed; one barrier a
// slab both shows the new stage to all and frees the one before it.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"

namespace qtl::inline v0::gpu {

/// For slab = 0 .. slabs - 1: copy(slab, stage) issues the slab's copies into a stage,
/// compute(slab, stage) reads them. All threads of the block call this. On return nothing is under
/// way and shared memory is free for other use.
template<int Stages, class Copy, class Compute>
QTL_DEVICE void run_pipeline(std::int64_t slabs, const Copy& copy, const Compute& compute) {
  static_assert(Stages >= 2, "one stage is copied while another is computed");
  // A group is committed for every slab, empty ones too: then the number of groups that may
  // still be under way is a constant.
  for (int ahead = 0; ahead < Stages - 1; ++ahead) {
    if (ahead < slabs) copy(ahead, ahead);
    ptx::cp_async_commit();
  }
  int stage = 0;
  for (std::int64_t slab = 0; slab < slabs; ++slab) {
    ptx::cp_async_wait<Stages - 2>();
    ptx::block_barrier();
    const std::int64_t next = slab + Stages - 1;
    if (next < slabs) copy(next, stage == 0 ? Stages - 1 : stage - 1);
    ptx::cp_async_commit();
    compute(slab, stage);
    stage = stage + 1 == Stages ? 0 : stage + 1;
  }
  ptx::cp_async_wait<0>();
  ptx::block_barrier();
}

}  // namespace qtl::inline v0::gpu
