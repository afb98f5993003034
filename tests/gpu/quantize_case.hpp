// SPDX-License-Identifier: Apache-2.0
// tests/gpu/quantize_case.hpp - inputs, outputs and the host's answer for tests of quantization
// kernels.
// Holds: stored_reals, sample_rows, quantized_rows, answer_of.
#pragma once

#include <cstdint>
#include <vector>

#include "qtl/gpu/host/quantize.cuh"
#include "qtl/nn/activations.hpp"
#include "qtl/ops/quantize.hpp"

#include "device.hpp"
#include "ops/test_matrix.hpp"

namespace qtl_test {

/// Reals of format F in the GPU's memory, `offset` elements after an aligned address and with rows
/// `stride` apart, and the same on the host as floats.
template<class F>
struct stored_reals {
  qtl::matrix<float> host;
  device_array<qtl::gpu::real_element<F>> memory;
  std::int64_t offset;
  std::int64_t stride;

  const qtl::gpu::real_element<F>* data() const { return memory.data() + offset; }
};

/// x rounded to F, in both places.
template<class F>
stored_reals<F> store_reals(const qtl::matrix<float>& x, std::int64_t offset = 0,
                            std::int64_t padding = 0) {
  const std::int64_t stride = x.cols() + padding;
  qtl::matrix<float> rounded = *qtl::matrix<float>::make(x.rows(), x.cols());
  std::vector<qtl::gpu::real_element<F>> bits(static_cast<std::size_t>(offset + x.rows() * stride));
  for (std::int64_t i = 0; i < x.rows(); ++i)
    for (std::int64_t j = 0; j < x.cols(); ++j) {
      const auto code = F::encode(x(i, j));
      rounded(i, j) = F::decode(code);
      bits[static_cast<std::size_t>(offset + i * stride + j)] =
          qtl::bit_cast<qtl::gpu::real_element<F>>(code);
    }
  return {std::move(rounded), device_array<qtl::gpu::real_element<F>>(bits), offset, stride};
}

/// Noise, and rows that are zero, tiny, large, one-sided; where `poisoned`, one with NaN, one with
/// Inf, and one so large that f16 turns it into Inf.
inline qtl::matrix<float> sample_rows(std::int64_t m, std::int64_t k, std::uint64_t seed,
                                      bool poisoned) {
  qtl::matrix<float> x = noise_matrix(m, k, seed);
  const auto change_row = [&](std::int64_t i, auto change) {
    for (std::int64_t j = 0; i < m && j < k; ++j) x(i, j) = change(x(i, j));
  };
  change_row(1, [](float) { return 0.0f; });
  change_row(3, [](float v) { return v * 0x1p-140f; });
  change_row(4, [&](float v) { return v * (poisoned ? 0x1p120f : 0x1p10f); });
  change_row(5, [](float v) { return qtl::magnitude(v) + 1.0f; });
  change_row(6, [](float) { return -0.0f; });
  change_row(8, [](float v) { return v * 0x1p-100f; });
  if (poisoned && m > 9 && k > 0) {
    x(7, k / 2) = qtl::quiet_nan;
    x(9, k - 1) = -qtl::infinity;
    x(0, 0) = k % 2 == 0 ? qtl::infinity : x(0, 0);
  }
  return x;
}

/// What a quantization writes, as bytes and numbers.
template<qtl::QuantPolicy P, qtl::gpu::parameter_form Form>
struct quantized_rows {
  using table = qtl::gpu::params_table<P, Form>;
  std::vector<std::byte> codes;
  std::vector<typename table::scale> scales;
  std::vector<typename table::offset> offsets;
  std::vector<std::int32_t> sums;
};

/// Whether two arrays have the same bytes; NaN equals NaN.
template<class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template<qtl::QuantPolicy P, qtl::gpu::parameter_form Form>
void check_same(const quantized_rows<P, Form>& got, const quantized_rows<P, Form>& expected) {
  REQUIRE(same_bytes(got.scales, expected.scales));
  if constexpr (qtl::offset_bytes<P> != 0) REQUIRE(same_bytes(got.offsets, expected.offsets));
  REQUIRE(same_bytes(got.codes, expected.codes));
  REQUIRE(same_bytes(got.sums, expected.sums));
}

/// How many scales a row has.
template<qtl::QuantPolicy P>
std::int64_t groups_of(std::int64_t k) {
  return P::granularity::block_cols == 0 ? 1 : qtl::ceil_div(k, P::granularity::block_cols);
}

/// The sums of the integer codes of each block of a row.
template<qtl::QuantPolicy P>
std::vector<std::int32_t> sums_of(const std::vector<std::byte>& codes, std::int64_t row_bytes,
                                  std::int64_t m, std::int64_t k) {
  using F = typename P::format;
  const std::int64_t groups = groups_of<P>(k);
  const std::int64_t width = P::granularity::block_cols == 0 ? k : P::granularity::block_cols;
  std::vector<std::int32_t> sums(static_cast<std::size_t>(m * groups));
  if constexpr (qtl::is_integer_format<F>)
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < k; ++j)
        sums[static_cast<std::size_t>(i * groups + j / width)] +=
            qtl::from_bits<F>(qtl::load_code<F::bits>(codes.data() + i * row_bytes, j));
  return sums;
}

/// The host's answer for activations: nn/activations.hpp.
template<qtl::QuantPolicy P>
quantized_rows<P, qtl::gpu::parameter_form::decoded> answer_of_activations(
    qtl::matrix_view<const float> x, std::int64_t row_bytes, const qtl::qparams<P>& fixed) {
  const qtl::activation_layout<P> layout{x.rows, x.cols};
  std::vector<std::byte> memory(static_cast<std::size_t>(layout.size()) + 64);
  const qtl::activation_operand a =
      qtl::prepare_activations<P>(x, fixed, memory.data(), qtl::executor_ref{});
  const auto blocks = static_cast<std::size_t>(x.rows * groups_of<P>(x.cols));
  quantized_rows<P, qtl::gpu::parameter_form::decoded> out;
  out.codes.resize(static_cast<std::size_t>(x.rows * row_bytes));
  for (std::int64_t i = 0; i < x.rows; ++i)
    std::memcpy(out.codes.data() + i * row_bytes, a.row(i),
                static_cast<std::size_t>(row_bytes < a.row_bytes ? row_bytes : a.row_bytes));
  out.scales.assign(a.scales, a.scales + blocks);
  if constexpr (P::scheme::zero_point == qtl::zero_point_kind::shift)
    out.offsets.assign(a.shifts, a.shifts + blocks);
  else if constexpr (P::scheme::zero_point != qtl::zero_point_kind::none)
    out.offsets.assign(a.zero_points, a.zero_points + blocks);
  out.sums = sums_of<P>(out.codes, row_bytes, x.rows, x.cols);
  return out;
}

/// The host's answer for weights: quantize<P>.
template<qtl::QuantPolicy P>
quantized_rows<P, qtl::gpu::parameter_form::stored> answer_of_weights(const qtl::matrix<float>& x,
                                                                      std::int64_t row_bytes) {
  const qtl::result<qtl::QTensor<P>> q = qtl::try_quantize<P>(x.view());
  require_ok(q.why());
  const qtl::QTensorView<P> v = q->view();
  const std::int64_t blocks = v.layout.grid.size();
  quantized_rows<P, qtl::gpu::parameter_form::stored> out;
  out.codes.resize(static_cast<std::size_t>(x.rows() * row_bytes));
  for (std::int64_t i = 0; i < x.rows(); ++i)
    std::memcpy(out.codes.data() + i * row_bytes, v.codes + i * v.layout.row_bytes,
                static_cast<std::size_t>(v.layout.row_bytes));
  out.scales.resize(static_cast<std::size_t>(blocks));
  std::memcpy(out.scales.data(), v.scales, static_cast<std::size_t>(v.layout.scale_bytes));
  if constexpr (qtl::offset_bytes<P> != 0) {
    out.offsets.resize(static_cast<std::size_t>(blocks));
    std::memcpy(out.offsets.data(), v.offsets, static_cast<std::size_t>(v.layout.offset_bytes));
  }
  out.sums = sums_of<P>(out.codes, row_bytes, x.rows(), x.cols());
  return out;
}

/// Device memory for all that a quantization writes, each byte to be written exactly once.
template<qtl::QuantPolicy P, qtl::gpu::parameter_form Form>
class quantization_outputs {
  using table = qtl::gpu::params_table<P, Form>;
  static constexpr bool has_offsets = qtl::offset_bytes<P> != 0;
  static constexpr bool has_sums = qtl::is_integer_format<typename P::format>;

 public:
  quantization_outputs(std::int64_t m, std::int64_t k, std::int64_t row_bytes)
      : codes_(m * row_bytes), scales_(m * groups_of<P>(k)),
        offsets_(has_offsets ? m * groups_of<P>(k) : 0), sums_(m * groups_of<P>(k)),
        row_bytes_(row_bytes), m_(m), k_(k) {}

  template<class Params>
  void fill_in(Params& p) const {
    p.m = m_;
    p.k = k_;
    p.codes = codes_.data();
    p.row_bytes = p.written_bytes = row_bytes_;
    p.blocks.scales = scales_.data();
    p.blocks.row_stride = groups_of<P>(k_);
    if constexpr (has_offsets) p.blocks.offsets = offsets_.data();
    if constexpr (has_sums) p.sums = sums_.data();
  }

  void expect_written_once() const {
    codes_.expect_written_once();
    scales_.expect_written_once();
    if constexpr (has_offsets) offsets_.expect_written_once();
    if constexpr (has_sums) sums_.expect_written_once();
  }

  quantized_rows<P, Form> download() const {
    quantized_rows<P, Form> out;
    out.codes = codes_.download();
    out.scales = scales_.download();
    if constexpr (has_offsets) out.offsets = offsets_.download();
    out.sums = has_sums ? sums_.download() : std::vector<std::int32_t>(out.scales.size());
    return out;
  }

 private:
  device_array<std::byte> codes_;
  device_array<typename table::scale> scales_;
  device_array<typename table::offset> offsets_;
  device_array<std::int32_t> sums_;
  std::int64_t row_bytes_;
  std::int64_t m_;
  std::int64_t k_;
};

}  // namespace qtl_test
