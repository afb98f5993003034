// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/atomic.cuh - words that blocks share: counters, flags, and the order of what they guard.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Adds and returns the value before; acquire and release among all threads of the GPU.
QTL_DEVICE std::uint32_t add_global(std::uint32_t* to, std::uint32_t value) {
#if QTL_GPU_EMULATED
  emulated::yield("atom.add");
  std::byte* bytes = emulated::global_bytes(to, 4, 4, emulated::access::atomic, "atom.add");
  std::uint32_t old;
  std::memcpy(&old, bytes, 4);
  const std::uint32_t sum = old + value;
  std::memcpy(bytes, &sum, 4);
  return old;
#else
  std::uint32_t old;
  asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], %2;"
               : "=r"(old)
               : "l"(to), "r"(value)
               : "memory");
  return old;
#endif
}

/// Reads a flag; what its writer stored before store_release() is visible afterwards.
QTL_DEVICE std::uint32_t load_acquire(const std::uint32_t* from) {
#if QTL_GPU_EMULATED
  emulated::poll("ld.acquire");
  std::uint32_t value;
  std::memcpy(&value, emulated::global_bytes(from, 4, 4, emulated::access::acquire, "ld.acquire"),
              4);
  return value;
#else
  std::uint32_t value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
  return value;
#endif
}

/// Writes a flag after everything this thread stored before.
QTL_DEVICE void store_release(std::uint32_t* to, std::uint32_t value) {
#if QTL_GPU_EMULATED
  emulated::yield("st.release");
  std::memcpy(emulated::global_bytes(to, 4, 4, emulated::access::atomic, "st.release"), &value, 4);
#else
  asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(to), "r"(value) : "memory");
#endif
}

/// Orders this thread's accesses before and after it for all threads of the GPU.
QTL_DEVICE void fence_gpu() {
#if QTL_GPU_EMULATED
  emulated::step("fence.acq_rel.gpu");
#else
  asm volatile("fence.acq_rel.gpu;" ::: "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
