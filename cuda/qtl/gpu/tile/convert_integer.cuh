// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/convert_integer.cuh - a word of packed integer codes to fragments of f16, bf16 or s8.
// Holds: integer_words<FieldBits, X>. Fields are unsigned: a signed code lies there with 2^(bits - 1)
// added, so its zero point is that (weight_packing.cuh). field - zero point is exact in every X.
// The idea: a field under the bits of a float whose last place counts ones is that float plus the
// field; one subtraction then takes away the float and the zero point together.
#pragma once

#include <cstdint>

#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/bits.cuh"
#include "qtl/gpu/tile/weight_layout.cuh"

namespace qtl::inline v0::gpu {

/// (a & b) | c of lop3.
inline constexpr int and_or = (ptx::lop3_a & ptx::lop3_b) | ptx::lop3_c;

/// Words of fields of FieldBits (4 or 8) for mma operands of format X. Each has: `order` of the
/// fields, `registers` that a word becomes, `zero_type` with make_zero(zero point), and expand().
template<int FieldBits, class X>
struct integer_words;

/// Nibbles to f16.
template<>
struct integer_words<4, f16> {
  static constexpr word_order order = word_order::halves;
  static constexpr int registers = 4;
  /// -(1024 + z) and -(64 + z): what low and high nibbles of a byte carry too much.
  struct zero_type {
    std::uint32_t low;
    std::uint32_t high;
  };
  QTL_DEVICE static zero_type make_zero(std::uint32_t z) {
    return {0xE400E400u + z * 0x00010001u, 0xD400D400u + z * 0x00100010u};
  }
  QTL_DEVICE static void expand(std::uint32_t word, const zero_type& zero,
                                std::uint32_t (&out)[4]) {
    constexpr std::uint32_t ulp_is_one = 0x64006400u;  // 1024
    constexpr std::uint32_t sixteenth = 0x2C002C00u;
    const std::uint32_t upper = word >> 8;
    out[0] = ptx::add_f16x2(ptx::lop3<and_or>(word, 0x000F000Fu, ulp_is_one), zero.low);
    out[1] = ptx::fma_f16x2(ptx::lop3<and_or>(word, 0x00F000F0u, ulp_is_one), sixteenth, zero.high);
    out[2] = ptx::add_f16x2(ptx::lop3<and_or>(upper, 0x000F000Fu, ulp_is_one), zero.low);
    out[3] =
        ptx::fma_f16x2(ptx::lop3<and_or>(upper, 0x00F000F0u, ulp_is_one), sixteenth, zero.high);
  }
};

/// Nibbles to bf16, whose mantissa has room for one nibble only.
template<>
struct integer_words<4, bf16> {
  static constexpr word_order order = word_order::halves;
  static constexpr int registers = 4;
  /// -(128 + z).
  using zero_type = std::uint32_t;
  QTL_DEVICE static zero_type make_zero(std::uint32_t z) { return 0xC300C300u + z * 0x00010001u; }
  QTL_DEVICE static void expand(std::uint32_t word, zero_type zero, std::uint32_t (&out)[4]) {
    constexpr std::uint32_t ulp_is_one = 0x43004300u;  // 128
    for (std::uint32_t& pair : out) {
      pair = ptx::add_bf16x2(ptx::lop3<and_or>(word, 0x000F000Fu, ulp_is_one), zero);
      word >>= 4;
    }
  }
};

/// Nibbles to s8, four at a time. With its top bit set no byte borrows from the next.
template<>
struct integer_words<4, s8> {
  static constexpr word_order order = word_order::bytes;
  static constexpr int registers = 2;
  using zero_type = std::uint32_t;
  QTL_DEVICE static zero_type make_zero(std::uint32_t z) { return z * 0x01010101u; }
  QTL_DEVICE static void expand(std::uint32_t word, zero_type zero, std::uint32_t (&out)[2]) {
    constexpr std::uint32_t tops = 0x80808080u;
    out[0] = (ptx::lop3<and_or>(word, 0x0F0F0F0Fu, tops) - zero) ^ tops;
    out[1] = (ptx::lop3<and_or>(word >> 4, 0x0F0F0F0Fu, tops) - zero) ^ tops;
  }
};

/// Nibbles to e4m3, four at a time. Below 2^-5 codes of e4m3 are multiples of 2^-9, so sign and
/// magnitude of field - zero point are the code of 2^-9 of it; a scale takes the rest.
template<>
struct integer_words<4, e4m3> {
  static constexpr word_order order = word_order::bytes;
  static constexpr int registers = 2;
  static constexpr float unit = 512.0f;  ///< what an operand of 1 stands for
  using zero_type = std::uint32_t;
  QTL_DEVICE static zero_type make_zero(std::uint32_t z) { return z * 0x01010101u; }
  QTL_DEVICE static void expand(std::uint32_t word, zero_type zero, std::uint32_t (&out)[2]) {
    std::uint32_t differences[2];
    integer_words<4, s8>::expand(word, zero, differences);
    out[0] = sign_and_magnitude(differences[0]);
    out[1] = sign_and_magnitude(differences[1]);
  }

 private:
  QTL_DEVICE static std::uint32_t sign_and_magnitude(std::uint32_t bytes) {
    const std::uint32_t negative = bytes >> 7 & 0x01010101u;
    // Magnitudes are at most 15: no byte carries into the next.
    return (((bytes ^ negative * 0xFFu) + negative) & 0x0F0F0F0Fu) | negative << 7;
  }
};

/// Bytes to f16.
template<>
struct integer_words<8, f16> {
  static constexpr word_order order = word_order::natural;
  static constexpr int registers = 2;
  /// -(1024 + z).
  using zero_type = std::uint32_t;
  QTL_DEVICE static zero_type make_zero(std::uint32_t z) { return 0xE400E400u + z * 0x00010001u; }
  QTL_DEVICE static void expand(std::uint32_t word, zero_type zero, std::uint32_t (&out)[2]) {
    constexpr std::uint32_t ulp_is_one = 0x64646464u;
    out[0] = ptx::add_f16x2(ptx::prmt(word, ulp_is_one, 0x4140u), zero);
    out[1] = ptx::add_f16x2(ptx::prmt(word, ulp_is_one, 0x4342u), zero);
  }
};

/// Bytes to bf16, through f32: the difference has at most 8 bits, so its upper half is all of it.
template<>
struct integer_words<8, bf16> {
  static constexpr word_order order = word_order::natural;
  static constexpr int registers = 2;
  /// -(2^23 + z).
  using zero_type = float;
  QTL_DEVICE static zero_type make_zero(std::uint32_t z) {
    return float_from_bits(0xCB000000u + z);
  }
  QTL_DEVICE static void expand(std::uint32_t word, zero_type zero, std::uint32_t (&out)[2]) {
    constexpr std::uint32_t ulp_is_one = 0x4B000000u;  // 2^23
    const auto value = [&](std::uint32_t selector) {
      return float_bits(ptx::add_rn(float_from_bits(ptx::prmt(word, ulp_is_one, selector)), zero));
    };
    out[0] = ptx::prmt(value(0x7440u), value(0x7441u), 0x7632u);
    out[1] = ptx::prmt(value(0x7442u), value(0x7443u), 0x7632u);
  }
};

}  // namespace qtl::inline v0::gpu
