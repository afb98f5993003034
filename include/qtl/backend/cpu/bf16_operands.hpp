// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/bf16_operands.hpp - which products lose nothing when their operands are held in bf16, and how those lie.
// Holds: bf16_operands::fits, layout_of, value_table. Scales stay in f32 and outside: what is exact is the value of a code.
#pragma once

#include "qtl/backend/cpu/real_panels.hpp"

namespace qtl::inline v0::bf16_operands {

/// Whether every value of the format has at most the 8 significant bits of bf16, as numbers of 8
/// bits have that are no indices into a table.
constexpr bool is_exact(const policy_desc& d) {
  return d.bits <= 8 && (d.kind == format_kind::integer || d.kind == format_kind::fixed_point ||
                         d.kind == format_kind::floating_point);
}

/// Zero points leave the differences of codes, which are looked up where there are few of them.
constexpr bool fits_weight(const policy_desc& w) {
  return is_exact(w) && (w.zero_point == zero_point_kind::none ||
                         (w.zero_point == zero_point_kind::integer && w.bits <= 4));
}

/// f32 and f16 activations are not exact in bf16, nor are those with zero points.
constexpr bool fits_activation(const policy_desc& a) {
  const bool is_bf16 = a.is_unscaled() && a.format.view() == "bf16";
  return is_bf16 || (is_exact(a) && a.zero_point == zero_point_kind::none);
}

/// Whether both operands of the product are exact in bf16 and their groups fit each other.
constexpr bool fits(const gemm_key& key) {
  return key.accumulator == accumulation::real && fits_weight(key.weight) &&
         fits_activation(key.activation) && segment_length(key.weight, key.activation, 1) != 0;
}

/// The panels of f32 products, cut where either side's scale changes.
constexpr real_layout layout_of(const gemm_key& key, std::int64_t n, std::int64_t k,
                                std::int64_t columns) {
  return real_layout::make(key, n, k, columns, segment_length(key.weight, key.activation, k));
}

/// Whether scales of a policy are powers of two.
constexpr bool has_power_scales(const policy_desc& d) {
  return d.scale_format.view() == e8m0::name.view() && !d.two_levels;
}

/// Whether all values of a format are zero, or of a magnitude between 2^-16 and 2^16, or not
/// finite.
inline bool are_moderate(const element_reader& elements) {
  for (int raw = 0; raw < 1 << elements.bits; ++raw) {
    const float value = magnitude(real_panels::value_of(elements, raw));
    if (value != 0.0f && is_finite(value) && !(value >= 0x1p-16f && value <= 0x1p16f)) return false;
  }
  return true;
}

/// The bf16 of a float that has no more bits than that.
constexpr std::uint16_t top_half(float value) {
  return static_cast<std::uint16_t>(float_bits(value) >> 16);
}

/// The bf16 of each code, byte by byte: the high bytes of 256 codes, then the low ones. Of nibbles,
/// 32 words: the values twice over, or those of differences modulo 32.
struct value_table {
  alignas(64) std::uint8_t high[256];
  alignas(64) std::uint8_t low[256];
  alignas(64) std::uint16_t nibbles[32];

  constexpr void fill(const element_reader& elements, bool differences) {
    const int codes = 1 << elements.bits;
    const auto value = [&](int raw) {
      return top_half(real_panels::value_of(elements, raw & (codes - 1)));
    };
    if (elements.bits <= 4)
      for (int raw = 0; raw < 32; ++raw) nibbles[raw] = differences ? difference(raw) : value(raw);
    else
      for (int raw = 0; raw < 256; ++raw) {
        high[raw] = static_cast<std::uint8_t>(value(raw) >> 8);
        low[raw] = static_cast<std::uint8_t>(value(raw));
      }
  }

 private:
  static constexpr std::uint16_t difference(int modulo_32) {
    return top_half(static_cast<float>((modulo_32 ^ 16) - 16));
  }
};

/// The table of a format that is met often: to fill one takes as long as a small product.
template<NumberFormat F>
inline constexpr value_table table_of = [] {
  value_table table{};
  table.fill(reader_of<F>(), false);
  return table;
}();

/// The table of a format of codes, in `memory` where there is none yet.
inline const value_table& find_table(const element_reader& elements, bool differences,
                                     value_table& memory) {
  if (elements.values == reader_of<e4m3>().values) return table_of<e4m3>;
  if (elements.values == reader_of<e5m2>().values) return table_of<e5m2>;
  memory.fill(elements, differences);
  return memory;
}

}  // namespace qtl::inline v0::bf16_operands
