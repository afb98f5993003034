// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd_kernels.hpp - hand-written kernels: each loop is written once in simd/ and compiled here for every
// ISA, whatever the command line says.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "qtl/backend/cpu/activation_params.hpp"
#include "qtl/backend/cpu/bf16_operands.hpp"
#include "qtl/backend/cpu/integer_panels.hpp"
#include "qtl/backend/cpu/isa.hpp"
#include "qtl/backend/cpu/real_panels.hpp"
#include "qtl/gemm/kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace qtl::inline v0::simd {
/// How many bytes ahead of its reads a tile prefetches that is the first to read weights: it takes
/// about six cycles for 64 bytes, and memory must have its time.
inline constexpr std::int64_t fetch_distance = 8192;
}  // namespace qtl::inline v0::simd

// clang-format off: the order of includes is that of what builds on what

namespace qtl::inline v0::simd::portable {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::portable;
#include "qtl/backend/cpu/simd/portable.inl"
#include "qtl/backend/cpu/simd/byte_products.inl"
#include "qtl/backend/cpu/simd/integer_loops.inl"
}  // namespace qtl::inline v0::simd::portable

#if defined(__x86_64__)

QTL_BEGIN_TARGET("avx2,fma")
namespace qtl::inline v0::simd::avx2 {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::avx2;
#include "qtl/backend/cpu/simd/avx2.inl"
#include "qtl/backend/cpu/simd/dot_avx2.inl"
#include "qtl/backend/cpu/simd/word_products.inl"
#include "qtl/backend/cpu/simd/integer_loops.inl"
#include "qtl/backend/cpu/simd/real_loops.inl"
}  // namespace qtl::inline v0::simd::avx2
QTL_END_TARGET

QTL_BEGIN_TARGET("avx2,fma,avxvnni")
namespace qtl::inline v0::simd::avx_vnni {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::avx_vnni;
#include "qtl/backend/cpu/simd/avx2.inl"
#include "qtl/backend/cpu/simd/dot_avx_vnni.inl"
#include "qtl/backend/cpu/simd/byte_products.inl"
#include "qtl/backend/cpu/simd/integer_loops.inl"
}  // namespace qtl::inline v0::simd::avx_vnni
QTL_END_TARGET

QTL_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,fma,prfchw")
namespace qtl::inline v0::simd::avx512 {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::avx512;
#include "qtl/backend/cpu/simd/avx512.inl"
#include "qtl/backend/cpu/simd/dot_avx512.inl"
#include "qtl/backend/cpu/simd/word_products.inl"
#include "qtl/backend/cpu/simd/integer_loops.inl"
#include "qtl/backend/cpu/simd/real_loops.inl"
}  // namespace qtl::inline v0::simd::avx512
QTL_END_TARGET

QTL_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma,prfchw")
namespace qtl::inline v0::simd::avx512_vnni {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::avx512_vnni;
#include "qtl/backend/cpu/simd/avx512.inl"
#include "qtl/backend/cpu/simd/dot_avx512_vnni.inl"
#include "qtl/backend/cpu/simd/byte_products.inl"
#include "qtl/backend/cpu/simd/integer_loops.inl"
}  // namespace qtl::inline v0::simd::avx512_vnni
QTL_END_TARGET

QTL_BEGIN_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,avx512bf16,fma,prfchw")
namespace qtl::inline v0::simd::avx512_bf16 {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::avx512_bf16;
#include "qtl/backend/cpu/simd/avx512.inl"
#include "qtl/backend/cpu/simd/dot_avx512_vnni.inl"
#include "qtl/backend/cpu/simd/quantize.inl"
#include "qtl/backend/cpu/simd/functions.inl"
#include "qtl/backend/cpu/simd/epilogue.inl"
#include "qtl/backend/cpu/simd/quantize_floats.inl"
#include "qtl/backend/cpu/simd/bf16_avx512.inl"
#include "qtl/backend/cpu/simd/bf16_tiles.inl"
#include "qtl/backend/cpu/simd/bf16_product.inl"
}  // namespace qtl::inline v0::simd::avx512_bf16
QTL_END_TARGET

#elif defined(__aarch64__)

QTL_BEGIN_TARGET("arch=armv8.2-a+dotprod")
namespace qtl::inline v0::simd::neon_dot {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::neon_dot;
#include "qtl/backend/cpu/simd/neon.inl"
#include "qtl/backend/cpu/simd/dot_neon.inl"
#include "qtl/backend/cpu/simd/byte_products.inl"
#include "qtl/backend/cpu/simd/integer_loops.inl"
#include "qtl/backend/cpu/simd/real_loops.inl"
}  // namespace qtl::inline v0::simd::neon_dot
QTL_END_TARGET

QTL_BEGIN_TARGET("arch=armv8.2-a+dotprod+i8mm")
namespace qtl::inline v0::simd::neon_i8mm {
/// The level that a namespace is compiled for.
inline constexpr isa_level level = isa_level::neon_i8mm;
#include "qtl/backend/cpu/simd/neon.inl"
#include "qtl/backend/cpu/simd/dot_i8mm.inl"
#include "qtl/backend/cpu/simd/byte_products.inl"
#include "qtl/backend/cpu/simd/matrix_loops.inl"
}  // namespace qtl::inline v0::simd::neon_i8mm
QTL_END_TARGET

#endif

// clang-format on
