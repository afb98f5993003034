// SPDX-License-Identifier: Apache-2.0
// tests/gemm/accumulator_emulation_test.cpp - limited accumulators against sums by hand and against
// the reference.
#include "qtl/gemm/accumulator_emulation.hpp"

#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include "qtl/nn/qlinear.hpp"
#include "qtl/policy/presets.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::noise_vector;
using qtl_test::same_matrix;

constexpr limited_accumulator eight_drop_three{.chunk = 4, .max_bits = 8, .drop_bits = 3};

// ((acc + 4) >> 3) << 3 after a clamp to -128..127
static_assert(eight_drop_three.narrow(0) == 0);
static_assert(eight_drop_three.narrow(3) == 0);
static_assert(eight_drop_three.narrow(4) == 8);   // a tie goes up
static_assert(eight_drop_three.narrow(-4) == 0);  // also below zero
static_assert(eight_drop_three.narrow(-5) == -8);
static_assert(eight_drop_three.narrow(-12) == -8);
static_assert(eight_drop_three.narrow(1000) == 128);  // 127 rounds up past the clamp
static_assert(eight_drop_three.narrow(-1000) == -128);
static_assert(limited_accumulator{.max_bits = 8}.narrow(1000) == 127);

// Codes are the values: per-tensor s8 with scale 1 comes from an amax of 127.
template<class Backend>
float product(const matrix<float>& x, const matrix<float>& w) {
  using P = policy<s8, symmetric, per_tensor>;
  const auto layer = QLinear<P, P, Backend>::make(quantize_with<P>(w, {1.0f, {}}), {}, {1.0f, {}});
  REQUIRE(layer.ok());
  CHECK(std::string_view(layer->kernel_name()) == "emulated_accumulator");
  return value_or_throw(layer->try_apply(x))(0, 0);
}

TEST_CASE("chunks by hand") {
  // chunks of 4: 10*9 + 20*1 + 30*1 + 1*5 = 145; -7*10 - 3*20 + 2 + 1 = -127; 5*5 + 6 = 31
  const matrix<float> x = qtl_test::matrix_of({{10, 20, 30, 1, -7, -3, 2, 1, 5, 6}});
  const matrix<float> w = qtl_test::matrix_of({{9, 1, 1, 5, 10, 20, 1, 1, 5, 1}});
  CHECK(product<emulated_accumulator_backend<4>>(x, w) == 145.0f - 127.0f + 31.0f);
  // clamp alone: 127 - 127 + 31
  CHECK(product<emulated_accumulator_backend<4, 8>>(x, w) == 31.0f);
  // drop 3: 145 -> 144, -127 -> -128, 31 -> 32
  CHECK(product<emulated_accumulator_backend<4, 32, 3>>(x, w) == 144.0f - 128.0f + 32.0f);
  // both: 127 -> 128, -127 -> -128, 32
  CHECK(product<emulated_accumulator_backend<4, 8, 3>>(x, w) == 32.0f);
  // the running accumulator: 145 -> 127; 127 - 127 = 0; 31
  CHECK(product<emulated_accumulator_backend<4, 8, 0, chunk_order::add_then_narrow>>(x, w) ==
        31.0f);
  // 145 -> 127 -> 128; 128 - 127 = 1 -> 0; 31 -> 32
  CHECK(product<emulated_accumulator_backend<4, 8, 3, chunk_order::add_then_narrow>>(x, w) ==
        32.0f);
  // one chunk holds all: 49 -> 48
  CHECK(product<emulated_accumulator_backend<64, 8, 3>>(x, w) == 48.0f);
  // a column at a time: 90 20 30 5 -70 -60 2 1 25 6, each to a multiple of 8
  CHECK(product<emulated_accumulator_backend<1, 32, 3>>(x, w) ==
        88.0f + 24 + 32 + 8 - 72 - 56 + 0 + 0 + 24 + 8);
}

template<class Pair, class Backend>
void check_equals_reference() {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  const matrix<float> w = noise_matrix(17, 300, 1);
  const matrix<float> x = noise_matrix(5, 300, 2);
  const std::vector<float> bias = noise_vector(17, 3);
  const qparams<A> params = choose_qparams<A>(scan_range(x.view()).range());
  const auto emulated = QLinear<W, A, Backend>::make(quantize<W>(w), bias, params);
  const auto expected = QLinear<W, A, reference_backend>::make(quantize<W>(w), bias, params);
  REQUIRE(emulated.ok());
  CHECK(same_matrix(value_or_throw(emulated->try_apply(x)).view(),
                    value_or_throw(expected->try_apply(x)).view()));
}

TEST_CASE("wide enough, it is the reference bit for bit") {
  check_equals_reference<w8a8, emulated_accumulator_backend<>>();
  check_equals_reference<w8a8, emulated_accumulator_backend<7, 24>>();
  check_equals_reference<w8a8,
                         emulated_accumulator_backend<7, 32, 0, chunk_order::add_then_narrow>>();
  check_equals_reference<w8a8_static, emulated_accumulator_backend<>>();
  check_equals_reference<w8a8_affine, emulated_accumulator_backend<64>>();
  check_equals_reference<w4a8, emulated_accumulator_backend<50>>();
  check_equals_reference<w4a4, emulated_accumulator_backend<512>>();
}

TEST_CASE("a narrow accumulator costs accuracy, and products of floats are refused") {
  using W = w8a8::weight;
  using A = w8a8::activation;
  const matrix<float> w = noise_matrix(8, 256, 4);
  const matrix<float> x = noise_matrix(4, 256, 5);
  const matrix<float> exact = QLinear<W, A, reference_backend>(quantize<W>(w))(x);
  const matrix<float> narrow =
      QLinear<W, A, emulated_accumulator_backend<32, 12>>(quantize<W>(w))(x);
  CHECK_FALSE(same_matrix(exact.view(), narrow.view()));

  const auto refused =
      QLinear<w4a16::weight, a16, emulated_accumulator_backend<>>::make(quantize<w4a16::weight>(w));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.why().code == error_code::unsupported);
}

TEST_CASE("no columns give the bias") {
  using W = w8a8::weight;
  const std::vector<float> bias{1.5f, -2.0f};
  const auto layer = QLinear<W, w8a8::activation, emulated_accumulator_backend<>>::make(
      *QTensor<W>::make(2, 0), bias, {});
  REQUIRE(layer.ok());
  const matrix<float> y = value_or_throw(layer->try_apply(*matrix<float>::make(1, 0)));
  CHECK(y(0, 0) == 1.5f);
  CHECK(y(0, 1) == -2.0f);
}

}  // namespace
