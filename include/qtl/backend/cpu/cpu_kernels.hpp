// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/cpu_kernels.hpp - the kernels of the CPU, in order of preference.
// To add a kernel: its header here, its name in the lists.
#pragma once

#include <array>
#include <span>

#include "qtl/backend/cpu/eigen_gemm.hpp"
#include "qtl/backend/cpu/simd_kernels.hpp"

#if defined(QTL_SEPARATE_KERNELS)
#define QTL_KERNELS_INLINE
#else
#define QTL_KERNELS_INLINE inline
#endif

namespace qtl::inline v0::cpu_kernels {

/// What runs every pair of policies, on any machine.
inline constexpr std::array eigen{eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// The vector loops without vectors: for tests.
inline constexpr std::array portable{simd::portable::integer_kernel, eigen_gemm::integer_kernel,
                                     eigen_gemm::dequantize_kernel};
#if defined(__x86_64__)
/// Each level of x86.
inline constexpr std::array avx2{simd::avx2::integer_kernel, simd::avx2::real_kernel,
                                 eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// Each level of x86.
inline constexpr std::array avx_vnni{simd::avx_vnni::integer_kernel, simd::avx2::real_kernel,
                                     eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// Each level of x86.
inline constexpr std::array avx512{simd::avx512::integer_kernel, simd::avx512::real_kernel,
                                   eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// Each level of x86.
inline constexpr std::array avx512_vnni{simd::avx512_vnni::integer_kernel,
                                        simd::avx512::real_kernel, eigen_gemm::integer_kernel,
                                        eigen_gemm::dequantize_kernel};
/// Each level of x86.
inline constexpr std::array avx512_bf16{simd::avx512_vnni::integer_kernel,
                                        simd::avx512_bf16::bf16_kernel, simd::avx512::real_kernel,
                                        eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// All levels, the fastest first.
inline constexpr std::array all{simd::avx512_vnni::integer_kernel, simd::avx_vnni::integer_kernel,
                                simd::avx512::integer_kernel,      simd::avx2::integer_kernel,
                                simd::avx512_bf16::bf16_kernel,    simd::avx512::real_kernel,
                                simd::avx2::real_kernel,           eigen_gemm::integer_kernel,
                                eigen_gemm::dequantize_kernel};
#elif defined(__aarch64__)
/// NEON with the dot product of bytes.
inline constexpr std::array neon_dot{simd::neon_dot::integer_kernel, simd::neon_dot::real_kernel,
                                     eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// NEON with products of 2 x 8 by 8 x 2 bytes.
inline constexpr std::array neon_i8mm{simd::neon_i8mm::integer_kernel, simd::neon_dot::real_kernel,
                                      eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
/// All levels, the fastest first.
inline constexpr std::array all{simd::neon_i8mm::integer_kernel, simd::neon_dot::integer_kernel,
                                simd::neon_dot::real_kernel, eigen_gemm::integer_kernel,
                                eigen_gemm::dequantize_kernel};
#else
/// All levels: none has been written for this machine.
inline constexpr auto all = eigen;
#endif

/// The kernels in order of preference; a kernel supports nothing where the machine lacks its ISA.
QTL_KERNELS_INLINE std::span<const gemm_kernel> best() { return all; }

/// Those of one level, then Eigen's.
QTL_KERNELS_INLINE std::span<const gemm_kernel> at(isa_level level) {
  switch (level) {
    case isa_level::portable:
      return portable;
#if defined(__x86_64__)
    case isa_level::avx2:
      return avx2;
    case isa_level::avx_vnni:
      return avx_vnni;
    case isa_level::avx512:
      return avx512;
    case isa_level::avx512_vnni:
      return avx512_vnni;
    case isa_level::avx512_bf16:
      return avx512_bf16;
#elif defined(__aarch64__)
    case isa_level::neon_dot:
      return neon_dot;
    case isa_level::neon_i8mm:
      return neon_i8mm;
#endif
    default:
      return eigen;
  }
}

}  // namespace qtl::inline v0::cpu_kernels
