// SPDX-License-Identifier: Apache-2.0
// qtl/tensor/qtensor_view.hpp - a quantized tensor in memory that somebody else owns.
// Holds: QTensorView<P> (read) and QTensorSpan<P> (write), one template. Loads are safe at any alignment, so a view over
// a mapped file works as it is. Not here: ownership (qtensor.hpp), arithmetic (ops/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qtl/tensor/layout.hpp"

namespace qtl::inline v0 {

/// The members of QTensorView<P> and QTensorSpan<P>: plain pointers, extents, strides.
template<QuantPolicy P, class Byte>
struct basic_qtensor_view {
  using policy = P;
  using format = typename P::format;
  using scale_format = typename P::scale::format;
  using code = code_type<format>;

  Byte* codes = nullptr;  ///< rows of packed codes, least significant bit first
  Byte* scales =
      nullptr;  ///< stored_scale<scale_format>, one per block; unread where P is unscaled
  Byte* offsets = nullptr;    ///< offset_type<P>, one per block; unread where P has none
  float tensor_scale = 1.0f;  ///< multiplies every block scale; 1 unless P has two levels
  tensor_layout layout{};

  constexpr std::int64_t rows() const { return layout.rows; }
  constexpr std::int64_t cols() const { return layout.cols; }

  /// The code of element (i, j): the integer itself, or a float format's bits, or a codebook index.
  code code_at(std::int64_t i, std::int64_t j) const {
    return from_bits<format>(load_code<format::bits>(codes + i * layout.row_bytes, j));
  }

  /// The parameters of block number b (row-major over the grid), the tensor's scale multiplied in.
  qparams<P> block_params(std::int64_t b) const {
    qparams<P> p;
    if constexpr (!is_unscaled<typename P::scheme>)
      p.scale = scale_value<scale_format>(load_unaligned<stored_scale<scale_format>>(scales, b)) *
                tensor_scale;
    if constexpr (offset_bytes<P> != 0) p.offset = load_unaligned<offset_type<P>>(offsets, b);
    return p;
  }
  /// The parameters of element (i, j).
  qparams<P> params_at(std::int64_t i, std::int64_t j) const {
    return block_params(layout.grid.index(i, j));
  }

  // A template, so that nvcc does not warn of the conversion of a read-only view to itself.
  template<class To>
    requires(!std::is_const_v<Byte> && std::same_as<To, basic_qtensor_view<P, const std::byte>>)
  operator To() const {
    return To{codes, scales, offsets, tensor_scale, layout};
  }
};

/// A read-only quantized tensor of policy P in memory that the caller owns and keeps alive.
template<QuantPolicy P>
using QTensorView = basic_qtensor_view<P, const std::byte>;

/// A quantized tensor of policy P to write into.
template<QuantPolicy P>
using QTensorSpan = basic_qtensor_view<P, std::byte>;

/// A view over memory of the caller in the canonical layout (layout.hpp), checked against the sizes
/// of the three spans; shape_mismatch names the span that is too small. `tensor_scale` is 1 unless
/// P has two levels.
template<QuantPolicy P, class Byte>
  requires std::same_as<std::remove_const_t<Byte>, std::byte>
result<basic_qtensor_view<P, Byte>> make_qtensor_view(std::int64_t rows, std::int64_t cols,
                                                      std::span<Byte> codes, std::span<Byte> scales,
                                                      std::span<Byte> offsets,
                                                      float tensor_scale = 1.0f) {
  const result<tensor_layout> layout = make_layout<P>(rows, cols);
  if (!layout.ok()) return layout.why();
  const auto too_small = [](std::span<Byte> have, std::int64_t need) {
    return static_cast<std::int64_t>(have.size()) < need;
  };
  const auto why = [](const char* operand, std::span<Byte> have, std::int64_t need) {
    return mismatch(operand, "size in bytes", -1, need, static_cast<std::int64_t>(have.size()));
  };
  if (too_small(codes, layout->code_bytes)) return why("codes", codes, layout->code_bytes);
  if (too_small(scales, layout->scale_bytes)) return why("scales", scales, layout->scale_bytes);
  if (too_small(offsets, layout->offset_bytes))
    return why("offsets", offsets, layout->offset_bytes);
  return basic_qtensor_view<P, Byte>{codes.data(), scales.data(), offsets.data(), tensor_scale,
                                     *layout};
}

}  // namespace qtl::inline v0
