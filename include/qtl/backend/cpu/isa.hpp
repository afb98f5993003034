// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/isa.hpp - the instruction sets that kernels are compiled for, and which of them this machine has.
// Holds: isa_level, is_available, and the macros that open and close a region of code for one of them.
// To add one: a value here, its primitives in simd/, a region in simd_kernels.hpp; docs/cpu.md walks through it.
#pragma once

#include <cstdint>

#include "qtl/base/config.hpp"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace qtl::inline v0 {

/// What a kernel was compiled for, in order of preference from the last to the first.
enum class isa_level : std::uint8_t {
  portable,
  neon_dot,
  neon_i8mm,  ///< the dot product, too
  avx2,
  avx_vnni,
  avx512,
  avx512_vnni,
  avx512_bf16  ///< VNNI, BF16 and VBMI
};

/// The level's name, as it ends a kernel's name.
constexpr const char* to_string(isa_level level) {
  constexpr const char* names[] = {"portable", "neon_dot", "neon_i8mm",   "avx2",
                                   "avx_vnni", "avx512",   "avx512_vnni", "avx512_bf16"};
  return names[static_cast<int>(level)];
}

/// Whether this machine, its operating system included, runs code of the level.
inline bool is_available(isa_level level) {
#if defined(__x86_64__)
  const auto has_avx2 = [] {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  };
  const auto has_avx512 = [] {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  };
  const auto has_vnni = [&] {
    return has_avx2() && has_avx512() && __builtin_cpu_supports("avx512vnni");
  };
  switch (level) {
    case isa_level::portable:
      return true;
    case isa_level::neon_dot:
    case isa_level::neon_i8mm:
      return false;
    case isa_level::avx2:
      return has_avx2();
    case isa_level::avx_vnni:
      return has_avx2() && __builtin_cpu_supports("avxvnni");
    case isa_level::avx512:
      return has_avx2() && has_avx512();
    case isa_level::avx512_vnni:
      return has_vnni();
    case isa_level::avx512_bf16:
      return has_vnni() && __builtin_cpu_supports("avx512bf16") &&
             __builtin_cpu_supports("avx512vbmi");
  }
  return false;
#elif defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long dot_product = 1ul << 20;     // HWCAP_ASIMDDP of the kernel's interface
  constexpr unsigned long matrix_product = 1ul << 13;  // HWCAP2_I8MM
  const bool has_dot = (getauxval(AT_HWCAP) & dot_product) != 0;
  const bool has_i8mm = has_dot && (getauxval(AT_HWCAP2) & matrix_product) != 0;
  return level == isa_level::portable || (level == isa_level::neon_dot && has_dot) ||
         (level == isa_level::neon_i8mm && has_i8mm);
#else
  return level == isa_level::portable;
#endif
}

}  // namespace qtl::inline v0

// Code between these two is compiled for the named features whatever the command line says. Only
// functions of the region's own namespace may be defined there: a template of someone else's that
// is first instantiated inside could be emitted with instructions that its other callers lack.
#define QTL_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define QTL_BEGIN_TARGET(features) \
  QTL_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define QTL_END_TARGET QTL_PRAGMA(clang attribute pop)
#else
// g++ 12 takes the deliberately undefined operands of its own intrinsics for mistakes.
#define QTL_BEGIN_TARGET(features)                           \
  QTL_PRAGMA(GCC diagnostic push)                            \
  QTL_PRAGMA(GCC diagnostic ignored "-Wmaybe-uninitialized") \
  QTL_PRAGMA(GCC diagnostic ignored "-Wuninitialized")       \
  QTL_PRAGMA(GCC push_options) QTL_PRAGMA(GCC target(features))
#define QTL_END_TARGET QTL_PRAGMA(GCC pop_options) QTL_PRAGMA(GCC diagnostic pop)
#endif
