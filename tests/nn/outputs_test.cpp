// SPDX-License-Identifier: Apache-2.0
// tests/nn/outputs_test.cpp - outputs other than f32 are the f32 result rounded once; long k; codes
// at the ends of 8 bits.
#include <cstdint>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/cpu.hpp"

#include "nn/checked_backend.hpp"
#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::check_report;
using qtl_test::noise_matrix;

std::vector<std::byte> workspace_for(const auto& layer, std::int64_t m) {
  return std::vector<std::byte>(static_cast<std::size_t>(layer.workspace_size(m)));
}

template<class F, class Layer>
void check_half(const Layer& layer, const matrix<float>& x) {
  const matrix<float> y = layer(x);
  auto workspace = workspace_for(layer, x.rows());
  std::vector<std::uint16_t> bits(static_cast<std::size_t>(x.rows() * y.cols() * 2), 0xBEEF);
  const matrix_view<std::uint16_t> out(bits.data(), x.rows(), y.cols(), 2 * y.cols(), 2);
  REQUIRE(layer.template run<F>(x.view(), out, {workspace, {}, nullptr}).ok());
  for (std::int64_t i = 0; i < y.rows(); ++i)
    for (std::int64_t j = 0; j < y.cols(); ++j) {
      CHECK(out(i, j) == F::encode(y(i, j)));
      CHECK(bits[static_cast<std::size_t>(i * 2 * y.cols() + 2 * j + 1)] == 0xBEEF);
    }
}

template<QuantPolicy P, class Layer>
void check_codes(const Layer& layer, const matrix<float>& x, const qparams<P>& p) {
  using code = code_type<typename P::format>;
  const matrix<float> y = layer(x);
  auto workspace = workspace_for(layer, x.rows());
  std::vector<code> codes(static_cast<std::size_t>(x.rows() * y.cols()) + 1, code(77));
  const matrix_view<code> out(codes.data(), x.rows(), y.cols());
  REQUIRE(layer.template run<P>(x.view(), out, p, {workspace, {}, nullptr}).ok());
  for (std::int64_t i = 0; i < y.rows(); ++i)
    for (std::int64_t j = 0; j < y.cols(); ++j)
      CHECK(out(i, j) == encode_element<P>(y(i, j), p, element_rounding<P>(i, j)));
  CHECK(codes.back() == code(77));
}

TEST_CASE_TEMPLATE("an epilogue is applied to the f32 result, once, before the rounding", Pair,
                   w8a8, w4a8, w4a16, w2a16, mxfp4) {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  QLinear<W, A> layer{quantize<W>(noise_matrix(70, 150, 2)), qtl_test::noise_vector(70, 1)};
  const matrix<float> x = noise_matrix(9, 150, 3);
  const matrix<float> plain = layer(x);
  CHECK(layer.epilogue() == activation_function::none);
  for (const auto f : {activation_function::relu, activation_function::gelu,
                       activation_function::gelu_tanh, activation_function::silu}) {
    layer.set_epilogue(f);
    const matrix<float> y = layer(x);
    for (std::int64_t e = 0; e < 9 * 70; ++e)
      CHECK(float_bits(y.data()[e]) == float_bits(activate(f, plain.data()[e])));
    check_half<bf16>(layer, x);
    check_codes<policy<u8, affine, per_tensor>>(layer, x, {0.25f, 100});
  }
}

TEST_CASE_TEMPLATE("f16, bf16 and requantized outputs", Pair, w8a8, w4a8, w4a16, fp8) {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  const std::vector<float> bias = qtl_test::noise_vector(37, 1);
  const QLinear<W, A> layer{quantize<W>(noise_matrix(37, 150, 2)), bias};
  matrix<float> x = noise_matrix(5, 150, 3);
  check_half<f16>(layer, x);
  check_half<bf16>(layer, x);

  using plain = policy<s8, symmetric, per_tensor>;
  using zero_pointed = policy<u8, affine, per_tensor>;
  using truncating = policy<s8, symmetric_full_clamp, per_tensor, round_toward_zero>;
  using drawn = policy<s8, symmetric, per_tensor, round_stochastic<5>>;
  using far = policy<u8, affine_as_is, per_tensor>;
  using moved = policy<u8, affine_float_shift, per_tensor>;
  using eight_bits = policy<e4m3, symmetric, per_tensor>;
  check_codes<plain>(layer, x, {0.25f, {}});
  check_codes<zero_pointed>(layer, x, {0.25f, 100});
  check_codes<truncating>(layer, x, {0.25f, {}});
  check_codes<drawn>(layer, x, {0.25f, {}});
  check_codes<far>(layer, x, {0.0625f, -300});
  check_codes<moved>(layer, x, {0.125f, 9.5f});
  check_codes<eight_bits>(layer, x, {0.01f, {}});

  x(2, 7) = quiet_nan;  // NaN stays NaN in floats and is the code of NaN in codes
  check_half<f16>(layer, x);
  check_codes<plain>(layer, x, {0.25f, {}});
  check_codes<eight_bits>(layer, x, {0.01f, {}});
}

TEST_CASE("an output beyond f16 is Inf") {
  using P = policy<s8, symmetric, per_channel>;
  const QLinear<P, token_s8> layer{quantize<P>(qtl_test::matrix_of({{300, 300}}))};
  check_half<f16>(layer, qtl_test::matrix_of({{300, 300}}));
}

TEST_CASE("a requantized output refuses parameters without a step") {
  using P = policy<s8, symmetric, per_tensor>;
  const QLinear<w8a8::weight, token_s8> layer{quantize<w8a8::weight>(noise_matrix(2, 3, 1))};
  auto workspace = workspace_for(layer, 1);
  std::vector<std::int8_t> codes(2, 77);
  for (const float bad : {0.0f, infinity, quiet_nan}) {
    const status s =
        layer.run<P>(noise_matrix(1, 3, 2).view(), matrix_view<std::int8_t>(codes.data(), 1, 2),
                     {bad, {}}, {workspace, {}, nullptr});
    CHECK(s.code == error_code::invalid_argument);
  }
  CHECK(codes == std::vector<std::int8_t>(2, 77));
}

// A weight whose codes are all `raw` and whose scales are 2^-20: no scheme chooses the lowest code
// for all elements.
template<QuantPolicy W>
QTensor<W> constant_codes(std::int64_t n, std::int64_t k, int raw) {
  QTensor<W> q = *QTensor<W>::make(n, k);
  const QTensorSpan<W> to = q.span();
  std::memset(to.codes, raw, static_cast<std::size_t>(q.layout().code_bytes));
  for (std::int64_t b = 0; b < q.layout().grid.size(); ++b) store_unaligned(to.scales, b, 0x1p-20f);
  return q;
}

TEST_CASE("-128 times -128: 32 bits hold 131071 of them, 64 bits take over at 131072") {
  using W = policy<s8, symmetric_full_clamp, per_channel>;
  using A = policy<s8, symmetric_half_step, per_token, dynamic>;
  for (const std::int64_t k : {131071, 131072, 131073}) {
    CAPTURE(k);
    const auto layer = value_or_throw(
        QLinear<W, A, qtl_test::checked_backend>::make(constant_codes<W>(2, k, 0x80)));
    CHECK(layer.key().accumulator == (k <= 131071 ? accumulation::s32 : accumulation::s64));
    const matrix<float> x =
        qtl_test::matrix_from(2, k, [](std::int64_t, std::int64_t) { return -127.5f; });
    check_report::reset();
    const matrix<float> y = layer(x);
    CHECK(check_report::last().wrong == 0);
    CHECK(check_report::last().compared == 4);
    const long double exact =
        static_cast<long double>(k) * 16384;  // 64 bits of mantissa or 113: no rounding
    CHECK(y(1, 1) == static_cast<float>(exact) * 0x1p-20f);
  }
}

TEST_CASE("255 times 255: 32 bits hold 33025 of them") {
  using W = policy<u8, affine, per_tensor>;
  using A = policy<u8, affine, per_token, dynamic>;
  for (const std::int64_t k : {33025, 33026}) {
    const auto layer = value_or_throw(
        QLinear<W, A, qtl_test::checked_backend>::make(constant_codes<W>(1, k, 0xFF)));
    CHECK(layer.key().accumulator == (k == 33025 ? accumulation::s32 : accumulation::s64));
    const matrix<float> x =
        qtl_test::matrix_from(1, k, [](std::int64_t, std::int64_t) { return 255.0f; });
    check_report::reset();
    const matrix<float> y = layer(x);
    CHECK(check_report::last().wrong == 0);
    CHECK(double{y(0, 0)} == double{static_cast<float>(k * 65025)} * 0x1p-20);
  }
}

TEST_CASE("zero points at both ends: differences of -255") {
  using W = policy<u8, affine, per_channel>;
  using A = policy<u8, affine, per_tensor>;
  const matrix<float> low =
      qtl_test::matrix_from(3, 700, [](std::int64_t, std::int64_t) { return -1.0f; });
  const auto layer = value_or_throw(QLinear<W, A, qtl_test::checked_backend>::make(
      quantize<W>(low), {}, choose_qparams<A>({-1, 0})));
  CHECK(layer.weight().params_at(0, 0).zero_point() == 255);
  check_report::reset();
  CHECK(layer(low)(0, 0) == doctest::Approx(700));
  CHECK(check_report::last().wrong == 0);
}

}  // namespace
