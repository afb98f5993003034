// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/epilogue.hpp - from an accumulator to the output: scale, bias, function, one rounding, store.
// Holds: output_kind, output_operand, store_output, requantizer<P>. Every kernel ends here, so every output exists for all.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/format/minifloat.hpp"
#include "qtl/gemm/activation_function.hpp"
#include "qtl/ops/runs.hpp"

namespace qtl::inline v0 {

/// What a product writes.
enum class output_kind : std::uint8_t { as_f32, as_f16, as_bf16, as_codes };

/// The kind's name.
constexpr const char* to_string(output_kind kind) {
  constexpr const char* names[] = {"f32", "f16", "bf16", "codes"};
  return names[static_cast<int>(kind)];
}

/// How codes of an 8-bit policy are written: the encoder of that policy behind a plain function
/// pointer.
struct requantizer {
  /// The code of output (i, j); stochastic rounding asks for the place.
  std::uint8_t (*encode)(float y, std::int64_t i, std::int64_t j, const requantizer& r) = nullptr;
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  float shift = 0.0f;
  std::int32_t qmin =
      0;  ///< of an integer format: for kernels on a device, which cannot call encode
  std::int32_t qmax = 0;
  /// encode is clamp(round to even(y / scale) + zero_point, qmin, qmax), NaN taken for zero
  bool to_nearest = false;
};

/// The m x n output: element (i, j) at data + (i * row_stride + j * col_stride) elements of its
/// kind.
struct output_operand {
  void* data = nullptr;
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;
  output_kind kind = output_kind::as_f32;
  requantizer codes;
  activation_function function = activation_function::none;  ///< applied before the rounding

  /// Whether a sum is the output: f32, dense along a row, no function.
  bool is_plain() const {
    return kind == output_kind::as_f32 && col_stride == 1 && function == activation_function::none;
  }
};

/// Writes y at (i, j), rounded once to the output's format.
inline void store_rounded(const output_operand& out, std::int64_t i, std::int64_t j, float y) {
  const std::int64_t at = i * out.row_stride + j * out.col_stride;
  switch (out.kind) {
    case output_kind::as_f32:
      static_cast<float*>(out.data)[at] = y;
      break;
    case output_kind::as_f16:
      static_cast<std::uint16_t*>(out.data)[at] = f16::encode(y);
      break;
    case output_kind::as_bf16:
      static_cast<std::uint16_t*>(out.data)[at] = bf16::encode(y);
      break;
    case output_kind::as_codes:
      static_cast<std::uint8_t*>(out.data)[at] = out.codes.encode(y, i, j, out.codes);
      break;
  }
}

/// Writes the function of y at (i, j), rounded once to the output's format.
inline void store_output(const output_operand& out, std::int64_t i, std::int64_t j, float y) {
  store_rounded(out, i, j, activate(out.function, y));
}

/// The writer of P's codes with parameters p.
template<QuantPolicy P>
requantizer make_requantizer(const qparams<P>& p) {
  const auto encode = [](float y, std::int64_t i, std::int64_t j,
                         const requantizer& r) -> std::uint8_t {
    qparams<P> q;
    q.scale = r.scale;
    if constexpr (P::scheme::zero_point == zero_point_kind::shift)
      q.offset = r.shift;
    else if constexpr (P::scheme::zero_point != zero_point_kind::none)
      q.offset = static_cast<offset_type<P>>(r.zero_point);
    return static_cast<std::uint8_t>(encode_element<P>(y, q, element_rounding<P>(i, j)));
  };
  requantizer r{encode, p.scale, p.zero_point(), p.shift()};
  if constexpr (is_integer_format<typename P::format>) {
    constexpr code_bounds bounds = P::scheme::template bounds<typename P::format>();
    r.qmin = bounds.qmin;
    r.qmax = bounds.qmax;
    r.to_nearest = has_nearest_codes<P> && P::scheme::zero_point != zero_point_kind::shift;
  }
  return r;
}

}  // namespace qtl::inline v0
