// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/mma_int8.cuh - the 8-bit integer product of a warp: 16 x 32 times 32 x 8.
// Native (one IMMA) on every target. Fragments, lane = 4 g + t: a[i] holds row g + 8 (i % 2),
// columns 4 t + 16 (i / 2) .. + 3; b[i] column g, rows 4 t + 16 i .. + 3; d[i] row g + 8 (i / 2),
// column 2 t + i % 2. The lowest byte comes first.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/spelling.cuh"
#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_compute.hpp"
#endif

namespace qtl::inline v0::gpu::ptx {

/// d += a b, exact modulo 2^32: it wraps, and never saturates. The whole warp calls it.
template<Int8Operand A, Int8Operand B>
QTL_DEVICE void mma_m16n8k32(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                             const std::uint32_t (&b)[2]) {
#if QTL_GPU_EMULATED
  emulated::mma<A, B>(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.%10.%11.s32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "C"(spelling<A>::text),
        "C"(spelling<B>::text));
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
