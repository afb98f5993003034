// SPDX-License-Identifier: Apache-2.0
// tests/nn/input_order_test.cpp - a layer whose weight has its columns in an order of their own
// gives what the same layer gives for inputs that were permuted by hand, in every bit.
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/backend/cpu/eigen_gemm.hpp"
#include "qtl/cpu.hpp"
#include "qtl/methods/gptq.hpp"

#include "nn/plain_device.hpp"
#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::noise_vector;
using qtl_test::same_matrix;

using order = std::vector<std::int64_t>;

order some_order(std::int64_t k) {
  order columns(static_cast<std::size_t>(k));
  std::iota(columns.begin(), columns.end(), std::int64_t{0});
  for (std::size_t i = columns.size(); i > 1; --i)
    std::swap(columns[i - 1], columns[counter_random(5, i) % i]);
  return columns;
}

matrix<float> permuted(const matrix<float>& x, const order& columns) {
  matrix<float> y = *matrix<float>::make(x.rows(), x.cols());
  for (std::int64_t i = 0; i < x.rows(); ++i)
    for (std::int64_t p = 0; p < x.cols(); ++p)
      y(i, p) = x(i, columns[static_cast<std::size_t>(p)]);
  return y;
}

template<class Pair, class B>
QLinear<typename Pair::weight, typename Pair::activation, B> layer_of(std::int64_t n,
                                                                      std::int64_t k) {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  return *QLinear<W, A, B>::make(quantize<W>(noise_matrix(n, k, 1)), noise_vector(n, 2),
                                 choose_qparams<A>({-2.0f, 2.5f}));
}

template<class Pair, class B>
void check(std::int64_t m, std::int64_t n, std::int64_t k) {
  CAPTURE(Pair::name.c_str());
  CAPTURE(m);
  CAPTURE(k);
  auto layer = layer_of<Pair, B>(n, k);
  matrix<float> x = noise_matrix(m, k, 3);
  if (m > 2) x(2, k / 2) = quiet_nan;
  const order columns = some_order(k);
  const matrix<float> as_they_are = layer(x);
  const matrix<float> expected = layer(permuted(x, columns));
  const std::int64_t before = layer.workspace_size(m);
  REQUIRE(layer.set_input_order(columns).ok());
  CHECK(layer.workspace_size(m) >= before);
  CHECK(same_matrix(layer(x).view(), expected.view()));
  REQUIRE(layer.set_input_order({}).ok());
  CHECK(layer.workspace_size(m) == before);
  CHECK(same_matrix(layer(x).view(), as_they_are.view()));
}

using a32_pair = policy_pair<"a32", policy<s8, symmetric, per_channel>, policy<f32, unscaled>>;

TEST_CASE_TEMPLATE("columns in an order on the CPU", Pair, w8a8, w8a8_static, w8a8_affine, w4a8,
                   w4a16, w4a16_affine, nf4_a16, fp8_block, mxfp4, a32_pair) {
  check<Pair, cpu_backend>(5, 17, 300);
  check<Pair, cpu_backend>(1, 3, 1);
  check<Pair, eigen_backend>(3, 9, 129);
  check<Pair, reference_backend>(3, 9, 129);
}

TEST_CASE_TEMPLATE("columns in an order on a device", Pair, w8a8, w8a8_static, w4a8, w4a16, fp8) {
  using device = qtl_test::plain_device<true, token_s8, w8a8_static::activation, a16, token_e4m3>;
  check<Pair, device>(5, 7, 133);
  check<Pair, device>(1, 2, 64);
}

/// Says that it has three threads and uses one, from the last index to the first.
struct three_in_turn {
  static int threads() { return 3; }
  static void parallel_for(std::int64_t n, auto&& f) {
    for (std::int64_t i = n; i > 0; --i) f(i - 1);
  }
};

TEST_CASE("threads change nothing") {
  auto layer = layer_of<w8a8, cpu_backend>(9, 200);
  REQUIRE(layer.set_input_order(some_order(200)).ok());
  const matrix<float> x = noise_matrix(7, 200, 3);
  three_in_turn threads;
  CHECK(same_matrix(layer.try_apply(x, threads)->view(), layer(x).view()));
}

TEST_CASE("GPTQ's act-order through a layer is the method's own product") {
  using W = policy<s4, symmetric, per_group<32>>;
  const matrix<float> weight = noise_matrix(8, 96, 1);
  matrix<float> inputs = noise_matrix(200, 96, 2);
  for (std::int64_t i = 0; i < inputs.rows(); ++i)
    for (std::int64_t j = 0; j < inputs.cols(); ++j)
      inputs(i, j) *= static_cast<float>(1 + j * 7 % 13);
  auto made =
      gptq{.act_order = true, .compare_with_rtn = false}.apply<W>({weight.view(), inputs.view()});
  REQUIRE(made.ok());
  REQUIRE(made->input_order.size() == 96);
  auto layer = QLinear<W, policy<f32, unscaled>>{made->weight};
  const matrix<float> expected = layer(permuted(inputs, made->input_order));
  REQUIRE(layer.set_input_order(made->input_order).ok());
  CHECK(order(layer.input_order().begin(), layer.input_order().end()) == made->input_order);
  CHECK(same_matrix(layer(inputs).view(), expected.view()));
}

template<class B>
void check_refusals() {
  auto layer = layer_of<w8a8, B>(3, 4);
  const matrix<float> x = noise_matrix(2, 4, 3);
  const matrix<float> before = layer(x);
  const auto refused = [&](const order& columns, error_code code, const char* sentence) {
    const status s = layer.set_input_order(columns);
    CHECK(s.code == code);
    CHECK(std::string(s.operand) == "order");
    CHECK(std::string(s.message.c_str()) == sentence);
  };
  refused({0, 1, 2}, error_code::shape_mismatch, "order: number of columns is 3, expected 4");
  refused({0, 1, 4, 2}, error_code::invalid_argument,
          "order: entry 2 is 4, expected each of 4 columns once");
  refused({0, -1, 3, 2}, error_code::invalid_argument,
          "order: entry 1 is -1, expected each of 4 columns once");
  refused({3, 1, 0, 1}, error_code::invalid_argument,
          "order: entry 3 is 1, as entry 1 is already, expected each of 4 columns once");
  CHECK(same_matrix(layer(x).view(), before.view()));
}

TEST_CASE("what is no order of the columns is refused, and nothing changes") {
  check_refusals<cpu_backend>();
  check_refusals<qtl_test::plain_device<true, token_s8>>();
}

}  // namespace
