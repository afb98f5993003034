// SPDX-License-Identifier: Apache-2.0
// tests/gemm/reference_test.cpp - the reference against products written anew from the numeric
// specification (docs/ numerics.md): from the codes and parameters of the tensors, in 64-bit
// integers and in double, never through the waist.
#include "qtl/gemm/reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/core.hpp"
#include "qtl/nn/qlinear.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;

// The activations as tensors of their own: what prepare_activations must equal for tokens that are
// finite.
template<QuantPolicy A>
QTensor<A> activation_tensor(const matrix<float>& x, const qparams<A>& fixed) {
  if constexpr (!A::is_dynamic && !is_unscaled<typename A::scheme>)
    return quantize_with<A>(x, fixed);
  else
    return quantize<A>(x);
}

template<QuantPolicy P>
std::int64_t difference(const QTensor<P>& q, std::int64_t i, std::int64_t p) {
  return std::int64_t{q.code(i, p)} - q.zero_point_at(i, p);
}

// Sum over [first, last) of (code_x - zero_x)(code_w - zero_w), in 64 bits.
template<QuantPolicy W, QuantPolicy A>
std::int64_t dot(const QTensor<W>& w, const QTensor<A>& x, std::int64_t i, std::int64_t j,
                 std::int64_t first, std::int64_t last) {
  std::int64_t sum = 0;
  for (std::int64_t p = first; p < last; ++p) sum += difference(x, i, p) * difference(w, j, p);
  return sum;
}

// y = fma(float(sum), scale_x * scale_w, bias)
template<QuantPolicy W, QuantPolicy A>
float whole_row(const QTensor<W>& w, const QTensor<A>& x, std::int64_t i, std::int64_t j,
                float bias) {
  const std::int64_t k = w.cols();
  if (k == 0) return bias;
  return std::fma(static_cast<float>(dot(w, x, i, j, 0, k)), x.scale_at(i, 0) * w.scale_at(j, 0),
                  bias);
}

// sum = fma(float(part), scales that change along k, sum) by segments, then fma(sum, scales that do
// not, bias).
template<QuantPolicy W, QuantPolicy A>
float by_segments(const QTensor<W>& w, const QTensor<A>& x, std::int64_t i, std::int64_t j,
                  float bias, std::int64_t segment) {
  constexpr bool w_changes = W::granularity::block_cols != 0;
  constexpr bool x_changes = A::granularity::block_cols != 0;
  const std::int64_t k = w.cols();
  if (k == 0) return bias;
  float sum = 0.0f;
  for (std::int64_t first = 0; first < k; first += segment) {
    const std::int64_t last = std::min(k, first + segment);
    const float scales =
        (x_changes ? x.scale_at(i, first) : 1.0f) * (w_changes ? w.scale_at(j, first) : 1.0f);
    sum = std::fma(static_cast<float>(dot(w, x, i, j, first, last)), scales, sum);
  }
  return std::fma(
      sum, (x_changes ? 1.0f : x.scale_at(i, 0)) * (w_changes ? 1.0f : w.scale_at(j, 0)), bias);
}

// The product of the dequantized operands in double, rounded once.
template<QuantPolicy W, QuantPolicy A>
float of_reals(const matrix<float>& w, const matrix<float>& x, std::int64_t i, std::int64_t j,
               float bias) {
  double sum = 0.0;
  for (std::int64_t p = 0; p < w.cols(); ++p) sum += double{x(i, p)} * double{w(j, p)};
  return static_cast<float>(sum + double{bias});
}

// `segment`: 0 for scales that are constant along k, -1 for reals.
template<QuantPolicy W, QuantPolicy A>
void check_pair(std::int64_t segment, accumulation expected_kind) {
  for (const std::int64_t k : {0, 1, 31, 33, 129, 200}) {
    CAPTURE(k);
    const std::int64_t m = 3;
    const std::int64_t n = 7;
    const matrix<float> weights = qtl_test::noise_matrix(n, k, 31);
    const matrix<float> tokens = qtl_test::noise_matrix(m, k, 32);
    const std::vector<float> bias = qtl_test::noise_vector(n, 33);
    const qparams<A> fixed =
        choose_qparams<A>({-0.7f, 0.9f});  // narrower than the tokens: some clamp
    const QTensor<W> w = quantize<W>(weights);
    const QTensor<A> x = activation_tensor<A>(tokens, fixed);
    const auto layer = QLinear<W, A, reference_backend>::make(w, bias, fixed);
    REQUIRE(layer.ok());
    REQUIRE(layer->key().accumulator == expected_kind);
    const matrix<float> y = (*layer)(tokens);
    const matrix<float> w_reals = dequantize(w);
    const matrix<float> x_reals = dequantize(x);
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        const float b = bias[static_cast<std::size_t>(j)];
        float expected = 0.0f;
        if constexpr (is_integer_format<typename W::format> &&
                      is_integer_format<typename A::format>)
          expected = segment < 0    ? of_reals<W, A>(w_reals, x_reals, i, j, b)
                     : segment == 0 ? whole_row(w, x, i, j, b)
                                    : by_segments(w, x, i, j, b, segment);
        else
          expected = of_reals<W, A>(w_reals, x_reals, i, j, b);
        CHECK(float_bits(y(i, j)) == float_bits(expected));
      }
  }
}

TEST_CASE("constant scales: one integer sum, one fma") {
  check_pair<w8a8::weight, w8a8::activation>(0, accumulation::s32);
  check_pair<w8a8_affine::weight, w8a8_affine::activation>(0, accumulation::s32);
  check_pair<w8a8_static::weight, w8a8_static::activation>(0, accumulation::s32);
  check_pair<policy<s8, affine, per_tensor>, policy<s8, affine, per_tensor>>(0, accumulation::s32);
  check_pair<policy<s8, symmetric_full_range, per_channel>,
             policy<s8, symmetric, per_tensor, dynamic>>(0, accumulation::s32);
}

TEST_CASE("groups: an fma for each segment, ascending, then one for what is constant") {
  check_pair<w4a8::weight, w4a8::activation>(128, accumulation::s32_grouped);
  check_pair<policy<s4, symmetric, per_group<32>>, policy<s8, symmetric, per_group<128>, dynamic>>(
      32, accumulation::s32_grouped);
  check_pair<policy<u8, affine, per_group<64>>, policy<u8, affine, per_group<32>, dynamic>>(
      32, accumulation::s32_grouped);
  check_pair<policy<s8, symmetric, per_block<2, 32>>, token_s8>(32, accumulation::s32_grouped);
}

TEST_CASE("everything else: the product of the reals in double") {
  check_pair<w4a16_shift::weight, a16>(-1, accumulation::real);
  check_pair<fp8_block::weight, fp8_block::activation>(-1, accumulation::real);
  check_pair<mxfp4::weight, mxfp4::activation>(-1, accumulation::real);
  check_pair<nvfp4::weight, a32>(-1, accumulation::real);
  check_pair<policy<u8, affine_as_is, per_channel>, token_s8>(-1, accumulation::real);
  check_pair<policy<s4, symmetric, per_group<48>>, policy<s8, symmetric, per_group<32>, dynamic>>(
      -1, accumulation::real);
}

TEST_CASE(
    "the order of the last step: a product of scales first, then one rounding with the bias") {
  // sum 3, scales 1 + 2^-12 and 1 + 2^-12: rounding 3 * s first, or the sum with the bias twice,
  // gives other bits.
  using P = policy<s8, symmetric, per_tensor>;
  constexpr float s = 1.0f + 0x1p-12f;
  const auto w = quantize_with<P>(qtl_test::matrix_of({{3.0f}}), {s, {}});
  const std::vector<float> bias = {-3.0f};
  const auto layer = QLinear<P, P, reference_backend>::make(w, bias, {s, {}});
  const float y = (*layer)(qtl_test::matrix_of({{1.0f}}))(0, 0);
  CHECK(y == std::fma(3.0f, s * s, -3.0f));
  CHECK(y != 3.0f * s * s - 3.0f);
}

}  // namespace
