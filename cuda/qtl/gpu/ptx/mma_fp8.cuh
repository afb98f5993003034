// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/mma_fp8.cuh - the FP8 product of a warp: 16 x 32 times 32 x 8, sums in f32.
// From sm_89. One QMMA on sm_89 and sm_120a; on sm_90a and sm_100a ptxas makes 2 HMMA and 12
// conversions of it (there wgmma or tcgen05 reach the FP8 units). Fragments as in mma_int8.cuh.
// Sums: the products are exact. Ada keeps about 13 mantissa bits of the accumulator, as Hopper's
// wgmma does; the emulator cuts the rest off when asked (emulated::set_fp8_sums), else it adds in
// double and rounds to f32 once.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/spelling.cuh"
#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_compute.hpp"
#endif

namespace qtl::inline v0::gpu::ptx {

/// d += a b. The whole warp calls it.
template<Fp8Operand A, Fp8Operand B, int Sm = compiled_sm>
QTL_DEVICE void mma_m16n8k32(float (&d)[4], const std::uint32_t (&a)[4],
                             const std::uint32_t (&b)[2]) {
  static_assert(target_has(Sm, 890), "mma of e4m3 and e5m2 needs sm_89");
#if QTL_GPU_EMULATED
  emulated::mma<A, B>(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.f32.%10.%11.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "C"(spelling<A>::text),
        "C"(spelling<B>::text));
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
