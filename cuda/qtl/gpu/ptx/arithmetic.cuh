// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/arithmetic.cuh - IEEE 754 arithmetic that no flag changes: one rounding, nearest even.
// Holds: divide_rn, multiply_rn, add_rn, fused_multiply_add on floats; fma, mul, add, sub on pairs of
// f16 and bf16. Subnormals are kept. A NaN result of a pair is 0x7FFF in that half.
// Emulated code that multiplies and adds floats must be compiled with -ffp-contract=off.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_half.hpp"
#endif

namespace qtl::inline v0::gpu::ptx {

/// a / b, whatever -prec-div says.
QTL_DEVICE float divide_rn(float a, float b) {
#if QTL_GPU_EMULATED
  return a / b;
#else
  float result;
  asm("div.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#endif
}

/// a * b, never merged with an addition.
QTL_DEVICE float multiply_rn(float a, float b) {
#if QTL_GPU_EMULATED
  return a * b;
#else
  float result;
  asm("mul.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#endif
}

/// a + b, never merged with a multiplication.
QTL_DEVICE float add_rn(float a, float b) {
#if QTL_GPU_EMULATED
  return a + b;
#else
  float result;
  asm("add.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#endif
}

/// a * b + c with one rounding.
QTL_DEVICE float fused_multiply_add(float a, float b, float c) {
#if QTL_GPU_EMULATED
  return qtl::fused_multiply_add(a, b, c);
#else
  float result;
  asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(result) : "f"(a), "f"(b), "f"(c));
  return result;
#endif
}

/// a * b + c on two f16 each.
QTL_DEVICE std::uint32_t fma_f16x2(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
#if QTL_GPU_EMULATED
  return emulated::fused_pair<f16>(a, b, c);
#else
  std::uint32_t result;
  asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
  return result;
#endif
}

/// a * b on two f16 each.
QTL_DEVICE std::uint32_t mul_f16x2(std::uint32_t a, std::uint32_t b) {
#if QTL_GPU_EMULATED
  return emulated::fused_pair<f16>(a, b, 0x80008000u);  // adding -0 changes nothing
#else
  std::uint32_t result;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(result) : "r"(a), "r"(b));
  return result;
#endif
}

/// a + b on two f16 each.
QTL_DEVICE std::uint32_t add_f16x2(std::uint32_t a, std::uint32_t b) {
#if QTL_GPU_EMULATED
  return emulated::fused_pair<f16>(a, 0x3C003C00u, b);
#else
  std::uint32_t result;
  asm("add.rn.f16x2 %0, %1, %2;" : "=r"(result) : "r"(a), "r"(b));
  return result;
#endif
}

/// a - b on two f16 each.
QTL_DEVICE std::uint32_t sub_f16x2(std::uint32_t a, std::uint32_t b) {
#if QTL_GPU_EMULATED
  return emulated::fused_pair<f16>(b, 0xBC00BC00u, a);
#else
  std::uint32_t result;
  asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(result) : "r"(a), "r"(b));
  return result;
#endif
}

/// a * b + c on two bf16 each.
QTL_DEVICE std::uint32_t fma_bf16x2(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
#if QTL_GPU_EMULATED
  return emulated::fused_pair<bf16>(a, b, c);
#else
  std::uint32_t result;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
  return result;
#endif
}

// The other bf16 instructions exist from sm_90 only, and are no faster than the fma that does the
// same: a * b - 0, a * 1 + b and b * -1 + a round once and get the sign of a zero right.

/// a * b on two bf16 each.
QTL_DEVICE std::uint32_t mul_bf16x2(std::uint32_t a, std::uint32_t b) {
  return fma_bf16x2(a, b, 0x80008000u);
}

/// a + b on two bf16 each.
QTL_DEVICE std::uint32_t add_bf16x2(std::uint32_t a, std::uint32_t b) {
  return fma_bf16x2(a, 0x3F803F80u, b);
}

/// a - b on two bf16 each.
QTL_DEVICE std::uint32_t sub_bf16x2(std::uint32_t a, std::uint32_t b) {
  return fma_bf16x2(b, 0xBF80BF80u, a);
}

}  // namespace qtl::inline v0::gpu::ptx
