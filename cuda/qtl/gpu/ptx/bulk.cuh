// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/bulk.cuh - the copy engine without a tensor: consecutive bytes; and the groups of its stores.
// Holds: bulk_load, bulk_store, bulk_commit, bulk_wait, bulk_wait_read. Addresses and sizes are multiples of 16.
// Groups belong to the thread that issued the stores: the same thread commits and waits.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Starts copying `bytes` bytes to shared memory; they count on the barrier, which must expect
/// them.
template<int Sm = compiled_sm>
QTL_DEVICE void bulk_load(std::uint32_t to, const void* from, std::uint32_t bytes,
                          std::uint32_t barrier) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::bulk_load(to, from, bytes, barrier);
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
            to),
        "l"(from), "r"(bytes), "r"(barrier)
        : "memory");
#endif
}

/// Starts copying `bytes` bytes of shared memory to global memory.
template<int Sm = compiled_sm>
QTL_DEVICE void bulk_store(void* to, std::uint32_t from, std::uint32_t bytes) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::bulk_store(to, from, bytes);
#else
  if constexpr (Sm >= 900)
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(to), "r"(from),
                 "r"(bytes)
                 : "memory");
#endif
}

/// Closes the group of this thread's stores since the last commit.
template<int Sm = compiled_sm>
QTL_DEVICE void bulk_commit() {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::bulk_commit();
#else
  if constexpr (Sm >= 900) asm volatile("cp.async.bulk.commit_group;" ::: "memory");
#endif
}

/// Returns once all but the newest Pending groups of this thread have written global memory.
template<int Pending, int Sm = compiled_sm>
QTL_DEVICE void bulk_wait() {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::bulk_wait(Pending, false);
#else
  if constexpr (Sm >= 900) asm volatile("cp.async.bulk.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

/// Returns once all but the newest Pending groups have read shared memory, which may be reused
/// then.
template<int Pending, int Sm = compiled_sm>
QTL_DEVICE void bulk_wait_read() {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::bulk_wait(Pending, true);
#else
  if constexpr (Sm >= 900)
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(Pending) : "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
