// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/mma_half.cuh - the 16-bit product of a warp: 16 x 16 times 16 x 8, sums in f32.
// Native (one HMMA) on every target. Fragments, lane = 4 g + t: a[i] holds row g + 8 (i % 2),
// columns 2 t + 8 (i / 2) and the next; b[i] column g, rows 2 t + 8 i and the next; d[i] row g + 8
// (i / 2), column 2 t + i % 2. The lower half comes first. Sums: the products are exact. The order
// of the hardware's sum and the bits it keeps are not documented; the emulator adds the 16 products
// and d in double and rounds to f32 once.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/spelling.cuh"
#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_compute.hpp"
#endif

namespace qtl::inline v0::gpu::ptx {

/// d += a b. The whole warp calls it.
template<HalfOperand F>
QTL_DEVICE void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4],
                             const std::uint32_t (&b)[2]) {
#if QTL_GPU_EMULATED
  emulated::mma<F, F>(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.%10.%11.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "C"(spelling<F>::text),
        "C"(spelling<F>::text));
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
