// SPDX-License-Identifier: Apache-2.0
// qtl/ops/fake_quantize.hpp - what a tensor becomes by being quantized, kept as reals.
// Holds: fake_quantize, try_fake_quantize, requantize, try_requantize. Gradients live in qat/.
#pragma once

#include "qtl/ops/dequantize.hpp"
#include "qtl/ops/quantize.hpp"

namespace qtl::inline v0 {

/// Equal, element for element, to dequantize(quantize<P>(x)), without the codes in between. Errors:
/// as try_quantize.
template<QuantPolicy P, MatrixSource M>
result<matrix<float>> try_fake_quantize(const M& x) {
  const matrix_view<const float> source = as_view(x);
  if (const status s = check_finite(source, "x"); !s.ok()) return s;
  result<matrix<float>> y = matrix<float>::make(source.rows, source.cols);
  if (!y.ok()) return y;
  const block_grid grid = make_block_grid(source.rows, source.cols, P::granularity::block_rows,
                                          P::granularity::block_cols);
  const float tensor_scale = tensor_scale_of<P>(source);
  for_each_quantized_block<P>(
      source, grid, tensor_scale, [&](const block_extent& b, const stored_params<P>& stored) {
        const qparams<P> p = stored.decoded(tensor_scale);
        for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
          for (std::int64_t j = b.col; j < b.col + b.cols; ++j)
            (*y)(i, j) =
                decode_element<P>(encode_element<P>(source(i, j), p, element_rounding<P>(i, j)), p);
      });
  return y;
}

/// As try_fake_quantize, but throws qtl::error.
template<QuantPolicy P, MatrixSource M>
matrix<float> fake_quantize(const M& x) {
  return value_or_throw(try_fake_quantize<P>(x));
}

/// q under another policy: its reals, quantized again.
template<QuantPolicy To, QuantPolicy From>
result<QTensor<To>> try_requantize(const QTensorView<From>& q) {
  const result<matrix<float>> reals = try_dequantize<From>(q);
  if (!reals.ok()) return reals.why();
  return try_quantize<To>(*reals);
}

/// As try_requantize, but throws qtl::error.
template<QuantPolicy To, QuantPolicy From>
QTensor<To> requantize(const QTensor<From>& q) {
  return value_or_throw(try_requantize<To, From>(q.view()));
}

}  // namespace qtl::inline v0
