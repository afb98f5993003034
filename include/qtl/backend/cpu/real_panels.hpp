// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/real_panels.hpp - how weights lie in memory for products in f32: codes beside the parameters of their
// segment. Holds: code_reading, real_layout, real_panels::pack_panel. Any format of at most 8 bits.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/backend/cpu/integer_panels.hpp"
#include "qtl/base/executor.hpp"

namespace qtl::inline v0 {

/// How a stored code becomes a float.
enum class code_reading : std::uint8_t {
  nibble,         ///< up to 4 bits: a table of 16 values
  signed_byte,    ///< an integer
  unsigned_byte,  ///< an integer
  float_4_3,      ///< e4m3
  float_5_2,      ///< e5m2
  byte_table      ///< any other format of 5 to 8 bits: a table of 2^bits values
};

/// The packed form of an n x k weight. A panel of `columns` columns holds, segment by segment, a
/// line of scales, where there are offsets a line of factors and one of terms, and the codes as
/// they are in the tensor, spread to nibbles or bytes:
///     real = scale * value, or scale * (factor * value + term).
/// A NaN among the e4m3 codes of a segment is a NaN in its scale: loops need not look for it.
struct real_layout {
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t columns = 0;  ///< of a panel
  std::int64_t segment = 1;  ///< columns of k with the same parameters
  std::int64_t segments = 1;
  code_reading reading = code_reading::nibble;
  bool has_offsets = false;

  /// With segments of `segment` columns of k, 0 for all of it.
  static constexpr real_layout make(const gemm_key& key, std::int64_t n, std::int64_t k,
                                    std::int64_t columns, std::int64_t segment) {
    real_layout l;
    l.n = n;
    l.k = k;
    l.columns = columns;
    l.segment = segment > 0 && segment < k ? segment : k > 0 ? k : 1;
    l.segments = k > 0 ? ceil_div(k, l.segment) : 1;
    l.reading = reading_of(key.weight);
    l.has_offsets = key.weight.zero_point != zero_point_kind::none;
    return l;
  }
  /// Whether the panels serve a key: codes of at most 8 bits.
  static constexpr bool fits(const gemm_key& key) {
    return key.accumulator == accumulation::real && key.weight.bits <= 8;
  }
  static constexpr code_reading reading_of(const policy_desc& w) {
    if (w.bits <= 4) return code_reading::nibble;
    if (w.bits == 8 && w.format.view() == "s8") return code_reading::signed_byte;
    if (w.bits == 8 && w.format.view() == "u8") return code_reading::unsigned_byte;
    if (w.format.view() == "e4m3") return code_reading::float_4_3;
    if (w.format.view() == "e5m2") return code_reading::float_5_2;
    return code_reading::byte_table;
  }

  constexpr int bits() const { return reading == code_reading::nibble ? 4 : 8; }
  constexpr std::int64_t step() const { return 32 / bits(); }
  constexpr std::int64_t length(std::int64_t s) const {
    return s + 1 < segments ? segment : k - s * segment;
  }
  constexpr std::int64_t padded_length(std::int64_t s) const {
    return ceil_div(length(s), step()) * step();
  }
  /// Where segment s starts in a row of activations that matches the panels.
  constexpr std::int64_t x_offset(std::int64_t s) const { return s * padded_length(0); }
  constexpr std::int64_t x_length() const {
    return x_offset(segments - 1) + padded_length(segments - 1);
  }
  /// Whether rows of activations match as they are.
  constexpr bool rows_match() const { return x_length() == k; }

  constexpr std::int64_t line_bytes() const { return columns * 4; }
  constexpr std::int64_t params_bytes() const { return line_bytes() * (has_offsets ? 3 : 1); }
  constexpr std::int64_t code_bytes(std::int64_t s) const {
    return padded_length(s) * columns * bits() / 8;
  }
  constexpr std::int64_t segment_offset(std::int64_t s) const {
    return s * (params_bytes() + code_bytes(0));
  }
  constexpr std::int64_t panels() const { return ceil_div(n, columns); }
  constexpr std::int64_t panel_bytes() const {
    return segment_offset(segments - 1) + params_bytes() + code_bytes(segments - 1);
  }
  constexpr std::int64_t bytes() const { return panels() * panel_bytes(); }
};

namespace real_panels {

/// The value of a raw code.
constexpr float value_of(const element_reader& elements, int raw) {
  const int sign = 1 << (elements.bits - 1);
  if (elements.encoding == value_encoding::as_signed)
    return static_cast<float>((raw ^ sign) - sign);
  if (elements.encoding == value_encoding::as_unsigned) return static_cast<float>(raw);
  return elements.values[raw];
}

/// Writes one column's codes of segment s and tells whether one is the NaN of e4m3. Padding is the
/// code of zero, or at least of something finite: it meets activations that are zero.
inline bool put_codes(const real_layout& l, const weight_operand& w, std::int64_t j, std::int64_t s,
                      std::int64_t column, std::byte* panel_codes) {
  using integer_panels::chunk;
  const std::int64_t length = l.length(s);
  bool has_nan = false;
  for (std::int64_t p = 0; p < length; p += chunk) {
    const std::int64_t count = length - p < chunk ? length - p : chunk;
    alignas(64) std::uint8_t codes[chunk + 8] = {};
    read_raw_codes(w.elements.bits, w.row(j), s * l.segment + p, count, codes);
    if (l.reading == code_reading::float_4_3)
      for (std::int64_t c = 0; c < count; ++c) has_nan |= (codes[c] & 0x7F) == 0x7F;
    integer_panels::put_column<std::uint32_t>(l, codes, count, column,
                                              panel_codes + p / l.step() * l.line_bytes());
  }
  return has_nan;
}

/// Packs one panel.
inline void pack_panel(const real_layout& l, const weight_operand& w, std::int64_t panel,
                       std::byte* to) {
  using integer_panels::put_value;
  std::memset(to, 0, static_cast<std::size_t>(l.panel_bytes()));
  const std::int64_t first = panel * l.columns;
  const std::int64_t count = w.n - first < l.columns ? w.n - first : l.columns;
  for (std::int64_t s = 0; s < l.segments && l.k > 0; ++s) {
    std::byte* segment = to + l.segment_offset(s);
    for (std::int64_t c = 0; c < count; ++c) {
      const block_values block = w.block_at(first + c, s * l.segment);
      const bool shifts = w.offset_kind == offset_encoding::shift;
      const bool has_nan = put_codes(l, w, first + c, s, c, segment + l.params_bytes());
      put_value(segment, c, has_nan ? quiet_nan : shifts ? 1.0f : block.scale);
      if (l.has_offsets) {
        put_value(segment + l.line_bytes(), c, shifts ? block.scale : 1.0f);
        put_value(segment + 2 * l.line_bytes(), c,
                  shifts ? -block.shift : -static_cast<float>(block.zero_point));
      }
    }
  }
}

/// Packs all panels.
inline void pack_panels(const real_layout& l, const weight_operand& w, std::byte* packed,
                        const executor_ref& executor) {
  executor.parallel_for(l.panels(), [&](std::int64_t panel) {
    pack_panel(l, w, panel, packed + panel * l.panel_bytes());
  });
}

}  // namespace real_panels

}  // namespace qtl::inline v0
