// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/wgmma.cuh - the asynchronous 64 x n products of a warpgroup (sm_90a).
// Holds: wgmma with A from shared memory or from registers, wgmma_fence, wgmma_commit, wgmma_wait, keep_registers.
// Between wgmma and the wait that covers it: neither read nor write d and the registers of A, and
// leave the operands' shared memory alone. Warp w of the warpgroup holds rows 16w..16w+15 of d;
// within it lane l holds d[4c + 2h + j] = row l/4 + 8h, column 8c + 2(l%4) + j, as mma.m16n8 has
// it.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"
#include "qtl/gpu/ptx/wgmma_descriptor.cuh"
#include "qtl/gpu/ptx/wgmma_types.cuh"
#if !QTL_GPU_EMULATED
#include "qtl/gpu/ptx/wgmma_f32_registers.cuh"
#include "qtl/gpu/ptx/wgmma_f32_shared.cuh"
#include "qtl/gpu/ptx/wgmma_s32_registers.cuh"
#include "qtl/gpu/ptx/wgmma_s32_shared.cuh"
#endif

namespace qtl::inline v0::gpu::ptx {

/// What every wgmma asks of its arguments, in one place.
template<int N, class A, class B, int Sm>
QTL_HOST_DEVICE constexpr void check_wgmma() {
  static_assert(target_has(Sm, 900, 900), "wgmma exists on sm_90a only");
  static_assert(wgmma_pairs<A, B>,
                "wgmma multiplies s8/u8 with s8/u8, e4m3/e5m2 with e4m3/e5m2, f16 with f16 and "
                "bf16 with bf16");
  static_assert(wgmma_columns_exist(N), "no asm statement for this n: see generate/wgmma.py");
}

/// d = a b + (accumulate ? d : 0) for 64 rows, N columns and 32 bytes of k; both from shared
/// memory.
template<int N, class A, class B, int Sm = compiled_sm>
QTL_DEVICE void wgmma(wgmma_accumulator<A> (&d)[N / 2], std::uint64_t a, std::uint64_t b,
                      bool accumulate) {
  check_wgmma<N, A, B, Sm>();
#if QTL_GPU_EMULATED
  emulated::wgmma(
      {emulated::operand_of<A>, emulated::operand_of<B>, N, d, nullptr, a, b, accumulate});
#else
  if constexpr (Sm == 900) wgmma_asm<A, B>(d, a, b, accumulate);
#endif
}

/// The same with the warp's 16 rows of A in registers, laid out as mma.m16n8's A operand.
template<int N, class A, class B, int Sm = compiled_sm>
QTL_DEVICE void wgmma(wgmma_accumulator<A> (&d)[N / 2], const std::uint32_t (&a)[4],
                      std::uint64_t b, bool accumulate) {
  check_wgmma<N, A, B, Sm>();
#if QTL_GPU_EMULATED
  emulated::wgmma({emulated::operand_of<A>, emulated::operand_of<B>, N, d, a, 0, b, accumulate});
#else
  if constexpr (Sm == 900) wgmma_asm<A, B>(d, a, b, accumulate);
#endif
}

/// Orders the threads' own accesses to d and to A's registers before the wgmmas that follow. Needed
/// before the first, and whenever those registers were touched in between.
template<int Sm = compiled_sm>
QTL_DEVICE void wgmma_fence() {
  static_assert(target_has(Sm, 900, 900), "wgmma exists on sm_90a only");
#if QTL_GPU_EMULATED
  emulated::wgmma_fence();
#else
  if constexpr (Sm == 900) asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Closes the group of the wgmmas since the last commit.
template<int Sm = compiled_sm>
QTL_DEVICE void wgmma_commit() {
  static_assert(target_has(Sm, 900, 900), "wgmma exists on sm_90a only");
#if QTL_GPU_EMULATED
  emulated::wgmma_commit();
#else
  if constexpr (Sm == 900) asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/// Returns once at most Pending groups of this warp are unfinished.
template<int Pending, int Sm = compiled_sm>
QTL_DEVICE void wgmma_wait() {
  static_assert(target_has(Sm, 900, 900), "wgmma exists on sm_90a only");
  static_assert(Pending >= 0 && Pending <= 7, "wgmma_wait counts 0 to 7 groups");
#if QTL_GPU_EMULATED
  emulated::wgmma_wait(Pending);
#else
  if constexpr (Sm == 900)
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
#endif
}

/// Keeps the compiler from moving accesses to these registers across this line. Call it where
/// ordinary code has defined d (zeros too: else ptxas serializes the loop that follows, C7515) or
/// A's registers, before wgmma_fence, and after the last wait: the compiler does not know that the
/// products run on in between.
template<class T, int Count>
QTL_DEVICE void keep_registers([[maybe_unused]] T (&d)[Count]) {
#if !QTL_GPU_EMULATED
#pragma unroll
  for (int i = 0; i < Count; ++i) {
    if constexpr (std::is_same_v<T, float>)
      asm volatile("" : "+f"(d[i])::"memory");
    else
      asm volatile("" : "+r"(d[i])::"memory");
  }
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
