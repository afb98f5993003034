// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/ldmatrix.cuh - 8 x 8 matrices of 16-bit elements between shared memory and fragments.
// Holds: ldmatrix_x1, _x2, _x4, stmatrix_x4 (from sm_90), each also _transposed, and movmatrix.
// Lane 8 m + i names the row i of matrix m by its address, a multiple of 16 bytes. Register m of
// lane 4 g + t is then row g, elements 2 t and 2 t + 1 of matrix m; transposed: column g, rows 2 t,
// 2 t + 1.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_compute.hpp"
#endif

namespace qtl::inline v0::gpu::ptx {

/// One matrix; the addresses of lanes 0 to 7 count.
QTL_DEVICE void ldmatrix_x1(std::uint32_t (&r)[1], std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::ldmatrix(r, 1, false, address);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(address)
               : "memory");
#endif
}

/// One matrix, transposed.
QTL_DEVICE void ldmatrix_x1_transposed(std::uint32_t (&r)[1], std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::ldmatrix(r, 1, true, address);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(address)
               : "memory");
#endif
}

/// Two matrices; the addresses of lanes 0 to 15 count.
QTL_DEVICE void ldmatrix_x2(std::uint32_t (&r)[2], std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::ldmatrix(r, 2, false, address);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(address)
               : "memory");
#endif
}

/// Two matrices, each transposed.
QTL_DEVICE void ldmatrix_x2_transposed(std::uint32_t (&r)[2], std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::ldmatrix(r, 2, true, address);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(address)
               : "memory");
#endif
}

/// Four matrices; every lane names a row.
QTL_DEVICE void ldmatrix_x4(std::uint32_t (&r)[4], std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::ldmatrix(r, 4, false, address);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
#endif
}

/// Four matrices, each transposed.
QTL_DEVICE void ldmatrix_x4_transposed(std::uint32_t (&r)[4], std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::ldmatrix(r, 4, true, address);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
#endif
}

/// The inverse of ldmatrix_x4.
template<int Sm = compiled_sm>
QTL_DEVICE void stmatrix_x4(std::uint32_t address, const std::uint32_t (&r)[4]) {
  static_assert(target_has(Sm, 900), "stmatrix needs sm_90");
#if QTL_GPU_EMULATED
  emulated::stmatrix(r, 4, false, address);
#else
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(address),
               "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
               : "memory");
#endif
}

/// The inverse of ldmatrix_x4_transposed.
template<int Sm = compiled_sm>
QTL_DEVICE void stmatrix_x4_transposed(std::uint32_t address, const std::uint32_t (&r)[4]) {
  static_assert(target_has(Sm, 900), "stmatrix needs sm_90");
#if QTL_GPU_EMULATED
  emulated::stmatrix(r, 4, true, address);
#else
  asm volatile(
      "stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(address),
      "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
      : "memory");
#endif
}

/// The transpose of the matrix that the warp's registers hold, without going through memory.
QTL_DEVICE std::uint32_t movmatrix(std::uint32_t row) {
#if QTL_GPU_EMULATED
  return emulated::movmatrix(row);
#else
  std::uint32_t column;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(column) : "r"(row));
  return column;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
