// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/packed_rows.hpp - the weights of products whose kernels read rows of codes as they are.
// Holds: packed_rows. Rows begin where 16-byte copies may; behind them the parameters of rows, decoded. Plain C++.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/gemm/key.hpp"
#include "qtl/gemm/operands.hpp"

namespace qtl::inline v0::gpu {

/// Where the parts of a packed n x k weight lie, in bytes: codes, f32 scales, zero points, sums of
/// codes. One scale per row; or one per block of 128 x 128, blocks of a row side by side; or one
/// per 128 columns of a row, rows side by side.
struct packed_rows {
  std::int64_t n = 0;
  std::int64_t k = 0;
  int bits = 8;
  bool is_blocked = false;      ///< scales change along k: one for every 128 columns ...
  std::int64_t block_rows = 1;  ///< ... and so many rows

  constexpr packed_rows() = default;
  constexpr packed_rows(const policy_desc& weight, std::int64_t rows, std::int64_t cols)
      : n(rows), k(cols), bits(weight.bits), is_blocked(weight.block_cols != 0),
        block_rows(is_blocked ? weight.block_rows : 1) {}

  static constexpr std::int64_t aligned(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

  constexpr std::int64_t row_bytes() const { return packed_bytes(k, bits); }
  constexpr std::int64_t row_stride() const { return (row_bytes() + 15) / 16 * 16; }
  constexpr std::int64_t scale_rows() const { return ceil_div(n, block_rows); }
  constexpr std::int64_t scale_cols() const {
    return is_blocked ? ceil_div(k, std::int64_t{128}) : 1;
  }
  /// Scales from one row's to the next one's, and from one group of columns to the next.
  constexpr std::int64_t scale_row_stride() const { return block_rows == 1 ? 1 : scale_cols(); }
  constexpr std::int64_t scale_group_stride() const {
    return block_rows == 1 ? (n + 3) / 4 * 4 : 1;
  }
  constexpr std::int64_t scales() const {
    return block_rows == 1 ? scale_group_stride() * scale_cols() : scale_rows() * scale_cols();
  }
  constexpr std::int64_t scales_at() const { return aligned(n * row_stride()); }
  constexpr std::int64_t zero_points_at() const { return scales_at() + aligned(scales() * 4); }
  constexpr std::int64_t sums_at() const { return zero_points_at() + aligned(n * 4); }
  constexpr std::int64_t bytes() const { return sums_at() + aligned(n * 4); }

  /// Writes all parts of w.
  void pack(const weight_operand& w, std::byte* to) const {
    for (std::int64_t j = 0; j < n && row_bytes() != 0; ++j)
      std::memcpy(to + j * row_stride(), w.row(j), static_cast<std::size_t>(row_bytes()));
    pack_scales(w, to + scales_at());
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int32_t zero = k != 0 ? w.block_at(j, 0).zero_point : 0;
      store(to + zero_points_at(), j, zero);
      store(to + sums_at(), j, sum_of_codes(w, j));
    }
  }

 private:
  template<class T>
  static void store(std::byte* to, std::int64_t at, T value) {
    std::memcpy(to + at * std::int64_t{sizeof value}, &value, sizeof value);
  }

  void pack_scales(const weight_operand& w, std::byte* to) const {
    for (std::int64_t r = 0; r < scale_rows(); ++r)
      for (std::int64_t c = 0; c < scale_cols(); ++c)
        store(to, r * scale_row_stride() + c * scale_group_stride(),
              k != 0 ? w.block_at(r * block_rows, c * 128).scale : 1.0f);
  }

  // Modulo 2^32: the correction that uses it is too. Floats have no zero points to correct.
  std::int32_t sum_of_codes(const weight_operand& w, std::int64_t j) const {
    if (w.elements.encoding == value_encoding::by_table) return 0;
    std::uint32_t sum = 0;
    float codes[run_chunk];
    for (std::int64_t p = 0; p < k; p += run_chunk) {
      const std::int64_t count = k - p < run_chunk ? k - p : run_chunk;
      w.elements.read(w.row(j), p, count, codes);
      for (std::int64_t e = 0; e < count; ++e)
        sum += static_cast<std::uint32_t>(static_cast<std::int32_t>(codes[e]));
    }
    return static_cast<std::int32_t>(sum);
  }
};

}  // namespace qtl::inline v0::gpu
