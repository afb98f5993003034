// SPDX-License-Identifier: Apache-2.0
// qtl/tensor/layout.hpp - where the bytes of a quantized tensor lie.
// Holds: tensor_layout, make_layout<P>. Codes are row-major, each row a dense stream that starts on a byte; scales and
// offsets are row-major over the block grid. This is the canonical storage; kernels repack into
// layouts of their own.
#pragma once

#include <cstdint>

#include "qtl/base/error.hpp"
#include "qtl/format/packing.hpp"
#include "qtl/tensor/qparams.hpp"

namespace qtl::inline v0 {

/// Extents and byte counts of a rows x cols tensor of some policy.
struct tensor_layout {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_bytes = 0;  ///< bytes from one row of codes to the next
  std::int64_t code_bytes = 0;
  std::int64_t scale_bytes = 0;
  std::int64_t offset_bytes = 0;
  block_grid grid;

  constexpr std::int64_t bytes() const { return code_bytes + scale_bytes + offset_bytes; }
};

/// The layout of a rows x cols tensor of policy P, or invalid_argument / overflow naming the
/// extent.
template<QuantPolicy P>
result<tensor_layout> make_layout(std::int64_t rows, std::int64_t cols) {
  if (rows < 0)
    return mismatch("rows", "extent, which must not be negative,", 0, 0, rows,
                    error_code::invalid_argument);
  if (cols < 0)
    return mismatch("cols", "extent, which must not be negative,", 1, 0, cols,
                    error_code::invalid_argument);
  const block_grid grid =
      make_block_grid(rows, cols, P::granularity::block_rows, P::granularity::block_cols);
  // 64 bits per element and per block are more than any policy stores. Extents are checked alone
  // too: beside an extent of 0 any other would pass.
  std::int64_t elements = 0;
  std::int64_t blocks = 0;
  std::int64_t bits = 0;
  if (!checked_multiply(rows, 64, bits) || !checked_multiply(cols, 64, bits) ||
      !checked_multiply(rows, cols, elements) || !checked_multiply(elements, 64, bits) ||
      !checked_multiply(grid.rows, grid.cols, blocks) || !checked_multiply(blocks, 64, bits))
    return failure(error_code::overflow, "rows * cols",
                   "the size of the tensor does not fit 64 bits");
  tensor_layout layout;
  layout.rows = rows;
  layout.cols = cols;
  layout.row_bytes = packed_bytes(cols, P::format::bits);
  layout.code_bytes = rows * layout.row_bytes;
  layout.grid = grid;
  layout.scale_bytes = layout.grid.size() * scale_bytes<P>;
  layout.offset_bytes = layout.grid.size() * offset_bytes<P>;
  return layout;
}

}  // namespace qtl::inline v0
