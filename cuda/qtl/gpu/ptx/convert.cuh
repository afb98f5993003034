// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/convert.cuh - floats to and from pairs of 16- and 8-bit floats, and to integers.
// Every function gives the codes of qtl's formats (f16::encode ...): rounded to nearest even, NaN
// to the format's positive NaN, FP8 saturating. The hardware's NaN of 16 bits is 0x7FFF and of FP8
// 0x7F, as ours are, so no fix-up is needed. Of a decoded f16 NaN only its being NaN is alike: the
// hardware gives 0x7FFFFFFF for every one. sm_80 has no FP8 conversions: bit arithmetic gives the
// same results.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/bits.cuh"
#include "qtl/gpu/ptx/fp8_bits.cuh"
#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_half.hpp"
#endif

namespace qtl::inline v0::gpu::ptx {

/// The f16 of two floats, `low` in the lower half.
QTL_DEVICE std::uint32_t f16x2_from_floats(float low, float high) {
#if QTL_GPU_EMULATED
  return emulated::pack(f16::encode(low), f16::encode(high));
#else
  std::uint32_t result;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  return result;
#endif
}

/// The bf16 of two floats, `low` in the lower half.
QTL_DEVICE std::uint32_t bf16x2_from_floats(float low, float high) {
#if QTL_GPU_EMULATED
  return emulated::pack(bf16::encode(low), bf16::encode(high));
#else
  std::uint32_t result;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  return result;
#endif
}

/// The values of two f16, exact.
QTL_DEVICE void floats_from_f16x2(std::uint32_t pair, float& low, float& high) {
#if QTL_GPU_EMULATED
  low = f16::decode(emulated::low_half(pair));
  high = f16::decode(emulated::high_half(pair));
#else
  asm("{\n"
      ".reg .b16 lo, hi;\n"
      "mov.b32 {lo, hi}, %2;\n"
      "cvt.f32.f16 %0, lo;\n"
      "cvt.f32.f16 %1, hi;\n"
      "}"
      : "=f"(low), "=f"(high)
      : "r"(pair));
#endif
}

/// The values of two bf16, exact: a bf16 is the upper half of a float.
QTL_DEVICE void floats_from_bf16x2(std::uint32_t pair, float& low, float& high) {
  low = float_from_bits(pair << 16);
  high = float_from_bits(pair & 0xFFFF0000u);
}

/// The e4m3 of two floats, `low` in the lower byte; beyond 448, infinities included, +-448.
QTL_DEVICE std::uint16_t e4m3x2_from_floats(float low, float high) {
#if !QTL_GPU_EMULATED
  if constexpr (compiled_sm >= 890) {
    std::uint16_t result;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(result) : "f"(high), "f"(low));
    return result;
  }
#endif
  return static_cast<std::uint16_t>(fp8_from_float<e4m3>(high) << 8 | fp8_from_float<e4m3>(low));
}

/// The e5m2 of two floats, `low` in the lower byte; beyond 57344, infinities included, +-57344.
QTL_DEVICE std::uint16_t e5m2x2_from_floats(float low, float high) {
#if !QTL_GPU_EMULATED
  if constexpr (compiled_sm >= 890) {
    std::uint16_t result;
    asm("cvt.rn.satfinite.e5m2x2.f32 %0, %1, %2;" : "=h"(result) : "f"(high), "f"(low));
    return result;
  }
#endif
  return static_cast<std::uint16_t>(fp8_from_float<e5m2>(high) << 8 | fp8_from_float<e5m2>(low));
}

/// The f16 of two e4m3, exact.
QTL_DEVICE std::uint32_t f16x2_from_e4m3x2(std::uint16_t pair) {
#if !QTL_GPU_EMULATED
  if constexpr (compiled_sm >= 890) {
    std::uint32_t result;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(result) : "h"(pair));
    return result;
  }
#endif
  return f16x2_from_fp8x2<e4m3>(pair);
}

/// The f16 of two e5m2, exact.
QTL_DEVICE std::uint32_t f16x2_from_e5m2x2(std::uint16_t pair) {
#if !QTL_GPU_EMULATED
  if constexpr (compiled_sm >= 890) {
    std::uint32_t result;
    asm("cvt.rn.f16x2.e5m2x2 %0, %1;" : "=r"(result) : "h"(pair));
    return result;
  }
#endif
  return f16x2_from_fp8x2<e5m2>(pair);
}

/// x rounded to the nearest integer, ties to even; beyond the range of int32 its end, NaN gives 0.
QTL_DEVICE std::int32_t float_to_int_rne(float x) {
#if QTL_GPU_EMULATED
  if (is_nan(x)) return 0;
  if (x >= 2147483648.0f) return INT32_MAX;
  if (x <= -2147483648.0f) return INT32_MIN;
  return magnitude(x) < 8388608.0f ? round_to_integer(x) : static_cast<std::int32_t>(x);
#else
  std::int32_t result;
  asm("cvt.rni.s32.f32 %0, %1;" : "=r"(result) : "f"(x));
  return result;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
