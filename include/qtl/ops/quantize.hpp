// SPDX-License-Identifier: Apache-2.0
// qtl/ops/quantize.hpp - reals to a quantized tensor.
// Holds: quantize, try_quantize, quantize_into, and quantize_with for parameters that are known beforehand.
// NaN or Inf is an error that names row and column; activations at run time go through
// nn/activations.hpp instead.
#pragma once

#include "qtl/base/matrix.hpp"
#include "qtl/ops/blocks.hpp"
#include "qtl/ops/runs.hpp"
#include "qtl/tensor/qtensor.hpp"

namespace qtl::inline v0 {

/// ok where x has the extents of the layout and only finite values.
inline status check_source(matrix_view<const float> x, const tensor_layout& layout) {
  if (x.rows != layout.rows) return mismatch("x", "number of rows", 0, layout.rows, x.rows);
  if (x.cols != layout.cols) return mismatch("x", "number of columns", 1, layout.cols, x.cols);
  return check_finite(x, "x");
}

/// Writes the parameters of a block.
template<QuantPolicy P>
constexpr void store_params(const QTensorSpan<P>& to, std::int64_t block,
                            const stored_params<P>& params) {
  if constexpr (scale_bytes<P> != 0) store_unaligned(to.scales, block, params.scale);
  if constexpr (offset_bytes<P> != 0) store_unaligned(to.offsets, block, params.offset);
}

/// Quantizes the elements of a block under parameters p.
template<QuantPolicy P>
constexpr void encode_block(matrix_view<const float> x, const block_extent& b, const qparams<P>& p,
                            const QTensorSpan<P>& to) {
  for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
    encode_run<P>(x.data + i * x.row_stride + b.col * x.col_stride, x.col_stride, b.cols, p,
                  to.codes + i * to.layout.row_bytes, i, b.col);
}

/// Quantizes x (rows x cols) into memory of the caller, without allocating. `to` has the same
/// extents, and its tensor_scale is set. Errors, with nothing written: shape_mismatch, not_finite
/// (row and column named).
template<QuantPolicy P>
status quantize_into(matrix_view<const float> x, QTensorSpan<P>& to) {
  if (const status s = check_source(x, to.layout); !s.ok()) return s;
  to.tensor_scale = tensor_scale_of<P>(x);
  for_each_quantized_block<P>(x, to.layout.grid, to.tensor_scale,
                              [&](const block_extent& b, const stored_params<P>& stored) {
                                store_params(to, b.index, stored);
                                encode_block(x, b, stored.decoded(to.tensor_scale), to);
                              });
  return {};
}

/// Row-major sources are read as they are; others are first copied, tile by tile, since
/// quantization walks rows.
inline result<matrix<float>> row_major_copy(matrix_view<const float> x) {
  result<matrix<float>> copy = matrix<float>::make(x.rows, x.cols);
  if (!copy.ok()) return copy;
  constexpr std::int64_t tile = 32;
  for (std::int64_t i0 = 0; i0 < x.rows; i0 += tile)
    for (std::int64_t j0 = 0; j0 < x.cols; j0 += tile)
      for (std::int64_t i = i0; i < x.rows && i < i0 + tile; ++i)
        for (std::int64_t j = j0; j < x.cols && j < j0 + tile; ++j) (*copy)(i, j) = x(i, j);
  return copy;
}

/// x (rows x cols) as a tensor of policy P. Errors: not_finite naming row and column, overflow,
/// out_of_memory.
template<QuantPolicy P, MatrixSource M>
result<QTensor<P>> try_quantize(const M& x) {
  const matrix_view<const float> source = as_view(x);
  result<QTensor<P>> q = QTensor<P>::make(source.rows, source.cols);
  if (!q.ok()) return q;
  QTensorSpan<P> to = q->span();
  status s;
  if (source.col_stride == 1 || source.rows <= 1) {
    s = quantize_into<P>(source, to);
  } else {
    const result<matrix<float>> copy = row_major_copy(source);
    if (!copy.ok()) return copy.why();
    s = quantize_into<P>(copy->view(), to);
  }
  if (!s.ok()) return s;
  q->set_tensor_scale(to.tensor_scale);
  return q;
}

/// As try_quantize, but throws qtl::error.
template<QuantPolicy P, MatrixSource M>
QTensor<P> quantize(const M& x) {
  return value_or_throw(try_quantize<P>(x));
}

/// Satisfied by policies with one block per tensor. Why: parameters known beforehand are one scale
/// and one zero point.
template<class P>
// clang-format off
concept SingleBlock =
    std::same_as<typename P::granularity, per_tensor> ||
    unsatisfied<"parameters given beforehand are for the whole tensor: the policy must be per_tensor", P>;
// clang-format on

/// x as a tensor of policy P with parameters `p` chosen beforehand. Errors: as try_quantize, and
/// invalid_argument where the scale, as P stores it, is not finite or zero.
template<QuantPolicy P, MatrixSource M>
  requires SingleBlock<P>
result<QTensor<P>> try_quantize_with(const M& x, const qparams<P>& p) {
  const stored_params<P> stored{store_scale_exactly<typename P::scale::format>(p.scale), p.offset};
  const float scale = is_unscaled<typename P::scheme> ? p.scale : stored.decoded(1.0f).scale;
  if (!is_finite(scale) || scale == 0.0f)
    return failure(error_code::invalid_argument, "p",
                   "the scale is zero or not finite, expected a finite non-zero scale");
  const matrix_view<const float> source = as_view(x);
  result<QTensor<P>> q = QTensor<P>::make(source.rows, source.cols);
  if (!q.ok()) return q;
  if (const status s = check_finite(source, "x"); !s.ok()) return s;
  const QTensorSpan<P> to = q->span();
  store_params(to, 0, stored);
  encode_block(source, {0, 0, source.rows, 0, source.cols}, stored.decoded(1.0f), to);
  return q;
}

/// As try_quantize_with, but throws qtl::error.
template<QuantPolicy P, MatrixSource M>
  requires SingleBlock<P>
QTensor<P> quantize_with(const M& x, const qparams<P>& p) {
  return value_or_throw(try_quantize_with<P>(x, p));
}

}  // namespace qtl::inline v0
