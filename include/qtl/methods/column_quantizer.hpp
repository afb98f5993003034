// SPDX-License-Identifier: Apache-2.0
// qtl/methods/column_quantizer.hpp - a tensor that is quantized block by block or column by column, parameters first.
// Holds: column_quantizer<P>. Methods differ in which parameters and codes they choose; all of them write through this.
#pragma once

#include "qtl/ops/blocks.hpp"
#include "qtl/ops/quantize.hpp"
#include "qtl/tensor/qtensor.hpp"

namespace qtl::inline v0 {

/// A QTensor<P> in the making. Parameters of a block are set before its elements.
template<QuantPolicy P>
class column_quantizer {
 public:
  /// All blocks have scale 1 and offset 0. Errors as QTensor<P>::make.
  static result<column_quantizer> make(std::int64_t rows, std::int64_t cols) {
    auto tensor = QTensor<P>::make(rows, cols);
    if (!tensor.ok()) return tensor.why();
    column_quantizer q;
    q.tensor_ = *std::move(tensor);
    return q;
  }

  const block_grid& grid() const { return tensor_.layout().grid; }
  std::int64_t rows() const { return tensor_.rows(); }
  std::int64_t cols() const { return tensor_.cols(); }

  /// The scale of all blocks' scales; call it first, where P has two levels.
  void set_tensor_scale(value_range whole) {
    tensor_.set_tensor_scale(choose_tensor_scale<P>(whole));
  }

  float tensor_scale() const { return tensor_.tensor_scale(); }

  /// Sets the parameters of block b for values of this range.
  void set_range(std::int64_t b, value_range range) {
    set_stored(b, choose_stored<P>(range, tensor_.tensor_scale()));
  }
  /// Sets them as stored.
  void set_stored(std::int64_t b, const stored_params<P>& stored) {
    store_params(tensor_.span(), b, stored);
  }

  /// The parameters of element (i, j).
  qparams<P> params_at(std::int64_t i, std::int64_t j) const {
    return tensor_.view().params_at(i, j);
  }

  /// Quantizes x at (i, j) and returns what it became.
  float put(std::int64_t i, std::int64_t j, float x) {
    const qparams<P> p = params_at(i, j);
    return put_code(i, j, encode_element<P>(x, p, element_rounding<P>(i, j)), p);
  }
  /// Stores a code chosen by the method and returns its real.
  float put_code(std::int64_t i, std::int64_t j, code_type<typename P::format> code,
                 const qparams<P>& p) {
    const QTensorSpan<P> to = tensor_.span();
    store_code<P::format::bits>(to.codes + i * to.layout.row_bytes, j,
                                to_bits<typename P::format>(code));
    return decode_element<P>(code, p);
  }

  /// The finished tensor.
  QTensor<P> take() { return std::move(tensor_); }

 private:
  QTensor<P> tensor_;
};

}  // namespace qtl::inline v0
