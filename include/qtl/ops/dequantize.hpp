// SPDX-License-Identifier: Apache-2.0
// qtl/ops/dequantize.hpp - a quantized tensor to reals.
// Holds: dequantize, try_dequantize, dequantize_into.
#pragma once

#include "qtl/base/matrix.hpp"
#include "qtl/ops/blocks.hpp"
#include "qtl/ops/runs.hpp"
#include "qtl/tensor/qtensor.hpp"

namespace qtl::inline v0 {

/// Writes the reals of q into y, without allocating. Error, with nothing written: shape_mismatch.
template<QuantPolicy P>
status dequantize_into(const QTensorView<P>& q, matrix_view<float> y) {
  if (y.rows != q.rows()) return mismatch("y", "number of rows", 0, q.rows(), y.rows);
  if (y.cols != q.cols()) return mismatch("y", "number of columns", 1, q.cols(), y.cols);
  for_each_block(q.layout.grid, q.rows(), q.cols(), [&](const block_extent& b) {
    const qparams<P> p = b.rows != 0 ? q.block_params(b.index) : qparams<P>{};
    for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
      decode_run<P>(q.codes + i * q.layout.row_bytes, b.col, b.cols, p,
                    y.data + i * y.row_stride + b.col * y.col_stride, y.col_stride);
  });
  return {};
}

/// The reals of q. Errors: overflow, out_of_memory.
template<QuantPolicy P>
result<matrix<float>> try_dequantize(const QTensorView<P>& q) {
  result<matrix<float>> y = matrix<float>::make(q.rows(), q.cols());
  if (!y.ok()) return y;
  if (const status s = dequantize_into<P>(q, y->view()); !s.ok()) return s;
  return y;
}

/// The reals of q as a qtl::matrix<float>, which converts to any Eigen matrix:
///     Eigen::MatrixXf back = qtl::dequantize(q);
template<QuantPolicy P>
matrix<float> dequantize(const QTensor<P>& q) {
  return value_or_throw(try_dequantize<P>(q.view()));
}
template<QuantPolicy P>
matrix<float> dequantize(const QTensorView<P>& q) {
  return value_or_throw(try_dequantize<P>(q));
}

}  // namespace qtl::inline v0
