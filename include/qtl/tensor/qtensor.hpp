// SPDX-License-Identifier: Apache-2.0
// qtl/tensor/qtensor.hpp - a quantized matrix that owns its codes, scales and zero points.
// Holds: QTensor<P>. Not here: how it is filled (ops/quantize.hpp), printed (summary.hpp) or saved (io/).
#pragma once

#include <cstdint>
#include <utility>

#include "qtl/base/buffer.hpp"
#include "qtl/tensor/qtensor_view.hpp"

namespace qtl::inline v0 {

/// A rows x cols matrix of policy P. Moves are cheap. A copy allocates, and so throws where clone()
/// returns a status.
template<QuantPolicy P>
class QTensor {
 public:
  using policy = P;
  using format = typename P::format;
  using code_t = code_type<format>;

  QTensor() = default;
  QTensor(QTensor&&) noexcept = default;
  QTensor& operator=(QTensor&&) noexcept = default;
  QTensor(const QTensor& other) : QTensor(value_or_throw(other.clone())) {}
  QTensor& operator=(const QTensor& other) { return *this = value_or_throw(other.clone()); }

  /// A rows x cols tensor with all bytes zero, or invalid_argument / overflow / out_of_memory.
  static result<QTensor> make(std::int64_t rows, std::int64_t cols) {
    const result<tensor_layout> layout = make_layout<P>(rows, cols);
    if (!layout.ok()) return layout.why();
    auto codes = buffer<std::byte>::make(layout->code_bytes);
    if (!codes.ok()) return codes.why();
    auto scales = buffer<std::byte>::make(layout->scale_bytes);
    if (!scales.ok()) return scales.why();
    auto offsets = buffer<std::byte>::make(layout->offset_bytes);
    if (!offsets.ok()) return offsets.why();
    QTensor t;
    t.layout_ = *layout;
    t.codes_ = *std::move(codes);
    t.scales_ = *std::move(scales);
    t.offsets_ = *std::move(offsets);
    return t;
  }

  /// A copy in memory of its own.
  static result<QTensor> copy_of(const QTensorView<P>& source) {
    result<QTensor> copy = make(source.rows(), source.cols());
    if (!copy.ok()) return copy;
    const tensor_layout& to = copy->layout_;
    for (std::int64_t i = 0; to.row_bytes != 0 && i < to.rows; ++i)
      copy_bytes(copy->codes_.data() + i * to.row_bytes, source.codes + i * source.layout.row_bytes,
                 to.row_bytes);
    copy_bytes(copy->scales_.data(), source.scales, to.scale_bytes);
    copy_bytes(copy->offsets_.data(), source.offsets, to.offset_bytes);
    copy->tensor_scale_ = source.tensor_scale;
    return copy;
  }
  result<QTensor> clone() const { return copy_of(view()); }

  QTensorView<P> view() const {
    return {codes_.data(), scales_.data(), offsets_.data(), tensor_scale_, layout_};
  }
  /// For writing; the tensor's own scale is set by set_tensor_scale.
  QTensorSpan<P> span() {
    return {codes_.data(), scales_.data(), offsets_.data(), tensor_scale_, layout_};
  }
  operator QTensorView<P>() const { return view(); }

  std::int64_t rows() const { return layout_.rows; }
  std::int64_t cols() const { return layout_.cols; }
  const tensor_layout& layout() const { return layout_; }

  /// The code of element (i, j): the integer itself, or a float format's bits, or a codebook index.
  code_t code(std::int64_t i, std::int64_t j) const { return view().code_at(i, j); }
  /// The scale of element (i, j), both levels multiplied where there are two.
  float scale_at(std::int64_t i, std::int64_t j) const { return view().params_at(i, j).scale; }
  /// The zero point of element (i, j); 0 where P has none.
  std::int32_t zero_point_at(std::int64_t i, std::int64_t j) const {
    return view().params_at(i, j).zero_point();
  }
  /// The shift of element (i, j); 0 where P has none.
  float shift_at(std::int64_t i, std::int64_t j) const { return view().params_at(i, j).shift(); }

  float tensor_scale() const { return tensor_scale_; }
  void set_tensor_scale(float scale) { tensor_scale_ = scale; }

  /// All stored bytes: codes, scales, zero points, and the second-level scale.
  std::int64_t bytes() const { return layout_.bytes() + (P::scale::two_levels ? 4 : 0); }
  /// Stored bits per element, scales and zero points included; the format's bits for an empty
  /// tensor.
  double bits_per_element() const {
    const auto elements = static_cast<double>(layout_.rows) * static_cast<double>(layout_.cols);
    return elements == 0 ? P::format::bits : 8.0 * static_cast<double>(bytes()) / elements;
  }

 private:
  static void copy_bytes(std::byte* to, const std::byte* from, std::int64_t count) {
    if (count != 0) __builtin_memcpy(to, from, static_cast<std::size_t>(count));
  }

  tensor_layout layout_{};
  buffer<std::byte> codes_;
  buffer<std::byte> scales_;
  buffer<std::byte> offsets_;
  float tensor_scale_ = 1.0f;
};

}  // namespace qtl::inline v0
