// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/cp_async.cuh - copies from global to shared memory that run beside the thread.
// A thread's copies form groups: cp_async_commit() closes one, cp_async_wait<Pending>() waits for
// all but the newest Pending. Other threads see the bytes after a barrier behind that wait.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Copies source_bytes and fills the rest of Bytes with zeros. `from` is a valid pointer even where
/// source_bytes is 0. Sixteen bytes bypass L1.
template<int Bytes>
QTL_DEVICE void cp_async(std::uint32_t to, const void* from, int source_bytes = Bytes) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
#if QTL_GPU_EMULATED
  emulated::cp_async(to, from, Bytes, source_bytes, "cp.async");
#else
  if constexpr (Bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
                 "r"(source_bytes)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(from), "n"(Bytes),
                 "r"(source_bytes)
                 : "memory");
#endif
}

/// The same for bytes that nobody reads again: they leave L2 first.
template<int Bytes>
QTL_DEVICE void cp_async_once(std::uint32_t to, const void* from, int source_bytes = Bytes) {
  static_assert(Bytes == 16, "only 16-byte copies take a cache policy here");
#if QTL_GPU_EMULATED
  emulated::cp_async(to, from, Bytes, source_bytes, "cp.async");
#else
  // Not volatile: the compiler makes the policy once for all copies of a loop.
  std::uint64_t policy;
  asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
  asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2, %3;" ::"r"(to),
               "l"(from), "r"(source_bytes), "l"(policy)
               : "memory");
#endif
}

/// Closes the group of the copies since the last commit.
QTL_DEVICE void cp_async_commit() {
#if QTL_GPU_EMULATED
  emulated::cp_async_commit("cp.async.commit_group");
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until at most Pending of this thread's groups still run.
template<int Pending>
QTL_DEVICE void cp_async_wait() {
  static_assert(Pending >= 0);
#if QTL_GPU_EMULATED
  emulated::cp_async_wait(Pending, "cp.async.wait_group");
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

/// Makes the mbarrier count one arrival when all earlier copies of this thread have landed; the
/// arrival must be among those that the mbarrier expects.
QTL_DEVICE void cp_async_arrive(std::uint32_t mbarrier) {
#if QTL_GPU_EMULATED
  emulated::cp_async_arrive(mbarrier, "cp.async.mbarrier.arrive.noinc");
#else
  asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(mbarrier) : "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
