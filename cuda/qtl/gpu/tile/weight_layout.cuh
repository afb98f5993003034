// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/weight_layout.cuh - how the weights of weight-only products lie in memory.
// Holds: word_order, weight_layout. The n x k weight is cut into units of 32 rows (output columns) by
// 16 bytes for each lane of a warp: one 16-byte load per lane is the B fragments of four mma tiles,
// word number i for columns 8 i .. 8 i + 7 of the unit. Units follow each other along k, so that a
// block streams memory in order. Parameters of a group lie by group, then by row. Not here: who
// writes it (weight_packing.cuh) and what a word means (convert_*.cuh).
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"

namespace qtl::inline v0::gpu {

/// In which field (nibble or byte, lowest first) of its word a code lies. Codes are numbered as the
/// registers of the fragments hold them, lowest bits first, one step of the mma after the other.
enum class word_order : std::uint8_t {
  natural,  ///< code e in field e
  halves,   ///< the pair of register r in nibbles r and r + 4: one mask serves both halves
  bytes,    ///< byte b of register r in nibble 2 b + r: one mask serves four bytes
};

/// The field of code number e.
QTL_HOST_DEVICE constexpr int field_of(word_order order, int e) {
  switch (order) {
    case word_order::halves:
      return e / 2 + e % 2 * 4;
    case word_order::bytes:
      return e % 4 * 2 + e / 4;
    default:
      return e;
  }
}

/// How a packed group's scale is kept.
enum class scale_storage : std::uint8_t { as_f32, as_f16, as_bf16, as_e8m0, as_e4m3 };

/// Bytes of one stored scale.
QTL_HOST_DEVICE constexpr int scale_size(scale_storage s) {
  return s == scale_storage::as_f32                                  ? 4
         : s == scale_storage::as_f16 || s == scale_storage::as_bf16 ? 2
                                                                     : 1;
}

/// Every how many steps a group may start: where 32 columns do, so with a unit, for a word is
/// converted with one zero point. NVFP4's groups are shorter than that, and have no zero points.
QTL_HOST_DEVICE constexpr int steps_to_group(scale_storage s, bool has_zero_points, int step_cols) {
  return s == scale_storage::as_e4m3 && !has_zero_points ? 1 : 32 / step_cols;
}

/// The packed form of an n x k weight. Along k it is counted in steps, the columns of one mma; a
/// short or odd group is filled up to where the next may start, with columns that meet activations
/// of zero.
struct weight_layout {
  std::int64_t n = 0;
  std::int64_t k = 0;
  int field_bits = 4;  ///< 4 or 8
  int step_cols = 16;  ///< 16 for 16-bit activations, 32 for 8-bit ones
  word_order order = word_order::natural;
  scale_storage scales = scale_storage::as_f32;
  bool is_grouped = false;       ///< false: one scale per row, in f32
  bool has_zero_points = false;  ///< one byte for each group and row
  bool has_column_order = false;
  std::int64_t group = 1;  ///< columns with the same parameters
  std::int64_t groups = 1;
  std::int64_t group_steps = 1;  ///< steps from one group to the next

  static constexpr int unit_rows = 32;
  static constexpr int unit_bytes = 512;

  QTL_HOST_DEVICE constexpr int unit_cols() const { return 128 / field_bits; }
  QTL_HOST_DEVICE constexpr int unit_steps() const { return unit_cols() / step_cols; }
  /// Steps along k.
  QTL_HOST_DEVICE constexpr std::int64_t steps() const {
    if (k == 0) return 0;
    return (groups - 1) * group_steps + ceil_div<std::int64_t>(k - (groups - 1) * group, step_cols);
  }
  QTL_HOST_DEVICE constexpr std::int64_t padded_k() const { return steps() * step_cols; }
  QTL_HOST_DEVICE constexpr std::int64_t row_units() const {
    return ceil_div<std::int64_t>(n, unit_rows);
  }
  QTL_HOST_DEVICE constexpr std::int64_t col_units() const {
    return ceil_div<std::int64_t>(steps(), unit_steps());
  }
  QTL_HOST_DEVICE constexpr std::int64_t padded_n() const { return row_units() * unit_rows; }

  /// The weight's column at packed column q, or -1 where there is filling.
  QTL_HOST_DEVICE constexpr std::int64_t column_at(std::int64_t q) const {
    const std::int64_t g = q / (group_steps * step_cols);
    const std::int64_t offset = q % (group_steps * step_cols);
    const std::int64_t column = g * group + offset;
    return offset < group && g < groups && column < k ? column : -1;
  }
  /// Whether packed columns are the weight's own, so that rows of activations match as they are.
  QTL_HOST_DEVICE constexpr bool columns_match() const {
    return groups <= 1 || group == group_steps * step_cols;
  }

  // Where the parts lie, in bytes from the start; each on a boundary of 256.
  QTL_HOST_DEVICE static constexpr std::int64_t aligned(std::int64_t bytes) {
    return (bytes + 255) / 256 * 256;
  }
  QTL_HOST_DEVICE constexpr std::int64_t code_bytes() const {
    return row_units() * col_units() * unit_bytes;
  }
  QTL_HOST_DEVICE constexpr std::int64_t scales_at() const { return aligned(code_bytes()); }
  QTL_HOST_DEVICE constexpr std::int64_t zero_points_at() const {
    return scales_at() + aligned(groups * padded_n() * scale_size(scales));
  }
  QTL_HOST_DEVICE constexpr std::int64_t column_order_at() const {
    return zero_points_at() + (has_zero_points ? aligned(groups * padded_n()) : 0);
  }
  QTL_HOST_DEVICE constexpr std::int64_t bytes() const {
    return column_order_at() + (has_column_order ? aligned(padded_k() * 4) : 0);
  }

  /// Where the code of row j and packed column q lies: the byte of its word, and the bit in the
  /// word.
  struct place {
    std::int64_t byte = 0;
    int bit = 0;
  };
  QTL_HOST_DEVICE constexpr place place_of(std::int64_t j, std::int64_t q) const {
    const std::int64_t unit = j / unit_rows * col_units() + q / unit_cols();
    const auto row = static_cast<int>(j % unit_rows);
    const auto col = static_cast<int>(q % step_cols);
    const auto step = static_cast<int>(q % unit_cols()) / step_cols;
    // A fragment's register holds `run` neighbouring columns for each of four lanes.
    const int run = step_cols / 8;
    const int half = step_cols / 2;
    const int lane = row % 8 * 4 + col % half / run;
    const int e = step * 2 * run + col / half * run + col % run;
    return {unit * unit_bytes + lane * 16 + row / 8 * 4, field_of(order, e) * field_bits};
  }
};

}  // namespace qtl::inline v0::gpu
