// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/convert_table.cuh - a word of eight codes of a codebook to fragments of f16 or bf16.
// Holds: table_words<F, X>. The table is eight registers, filled when compiling: sixteen low bytes and
// sixteen high bytes of the values in X. prmt looks four codes up among eight bytes at once. Each
// value is rounded to X once; this is the only rounding between a code and the product.
#pragma once

#include <cstdint>

#include "qtl/format/codebook.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/bits.cuh"
#include "qtl/gpu/tile/weight_layout.cuh"

namespace qtl::inline v0::gpu {

/// What formats without zero points subtract.
struct no_zero {};

/// Words of eight codes of the 4-bit format F for mma operands of format X.
template<class F, class X>
struct table_words {
  static_assert(F::bits == 4, "a table in registers has 16 entries");
  static constexpr word_order order = word_order::natural;
  static constexpr int registers = 4;
  using zero_type = no_zero;
  QTL_DEVICE static zero_type make_zero(std::uint32_t) { return {}; }

  QTL_DEVICE static void expand(std::uint32_t word, zero_type, std::uint32_t (&out)[4]) {
    expand_four(word, out[0], out[1]);
    expand_four(word >> 16, out[2], out[3]);
  }

 private:
  // Byte `byte` of the values of codes first .. first + 3.
  static consteval std::uint32_t entries(int first, int byte) {
    std::uint32_t word = 0;
    for (int i = 0; i < 4; ++i) {
      const auto code = static_cast<std::uint32_t>(
          X::encode(value_table<F>[static_cast<std::size_t>(first + i)]));
      word |= (code >> 8 * byte & 0xFFu) << 8 * i;
    }
    return word;
  }

  // The given byte of four values. Selectors: the low three bits of the codes, and which of the two
  // results each takes by its top bit.
  template<int Byte>
  QTL_DEVICE static std::uint32_t look_up(std::uint32_t low_bits, std::uint32_t choice) {
    constexpr std::uint32_t t0 = entries(0, Byte);
    constexpr std::uint32_t t4 = entries(4, Byte);
    constexpr std::uint32_t t8 = entries(8, Byte);
    constexpr std::uint32_t t12 = entries(12, Byte);
    return ptx::prmt(ptx::prmt(t0, t4, low_bits), ptx::prmt(t8, t12, low_bits), choice);
  }

  QTL_DEVICE static void expand_four(std::uint32_t codes, std::uint32_t& first,
                                     std::uint32_t& second) {
    const std::uint32_t low_bits = codes & 0x7777u;
    const std::uint32_t choice = (codes >> 1 & 0x4444u) | 0x3210u;
    const std::uint32_t low = look_up<0>(low_bits, choice);
    const std::uint32_t high = look_up<1>(low_bits, choice);
    first = ptx::prmt(low, high, 0x5140u);
    second = ptx::prmt(low, high, 0x7362u);
  }
};

}  // namespace qtl::inline v0::gpu
