// SPDX-License-Identifier: Apache-2.0
// qtl/methods/double_quantization.hpp - the scales of a tensor, quantized again.
// Holds: dynamic_8bit, double_quantized<P, S>, double_quantize, scale_report. From QLoRA (Dettmers et al. 2023): minus
// their mean, scales become 8-bit codes in blocks of 256; any other policy may take that one's
// place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "qtl/format/codebook.hpp"
#include "qtl/methods/method.hpp"
#include "qtl/ops/compare.hpp"

namespace qtl::inline v0 {

/// The signed 8-bit "dynamic" values of bitsandbytes (Dettmers 2016): seven decades from 1e-6 to 1,
/// each with twice the values of the one below, at the middles of equal parts of [0.1, 1]; and 0
/// and 1. Ascending, as its files have them.
struct dynamic_8bit_table {
  static constexpr short_name name = "dynamic_8bit";
  static constexpr std::array<float, 256> values = [] {
    std::array<float, 256> v{};
    std::size_t up = 128;
    double decade = 1e-6;
    for (int d = 0; d < 7; ++d, decade *= 10)
      for (int i = 0; i < 1 << d; ++i, ++up) {
        const double middle = 0.1 + 0.9 * (i + 0.5) / (1 << d);
        v[up] = static_cast<float>(decade * middle);
        v[254 - up] = -v[up];
      }
    v[255] = 1.0f;
    return v;
  }();
};

/// bitsandbytes' 8-bit codebook, and the policy that it keeps scales by.
using dynamic_8bit = codebook<8, dynamic_8bit_table>;
using bnb_scales = policy<dynamic_8bit, symmetric, per_group<256>>;

/// Satisfied by policies with one level of scales in f32, f16 or bf16. Why: a scale in e8m0 or in
/// e4m3 beside a tensor's is 8 bits already.
template<class P>
concept HasWideScales =
    (!is_unscaled<typename P::scheme> && !P::scale::two_levels && P::scale::format::bits >= 16) ||
    unsatisfied<"double quantization is for scales of 16 or 32 bits", P>;

/// A tensor of P whose scales are a 1 x blocks tensor of S plus one offset.
/// scale = max(S's real + offset, least), rounded to P's format of scales.
template<QuantPolicy P, QuantPolicy S>
struct double_quantized {
  tensor_layout layout;
  buffer<std::byte> codes;    ///< P's codes, as in a QTensor<P>
  buffer<std::byte> offsets;  ///< P's zero points or shifts
  QTensor<S> scales;
  float offset = 0.0f;  ///< the mean of the scales
  float least = 0.0f;   ///< the least scale: no block is lost to a scale of zero or below

  /// All stored bytes: codes, zero points, quantized scales, offset and least.
  std::int64_t bytes() const {
    return layout.code_bytes + layout.offset_bytes + scales.bytes() +
           static_cast<std::int64_t>(sizeof offset + sizeof least);
  }
  /// Stored bits per element, everything included.
  double bits_per_element() const {
    const auto elements = static_cast<double>(layout.rows) * static_cast<double>(layout.cols);
    return elements == 0 ? P::format::bits : 8.0 * static_cast<double>(bytes()) / elements;
  }

  /// The scale of block b.
  float scale(std::int64_t b) const {
    const float real = decode_element<S>(scales.code(0, b), scales.view().params_at(0, b)) + offset;
    return real > least ? real : least;
  }
  /// The tensor with its scales spelt out, to compute with. Errors: out_of_memory.
  result<QTensor<P>> expand() const {
    auto q = QTensor<P>::make(layout.rows, layout.cols);
    if (!q.ok()) return q;
    const QTensorSpan<P> to = q->span();
    copy(to.codes, codes);
    copy(to.offsets, offsets);
    for (std::int64_t b = 0; b < layout.grid.size(); ++b)
      store_unaligned(to.scales, b, store_scale_exactly<typename P::scale::format>(scale(b)));
    return q;
  }

 private:
  static void copy(std::byte* to, const buffer<std::byte>& from) {
    if (from.size() != 0) __builtin_memcpy(to, from.data(), static_cast<std::size_t>(from.size()));
  }
};

/// A copy of `count` bytes. Error: out_of_memory.
inline result<buffer<std::byte>> copy_of_bytes(const std::byte* from, std::int64_t count) {
  auto copy = buffer<std::byte>::make(count);
  if (copy.ok() && count != 0)
    __builtin_memcpy(copy->data(), from, static_cast<std::size_t>(count));
  return copy;
}

/// q with its scales quantized by S; codes and zero points stay as they are. Errors: not_finite for
/// a scale, overflow, out_of_memory.
template<QuantPolicy S = bnb_scales, QuantPolicy P>
  requires HasWideScales<P>
result<double_quantized<P, S>> double_quantize(const QTensorView<P>& q) {
  double_quantized<P, S> out;
  out.layout = q.layout;
  const std::int64_t blocks = q.layout.grid.size();
  auto scales = matrix<float>::make(1, blocks);
  if (!scales.ok()) return scales.why();
  double sum = 0;
  for (std::int64_t b = 0; b < blocks; ++b) {
    (*scales)(0, b) = q.block_params(b).scale;
    sum += static_cast<double>((*scales)(0, b));
    if (b == 0 || (*scales)(0, b) < out.least) out.least = (*scales)(0, b);
  }
  if (const status s = check_finite(scales->view(), "scales"); !s.ok()) return s;
  out.offset = blocks == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(blocks));
  for (std::int64_t b = 0; b < blocks; ++b) (*scales)(0, b) -= out.offset;
  auto quantized = try_quantize<S>(*scales);
  if (!quantized.ok()) return quantized.why();
  auto codes = copy_of_bytes(q.codes, q.layout.code_bytes);
  if (!codes.ok()) return codes.why();
  auto offsets = copy_of_bytes(q.offsets, q.layout.offset_bytes);
  if (!offsets.ok()) return offsets.why();
  out.scales = *std::move(quantized);
  out.codes = *std::move(codes);
  out.offsets = *std::move(offsets);
  return out;
}
template<QuantPolicy S = bnb_scales, QuantPolicy P>
  requires HasWideScales<P>
result<double_quantized<P, S>> double_quantize(const QTensor<P>& q) {
  return double_quantize<S, P>(q.view());
}

/// What double quantization cost and saved.
struct scale_report {
  comparison scales;  ///< of the scales, first as they were
  comparison reals;   ///< of the tensor's reals, first as they were
  double bits_before = 0;
  double bits_after = 0;
};

/// Compares q with what double quantization made of it. Errors: overflow, out_of_memory,
/// shape_mismatch where they are not of one tensor.
template<QuantPolicy P, QuantPolicy S>
result<scale_report> report_scales(const QTensor<P>& q, const double_quantized<P, S>& d) {
  if (q.rows() != d.layout.rows) return mismatch("d", "number of rows", 0, q.rows(), d.layout.rows);
  if (q.cols() != d.layout.cols)
    return mismatch("d", "number of columns", 1, q.cols(), d.layout.cols);
  const auto before = try_dequantize<P>(q.view());
  if (!before.ok()) return before.why();
  const auto expanded = d.expand();
  if (!expanded.ok()) return expanded.why();
  const auto after = try_dequantize<P>(expanded->view());
  if (!after.ok()) return after.why();
  comparison_accumulator scales;
  for (std::int64_t b = 0; b < d.layout.grid.size(); ++b)
    scales.add(q.view().block_params(b).scale, expanded->view().block_params(b).scale,
               b / d.layout.grid.cols, b % d.layout.grid.cols);
  const auto reals = try_compare(*before, *after);
  if (!reals.ok()) return reals.why();
  return scale_report{scales.result(), *reals, q.bits_per_element(), d.bits_per_element()};
}

}  // namespace qtl::inline v0
