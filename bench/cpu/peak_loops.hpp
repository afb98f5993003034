// SPDX-License-Identifier: Apache-2.0
// bench/cpu/peak_loops.hpp - loops that do nothing but the instruction in question, on registers.
// Holds: peak_loop, int8_loop, f32_loop, bf16_loop, read_loop, for the best level that the machine has. 20 independent sums hide
// every latency.
// In assembly, because a compiler is free to find these loops pointless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "qtl/backend/cpu/isa.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace qtl_bench {

/// A loop and the operations of one turn.
struct peak_loop {
  const char* name = "none";
  double operations = 0;
  void (*run)(std::int64_t turns) = nullptr;
};

/// Reads memory that is 64-byte aligned, a multiple of 256 bytes.
using read_loop_function = void (*)(const std::byte* memory, std::int64_t bytes);

inline void read_words(const std::byte* memory, std::int64_t bytes) {
  std::uint64_t sums[8] = {};
  for (std::int64_t at = 0; at < bytes; at += 64) {
    std::uint64_t words[8];
    std::memcpy(words, memory + at, 64);
    for (int i = 0; i < 8; ++i) sums[i] += words[i];
  }
  for (const std::uint64_t& sum : sums) asm volatile("" ::"r"(sum));
}

#if defined(__x86_64__)

inline constexpr std::int64_t read_ahead = 2048;
inline constexpr int peak_sums = 20;

QTL_BEGIN_TARGET("avx512f,avx512bw,avx512vnni")
inline void vnni_zmm(std::int64_t turns) {
  __m512i sums[peak_sums] = {};
  const __m512i ones = _mm512_set1_epi8(1);
  for (std::int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 20
    for (__m512i& sum : sums) asm volatile("vpdpbusd %1, %1, %0" : "+v"(sum) : "v"(ones));
}
QTL_END_TARGET

QTL_BEGIN_TARGET("avx512f,avx512bf16")
inline void bf16_zmm(std::int64_t turns) {
  __m512 sums[peak_sums] = {};
  const __m512i ones = _mm512_set1_epi32(0x3F803F80);
  for (std::int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 20
    for (__m512& sum : sums) asm volatile("vdpbf16ps %1, %1, %0" : "+v"(sum) : "v"(ones));
}
QTL_END_TARGET

QTL_BEGIN_TARGET("avx512f")
inline void fma_zmm(std::int64_t turns) {
  __m512 sums[peak_sums] = {};
  const __m512 half = _mm512_set1_ps(0.5f);
  for (std::int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 20
    for (__m512& sum : sums) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(sum) : "v"(half));
}
inline void read_zmm(const std::byte* memory, std::int64_t bytes) {
  __m512i sums[4] = {};
  for (std::int64_t at = 0; at < bytes; at += 256) {
    __builtin_prefetch(memory + at + read_ahead);
    __builtin_prefetch(memory + at + read_ahead + 128);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      sums[i] = _mm512_xor_si512(sums[i], _mm512_load_si512(memory + at + 64 * i));
  }
  asm volatile("" ::"v"(sums[0]), "v"(sums[1]), "v"(sums[2]), "v"(sums[3]));
}
QTL_END_TARGET

QTL_BEGIN_TARGET("avx2,fma,avxvnni")
inline void vnni_ymm(std::int64_t turns) {
  __m256i sums[peak_sums / 2] = {};
  const __m256i ones = _mm256_set1_epi8(1);
  for (std::int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 10
    for (__m256i& sum : sums) asm volatile("%{vex%} vpdpbusd %1, %1, %0" : "+x"(sum) : "x"(ones));
}
QTL_END_TARGET

QTL_BEGIN_TARGET("avx2,fma")
/// Without a dot product of bytes: two multiplications and an addition do the same.
inline void maddubs_ymm(std::int64_t turns) {
  __m256i sums[peak_sums / 2] = {};
  const __m256i ones = _mm256_set1_epi8(1);
  for (std::int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 10
    for (__m256i& sum : sums) {
      __m256i product;
      asm volatile(
          "vpmaddubsw %2, %2, %1\n\t"
          "vpmaddwd %2, %1, %1\n\t"
          "vpaddd %1, %0, %0"
          : "+x"(sum), "=&x"(product)
          : "x"(ones));
    }
}
inline void fma_ymm(std::int64_t turns) {
  __m256 sums[peak_sums / 2] = {};
  const __m256 half = _mm256_set1_ps(0.5f);
  for (std::int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 10
    for (__m256& sum : sums) asm volatile("vfmadd231ps %1, %1, %0" : "+x"(sum) : "x"(half));
}
inline void read_ymm(const std::byte* memory, std::int64_t bytes) {
  __m256i sums[4] = {};
  for (std::int64_t at = 0; at < bytes; at += 128) {
    __builtin_prefetch(memory + at + read_ahead);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      sums[i] = _mm256_xor_si256(
          sums[i], _mm256_load_si256(reinterpret_cast<const __m256i*>(memory + at + 32 * i)));
  }
  asm volatile("" ::"x"(sums[0]), "x"(sums[1]), "x"(sums[2]), "x"(sums[3]));
}
QTL_END_TARGET

inline peak_loop int8_loop() {
  using enum qtl::isa_level;
  if (is_available(avx512_vnni)) return {"vpdpbusd zmm", peak_sums * 128.0, vnni_zmm};
  if (is_available(avx_vnni)) return {"vpdpbusd ymm", peak_sums / 2 * 64.0, vnni_ymm};
  if (is_available(avx2)) return {"vpmaddubsw ymm", peak_sums / 2 * 64.0, maddubs_ymm};
  return {};
}

inline peak_loop f32_loop() {
  using enum qtl::isa_level;
  if (is_available(avx512)) return {"vfmadd231ps zmm", peak_sums * 32.0, fma_zmm};
  if (is_available(avx2)) return {"vfmadd231ps ymm", peak_sums / 2 * 16.0, fma_ymm};
  return {};
}

inline peak_loop bf16_loop() {
  if (is_available(qtl::isa_level::avx512_bf16))
    return {"vdpbf16ps zmm", peak_sums * 64.0, bf16_zmm};
  return {};
}

inline read_loop_function read_loop() {
  using enum qtl::isa_level;
  return is_available(avx512) ? read_zmm : is_available(avx2) ? read_ymm : read_words;
}

#else

inline peak_loop int8_loop() { return {}; }
inline peak_loop f32_loop() { return {}; }
inline peak_loop bf16_loop() { return {}; }
inline read_loop_function read_loop() { return read_words; }

#endif

}  // namespace qtl_bench
