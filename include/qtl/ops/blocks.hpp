// SPDX-License-Identifier: Apache-2.0
// qtl/ops/blocks.hpp - walks the blocks of a tensor and chooses the parameters of each.
// Holds: block_extent, for_each_block, for_each_quantized_block<P>. quantize and fake_quantize are both this walk.
#pragma once

#include "qtl/ops/choose_qparams.hpp"
#include "qtl/tensor/layout.hpp"

namespace qtl::inline v0 {

/// One block: number `index` of the grid, rows [row, row + rows), columns [col, col + cols).
struct block_extent {
  std::int64_t index;
  std::int64_t row;
  std::int64_t rows;
  std::int64_t col;
  std::int64_t cols;
};

/// Calls f(block_extent) for every block of a rows x cols tensor, row-major. Empty blocks (of a
/// tensor without elements) are visited too, since they have a scale; both their extents are 0.
template<class F>
constexpr void for_each_block(const block_grid& grid, std::int64_t rows, std::int64_t cols, F&& f) {
  for (std::int64_t bi = 0; bi < grid.rows; ++bi)
    for (std::int64_t bj = 0; bj < grid.cols; ++bj) {
      block_extent b{bi * grid.cols + bj, bi * grid.block_rows, grid.block_rows,
                     bj * grid.block_cols, grid.block_cols};
      if (b.rows > rows - b.row) b.rows = rows - b.row;
      if (b.cols > cols - b.col) b.cols = cols - b.col;
      if (b.rows == 0 || b.cols == 0) b.rows = b.cols = 0;
      f(b);
    }
}

/// The part of `x` that a block covers.
constexpr matrix_view<const float> block_of(matrix_view<const float> x, const block_extent& b) {
  return {x.data + b.row * x.row_stride + b.col * x.col_stride, b.rows, b.cols, x.row_stride,
          x.col_stride};
}

/// Calls f(block_extent, stored_params<P>) for every block of x under policy P. Blocks that hold
/// NaN or Inf get poisoned parameters (activations); callers that must refuse them check first
/// (weights).
template<QuantPolicy P, class F>
constexpr void for_each_quantized_block(matrix_view<const float> x, const block_grid& grid,
                                        float tensor_scale, F&& f) {
  for_each_block(grid, x.rows, x.cols, [&](const block_extent& b) {
    if constexpr (is_unscaled<typename P::scheme>) {
      f(b, stored_params<P>{});
    } else {
      const scanned_range seen = scan_range(block_of(x, b));
      f(b, seen.all_finite() ? choose_stored<P>(seen.range(), tensor_scale) : poisoned_params<P>());
    }
  });
}

/// The tensor's own scale for x: 1 unless P has two levels, NaN where x then holds NaN or Inf.
template<QuantPolicy P>
constexpr float tensor_scale_of(matrix_view<const float> x) {
  if constexpr (P::scale::two_levels) {
    const scanned_range seen = scan_range(x);
    return seen.all_finite() ? choose_tensor_scale<P>(seen.range()) : quiet_nan;
  } else {
    return 1.0f;
  }
}

}  // namespace qtl::inline v0
