// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/mbarrier.cuh - barriers in shared memory that count arrivals and bytes.
// Holds: init, invalidate, arrive (here and in another block of the cluster), expect_tx, try_wait, wait.
// A phase ends when every arrival has come and every expected byte has landed; then the next
// begins. The phases alternate between parity 0 and 1: waiting for parity 1 on a fresh barrier
// returns at once. Transactions and remote arrivals need sm_90; the rest runs everywhere.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Bytes of a barrier in shared memory, and its alignment.
inline constexpr std::uint32_t mbarrier_bytes = 8;

/// Makes 8 bytes of shared memory a barrier whose phases take `arrivals` arrivals. Other threads
/// may use it after a block barrier, other blocks and TMA after fence_mbarrier_init and a barrier.
QTL_DEVICE void mbarrier_init(std::uint32_t barrier, std::uint32_t arrivals) {
#if QTL_GPU_EMULATED
  emulated::mbarrier_init(barrier, arrivals);
#else
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
#endif
}

/// Ends the barrier's life: its bytes are ordinary memory again.
QTL_DEVICE void mbarrier_invalidate(std::uint32_t barrier) {
#if QTL_GPU_EMULATED
  emulated::mbarrier_invalidate(barrier);
#else
  asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(barrier) : "memory");
#endif
}

/// One arrival; what this thread did before it is seen by those whom the phase's end releases.
QTL_DEVICE void mbarrier_arrive(std::uint32_t barrier) {
#if QTL_GPU_EMULATED
  emulated::mbarrier_arrive(barrier, 0);
#else
  asm volatile("{ .reg .b64 state; mbarrier.arrive.shared::cta.b64 state, [%0]; }" ::"r"(barrier)
               : "memory");
#endif
}

/// One arrival that first makes the phase wait for `bytes` more bytes of bulk copies.
template<int Sm = compiled_sm>
QTL_DEVICE void mbarrier_arrive_expect_tx(std::uint32_t barrier, std::uint32_t bytes) {
  static_assert(target_has(Sm, 900), "mbarrier.arrive.expect_tx exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::mbarrier_arrive(barrier, bytes);
#else
  if constexpr (Sm >= 900)
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
                 : "memory");
#endif
}

/// Makes the phase wait for `bytes` more bytes, without arriving.
template<int Sm = compiled_sm>
QTL_DEVICE void mbarrier_expect_tx(std::uint32_t barrier, std::uint32_t bytes) {
  static_assert(target_has(Sm, 900), "mbarrier.expect_tx exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::mbarrier_expect_tx(barrier, bytes);
#else
  if constexpr (Sm >= 900)
    asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(barrier),
                 "r"(bytes)
                 : "memory");
#endif
}

/// One arrival at the barrier of the same address in block `rank` of the cluster (this one too).
template<int Sm = compiled_sm>
QTL_DEVICE void mbarrier_arrive_remote(std::uint32_t barrier, std::uint32_t rank) {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::mbarrier_arrive_remote(barrier, rank);
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "{ .reg .b32 there; mapa.shared::cluster.u32 there, %0, %1;\n"
        "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [there]; }" ::"r"(barrier),
        "r"(rank)
        : "memory");
#endif
}

/// True when the phase of this parity has ended; may first wait for a while.
template<int Sm = compiled_sm>
QTL_DEVICE bool mbarrier_try_wait(std::uint32_t barrier, std::uint32_t parity) {
#if QTL_GPU_EMULATED
  return emulated::mbarrier_try_wait(barrier, parity);
#else
  std::uint32_t ended = 0;
  if constexpr (Sm >= 900)
    asm volatile(
        "{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
        "selp.u32 %0, 1, 0, p; }"
        : "=r"(ended)
        : "r"(barrier), "r"(parity)
        : "memory");
  else
    asm volatile(
        "{ .reg .pred p; mbarrier.test_wait.parity.shared::cta.b64 p, [%1], %2;\n"
        "selp.u32 %0, 1, 0, p; }"
        : "=r"(ended)
        : "r"(barrier), "r"(parity)
        : "memory");
  return ended != 0;
#endif
}

/// Returns when the phase of this parity has ended.
template<int Sm = compiled_sm>
QTL_DEVICE void mbarrier_wait(std::uint32_t barrier, std::uint32_t parity) {
#if QTL_GPU_EMULATED
  emulated::mbarrier_wait(barrier, parity);
#else
  while (!mbarrier_try_wait<Sm>(barrier, parity)) {
  }
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
