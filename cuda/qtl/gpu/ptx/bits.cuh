// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/bits.cuh - bit and byte manipulation in one instruction each, on every target.
// Holds: lop3, prmt, dp4a_s8, dp4a_u8s8. They touch registers of one lane only, so the emulator
// needs no place to switch threads here.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// The truth tables of lop3's inputs: lop3<(lop3_a & lop3_b) | lop3_c>(a, b, c) is (a & b) | c.
inline constexpr int lop3_a = 0xF0;
inline constexpr int lop3_b = 0xCC;
inline constexpr int lop3_c = 0xAA;

/// Any function of three bits, on 32 of them at a time. Bit 4 a + 2 b + c of Table is the result.
template<int Table>
QTL_DEVICE std::uint32_t lop3(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  static_assert(Table >= 0 && Table <= 0xFF, "a table of three inputs has 8 bits");
#if QTL_GPU_EMULATED
  std::uint32_t result = 0;
  for (int row = 0; row < 8; ++row)
    if ((Table >> row & 1) != 0)
      result |= ((row & 4) != 0 ? a : ~a) & ((row & 2) != 0 ? b : ~b) & ((row & 1) != 0 ? c : ~c);
  return result;
#else
  std::uint32_t result;
  asm("lop3.b32 %0, %1, %2, %3, %4;" : "=r"(result) : "r"(a), "r"(b), "r"(c), "n"(Table));
  return result;
#endif
}

/// Four bytes picked from the eight of (b, a), a's lowest being number 0. Nibble i of the selector
/// makes byte i: its low three bits are the number; its top bit asks for eight copies of that
/// byte's sign bit instead.
QTL_DEVICE std::uint32_t prmt(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
#if QTL_GPU_EMULATED
  const std::uint64_t bytes = static_cast<std::uint64_t>(b) << 32 | a;
  std::uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t nibble = selector >> 4 * i & 0xFu;
    const auto byte = static_cast<std::uint32_t>(bytes >> 8 * (nibble & 7u) & 0xFFu);
    const std::uint32_t sign = (byte & 0x80u) != 0 ? 0xFFu : 0u;
    result |= ((nibble & 8u) != 0 ? sign : byte) << 8 * i;
  }
  return result;
#else
  std::uint32_t result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(selector));
  return result;
#endif
}

/// c + the dot product of four s8 and four s8; wraps.
QTL_DEVICE std::int32_t dp4a_s8(std::uint32_t a, std::uint32_t b, std::int32_t c) {
#if QTL_GPU_EMULATED
  auto sum = static_cast<std::uint32_t>(c);
  for (unsigned i = 0; i < 4; ++i)
    sum += static_cast<std::uint32_t>(static_cast<std::int8_t>(a >> 8 * i) *
                                      static_cast<std::int8_t>(b >> 8 * i));
  return static_cast<std::int32_t>(sum);
#else
  std::int32_t result;
  asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
  return result;
#endif
}

/// c + the dot product of four u8 (a) and four s8 (b); wraps.
QTL_DEVICE std::int32_t dp4a_u8s8(std::uint32_t a, std::uint32_t b, std::int32_t c) {
#if QTL_GPU_EMULATED
  auto sum = static_cast<std::uint32_t>(c);
  for (unsigned i = 0; i < 4; ++i)
    sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(a >> 8 * i) *
                                      static_cast<std::int8_t>(b >> 8 * i));
  return static_cast<std::int32_t>(sum);
#else
  std::int32_t result;
  asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
  return result;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
