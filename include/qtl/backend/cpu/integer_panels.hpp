// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/integer_panels.hpp - how integer weights lie in memory for the dot products of bytes.
// Holds: integer_layout, integer_panels::pack_panel, unpacked_code. docs/cpu.md has the picture. Weights of up to 4 bits
// are kept in nibbles, all others in bytes; columns (output features) side by side in panels, k in
// quads or eights.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/backend/cpu/raw_codes.hpp"
#include "qtl/gemm/key.hpp"

namespace qtl::inline v0 {

/// The packed form of an n x k integer weight for one key. A panel of `columns` columns holds, for
/// each column, the scale that is constant along k (1 where none is), then segment by segment:
/// scales, sums of stored codes and zero points where the key needs them, one 32-bit value a
/// column, and the codes. Codes are stored with `offset` added, so that they suit the dot product.
struct integer_layout {
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t columns = 0;     ///< of a panel
  std::int64_t adjacent = 4;    ///< codes of a column that lie side by side: 4 or 8
  std::int64_t segment = 1;     ///< columns of k with the same scales on both sides
  std::int64_t segments = 0;    ///< of a row
  std::int32_t offset = 0;      ///< stored code = code + offset
  bool unsigned_codes = true;   ///< stored codes are not negative
  int bits = 8;                 ///< of a stored code: 8 or 4
  bool segment_scales = false;  ///< weight scales change along k
  bool column_sums = false;     ///< activations have zero points
  bool column_zeros = false;    ///< weights have zero points

  static constexpr integer_layout make(const gemm_key& key, std::int64_t n, std::int64_t k,
                                       std::int64_t columns, std::int64_t adjacent = 4) {
    integer_layout l;
    l.n = n;
    l.k = k;
    l.columns = columns;
    l.adjacent = adjacent;
    const std::int64_t segment = segment_length(key.weight, key.activation, k);
    l.segment = segment > 0 && segment < k ? segment : k > 0 ? k : 1;
    l.segments = k > 0 ? ceil_div(k, l.segment) : 1;
    l.bits = key.weight.bits <= 4 ? 4 : 8;
    l.segment_scales = key.weight.block_cols != 0;
    l.column_sums = key.activation.zero_point != zero_point_kind::none;
    l.column_zeros = key.weight.zero_point != zero_point_kind::none;
    return l;
  }
  /// With the offset that makes stored codes unsigned, or signed where the dot product takes bytes
  /// as signed and the code needs all 8 bits.
  constexpr integer_layout with_offset(const element_reader& elements, bool unsigned_dot) const {
    integer_layout l = *this;
    const std::int32_t half = 1 << (elements.bits - 1);
    const bool is_signed = elements.encoding == value_encoding::as_signed;
    l.unsigned_codes = unsigned_dot || elements.bits < 8;
    l.offset = l.unsigned_codes == is_signed ? (is_signed ? half : -half) : 0;
    return l;
  }

  /// Whether the panels serve a key: sums in 32 bits.
  static constexpr bool fits(const gemm_key& key) {
    return key.accumulator == accumulation::s32 || key.accumulator == accumulation::s32_grouped;
  }

  /// Codes are dealt out in steps of this many along k: a word of bytes, or two of nibbles.
  constexpr std::int64_t step() const { return bits == 8 ? adjacent : 2 * adjacent; }
  constexpr std::int64_t length(std::int64_t s) const {
    return s + 1 < segments ? segment : k - s * segment;
  }
  /// The segment's length as stored.
  constexpr std::int64_t padded_length(std::int64_t s) const {
    return ceil_div(length(s), step()) * step();
  }
  /// Where segment s starts in a row of activations that matches the panels.
  constexpr std::int64_t x_offset(std::int64_t s) const {
    return s * ceil_div(segment, step()) * step();
  }
  /// Bytes of such a row, with room for the widest vector behind the last code.
  constexpr std::int64_t x_bytes() const {
    return x_offset(segments - 1) + padded_length(segments - 1);
  }
  /// Whether rows of activations match the panels as they are.
  constexpr bool rows_match() const { return segments <= 1 || segment % step() == 0; }

  constexpr std::int64_t line_bytes() const { return columns * 4; }
  constexpr std::int64_t params_bytes() const {
    return line_bytes() * (segment_scales + column_sums + column_zeros);
  }
  constexpr std::int64_t code_bytes(std::int64_t s) const {
    return padded_length(s) * columns * bits / 8;
  }
  /// Where segment s starts in a panel.
  constexpr std::int64_t segment_offset(std::int64_t s) const {
    return line_bytes() + s * (params_bytes() + code_bytes(0));
  }
  constexpr std::int64_t panels() const { return ceil_div(n, columns); }
  constexpr std::int64_t panel_bytes() const {
    return segment_offset(segments - 1) + params_bytes() + code_bytes(segments - 1);
  }
  constexpr std::int64_t bytes() const { return panels() * panel_bytes(); }

  /// The parts of a segment: codes follow the parameters.
  constexpr std::int64_t sums_offset() const { return line_bytes() * segment_scales; }
  constexpr std::int64_t zeros_offset() const {
    return line_bytes() * (segment_scales + column_sums);
  }
};

namespace integer_panels {

/// Four or eight codes as one word, in memory order.
template<class Word>
Word load_word(const std::uint8_t* codes) {
  Word word;
  std::memcpy(&word, codes, sizeof word);
  return word;
}

/// Writes one column's codes, padded with zeros to a multiple of the step, into a panel of either
/// layout. A step is a word of bytes, or two of nibbles.
template<class Word, class Layout>
void put_column(const Layout& l, const std::uint8_t* codes, std::int64_t count, std::int64_t column,
                std::byte* panel_codes) {
  constexpr std::int64_t adjacent = sizeof(Word);
  for (std::int64_t p = 0; p < count; p += l.step()) {
    auto word = load_word<Word>(codes + p);
    if (l.step() != adjacent) word |= load_word<Word>(codes + p + adjacent) << 4;
    std::memcpy(panel_codes + (p / l.step() * l.columns + column) * adjacent, &word, sizeof word);
  }
}

/// The codes of columns [first, first + count) of row j of the weight, with the offset added.
inline void read_stored_codes(const integer_layout& l, const weight_operand& w, std::int64_t j,
                              std::int64_t first, std::int64_t count, std::uint8_t* out) {
  read_raw_codes(w.elements.bits, w.row(j), first, count, out);
  const auto mask = static_cast<std::uint8_t>((1 << w.elements.bits) - 1);
  const auto offset = static_cast<std::uint8_t>(l.offset);
  for (std::int64_t p = 0; p < count; ++p)
    out[p] = static_cast<std::uint8_t>((out[p] + offset) & mask);
}

/// A chunk's worth of codes; a multiple of every step.
inline constexpr std::int64_t chunk = 512;

/// Packs one column of one segment and returns the sum of its stored codes as the dot product sees
/// them.
inline std::int32_t pack_column(const integer_layout& l, const weight_operand& w, std::int64_t j,
                                std::int64_t s, std::int64_t column, std::byte* panel_codes) {
  std::int32_t sum = 0;
  const std::int64_t length = l.length(s);
  for (std::int64_t p = 0; p < length; p += chunk) {
    const std::int64_t count = length - p < chunk ? length - p : chunk;
    alignas(64) std::uint8_t codes[chunk + 8] = {};
    read_stored_codes(l, w, j, s * l.segment + p, count, codes);
    if (l.column_sums)
      for (std::int64_t c = 0; c < count; ++c)
        sum += l.unsigned_codes ? codes[c] : static_cast<std::int8_t>(codes[c]);
    std::byte* to = panel_codes + p / l.step() * l.columns * l.adjacent;
    l.adjacent == 8 ? put_column<std::uint64_t>(l, codes, count, column, to)
                    : put_column<std::uint32_t>(l, codes, count, column, to);
  }
  return sum;
}

/// Writes a column's parameter into a line.
template<class T>
void put_value(std::byte* line, std::int64_t column, T value) {
  std::memcpy(line + column * 4, &value, 4);
}

/// Packs one panel.
inline void pack_panel(const integer_layout& l, const weight_operand& w, std::int64_t panel,
                       std::byte* to) {
  const std::int64_t first = panel * l.columns;
  const std::int64_t count = w.n - first < l.columns ? w.n - first : l.columns;
  std::memset(to, 0, static_cast<std::size_t>(l.panel_bytes()));
  for (std::int64_t c = 0; c < count; ++c)
    put_value(to, c, l.segment_scales || l.k == 0 ? 1.0f : w.block_at(first + c, 0).scale);
  for (std::int64_t s = 0; s < l.segments && l.k > 0; ++s) {
    std::byte* segment = to + l.segment_offset(s);
    for (std::int64_t c = 0; c < count; ++c) {
      const block_values block = w.block_at(first + c, s * l.segment);
      const std::int32_t sum = pack_column(l, w, first + c, s, c, segment + l.params_bytes());
      if (l.segment_scales) put_value(segment, c, block.scale);
      if (l.column_sums) put_value(segment + l.sums_offset(), c, sum);
      if (l.column_zeros) put_value(segment + l.zeros_offset(), c, block.zero_point + l.offset);
    }
  }
}

/// The stored code of (j, p), as a raw code of the weight's format again.
inline std::uint8_t unpacked_code(const integer_layout& l, const std::byte* packed, int bits,
                                  std::int64_t j, std::int64_t p) {
  const std::int64_t s = p / l.segment;
  const std::int64_t at = p % l.segment;
  const std::byte* codes =
      packed + j / l.columns * l.panel_bytes() + l.segment_offset(s) + l.params_bytes();
  const std::byte* word = codes + (at / l.step() * l.columns + j % l.columns) * l.adjacent;
  const auto byte = static_cast<int>(word[at % l.adjacent]);
  const int stored = l.bits == 8 ? byte : at % l.step() < l.adjacent ? byte & 15 : byte >> 4;
  return static_cast<std::uint8_t>((stored - l.offset) & ((1 << bits) - 1));
}

}  // namespace integer_panels

}  // namespace qtl::inline v0
