// SPDX-License-Identifier: Apache-2.0
// tests/nn/qlinear_test.cpp - the class itself: construction, plans, errors that name what is
// wrong, Eigen in and out.
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include "qtl/backend/cpu/eigen_gemm.hpp"
#include "qtl/cpu.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using integer_layer = QLinear<w8a8::weight, w8a8::activation>;
using real_layer = QLinear<w4a16::weight, w4a16::activation>;
using static_layer = QLinear<w8a8_static::weight, w8a8_static::activation>;

template<class Layer>
Layer make(std::int64_t n, std::int64_t k) {
  return Layer{quantize<typename Layer::weight_policy>(noise_matrix(n, k, 1))};
}

TEST_CASE("plan names the kernel and the workspace") {
  const auto layer = make<integer_layer>(100, 64);
  const linear_plan p = *layer.plan(7);
  CHECK(p.kernel == find_kernel<cpu_backend>(layer.key()));
  CHECK(p.kernel_name() == layer.kernel_name());
  CHECK(p.m == 7);
  CHECK(p.workspace_size == layer.workspace_size(7));
  CHECK(layer.plan(7, strictness::strict).ok());
  using eigen_layer = QLinear<w8a8::weight, w8a8::activation, eigen_backend>;
  const auto tiled = make<eigen_layer>(100, 64);
  CHECK(std::string(tiled.kernel_name()) == "eigen_integer");
  CHECK(tiled.workspace_size(7, 2) > tiled.workspace_size(7, 1));
  CHECK(tiled.workspace_size(7, 1000) == tiled.workspace_size(7, 2));  // 100 columns: two tiles
  CHECK(layer.workspace_size(0) > 0);
}

TEST_CASE("strict refuses a fallback by name") {
  const auto layer = make<QLinear<w4a16::weight, w4a16::activation, eigen_backend>>(5, 64);
  const status s = layer.plan(1, strictness::strict).why();
  CHECK(s.code == error_code::fallback_refused);
  CHECK(
      s.message ==
      "strict: only the fallback kernel eigen_dequantize runs weights s4 symmetric per_group<128>, f16 scales | activations f16 unscaled");
  CHECK(layer.plan(1).ok());
  const QLinear<w8a8::weight, w8a8::activation, reference_backend> reference{
      quantize<w8a8::weight>(noise_matrix(2, 3, 1))};
  CHECK(
      reference.plan(1, strictness::strict).why().message ==
      "strict: only the fallback kernel reference runs weights s8 symmetric per_channel | activations s8 symmetric per_token, dynamic");
}

TEST_CASE("numbers of tokens that are negative or overflow") {
  const auto layer = make<integer_layer>(5, 64);
  for (const std::int64_t m : {std::int64_t{-1}, INT64_MIN, INT64_MAX, INT64_MAX / 64 + 1}) {
    const status s = layer.plan(m).why();
    CHECK(s.code == error_code::overflow);
    CHECK(std::string(s.operand) == "m");
    CHECK(s.actual == m);
    CHECK(layer.workspace_size(m) == 0);
  }
  const auto empty = make<integer_layer>(0, 0);
  CHECK(empty.plan(1000).ok());
  CHECK_FALSE(empty.plan(INT64_MAX).ok());  // one scale per token all the same
  const status s = layer.run({nullptr, -1, 64}, {nullptr, -1, 5}, {});
  CHECK_FALSE(s.ok());
}

// run() with wrong operands: the status, and that neither y nor the workspace was written.
template<class Layer>
status run_badly(const Layer& layer, std::array<std::int64_t, 2> x, std::array<std::int64_t, 2> y,
                 std::int64_t missing_bytes = 0) {
  const matrix<float> source = noise_matrix(x[0], x[1], 2);
  matrix<float> target =
      qtl_test::matrix_from(y[0], y[1], [](std::int64_t, std::int64_t) { return -7.0f; });
  std::vector<std::byte> workspace(
      static_cast<std::size_t>(layer.workspace_size(x[0]) - missing_bytes), std::byte{0xA5});
  const status s = layer.run(source.view(), target.view(), {workspace, {}, nullptr});
  for (std::int64_t e = 0; e < y[0] * y[1]; ++e) CHECK(target.data()[e] == -7.0f);
  for (const std::byte b : workspace) REQUIRE(b == std::byte{0xA5});
  return s;
}

TEST_CASE_TEMPLATE("errors of run name the operand, and nothing is written", Layer, integer_layer,
                   real_layer) {
  const auto layer = make<Layer>(5, 64);
  CHECK(run_badly(layer, {3, 63}, {3, 5}).message == "x: number of columns is 63, expected 64");
  CHECK(run_badly(layer, {3, 64}, {4, 5}).message == "y: number of rows is 4, expected 3");
  CHECK(run_badly(layer, {3, 64}, {3, 6}).message == "y: number of columns is 6, expected 5");
  const status small = run_badly(layer, {3, 64}, {3, 5}, 1);
  CHECK(small.code == error_code::workspace_too_small);
  CHECK(small.expected == layer.workspace_size(3));
  CHECK(small.actual == layer.workspace_size(3) - 1);
  CHECK(layer.run(noise_matrix(3, 64, 1).view(), noise_matrix(3, 5, 1).view(), {}).code ==
        error_code::workspace_too_small);
}

TEST_CASE("errors of construction") {
  const auto q = quantize<w8a8::weight>(noise_matrix(5, 64, 1));
  const std::vector<float> four(4);
  const status s = integer_layer::make(q, four).why();
  CHECK(s.code == error_code::shape_mismatch);
  CHECK(s.message == "bias: number of values is 4, expected 5");
  CHECK_THROWS_AS((integer_layer{q, four}), error);

  const auto w = quantize<w8a8_static::weight>(noise_matrix(5, 64, 1));
  for (const float bad : {0.0f, -0.0f, infinity, quiet_nan}) {
    const status refused = static_layer::make(w, {}, {bad, 0}).why();
    CHECK(refused.code == error_code::invalid_argument);
    CHECK(std::string(refused.operand) == "activation");
  }
  CHECK(static_layer::make(w, {}, {0.1f, 0}).ok());
}

TEST_CASE("a layer over memory of the caller, at an odd address") {
  const auto q = quantize<w4a16_affine::weight>(noise_matrix(6, 130, 3));
  const tensor_layout& l = q.layout();
  const auto odd_copy = [](const std::byte* from, std::int64_t size) {
    std::vector<std::byte> copy(static_cast<std::size_t>(size) + 1);
    std::memcpy(copy.data() + 1, from, static_cast<std::size_t>(size));
    return copy;
  };
  const auto codes = odd_copy(q.view().codes, l.code_bytes);
  const auto scales = odd_copy(q.view().scales, l.scale_bytes);
  const auto offsets = odd_copy(q.view().offsets, l.offset_bytes);
  const auto behind = [](const std::vector<std::byte>& v) {
    return std::span<const std::byte>(v).subspan(1);
  };
  const auto view = make_qtensor_view<w4a16_affine::weight>(6, 130, behind(codes), behind(scales),
                                                            behind(offsets));
  REQUIRE(view.ok());
  const auto layer = QLinear<w4a16_affine::weight, a16>::make_view(*view);
  REQUIRE(layer.ok());
  const matrix<float> x = noise_matrix(3, 130, 4);
  const QLinear<w4a16_affine::weight, a16> owner{q};
  CHECK(qtl_test::same_matrix((*layer)(x).view(), owner(x).view()));
}

TEST_CASE("moving a layer keeps it whole") {
  auto first = make<integer_layer>(5, 64);
  const matrix<float> x = noise_matrix(3, 64, 4);
  const matrix<float> expected = first(x);
  auto second = std::move(first);
  CHECK(qtl_test::same_matrix(second(x).view(), expected.view()));
  auto third = make<integer_layer>(2, 8);
  third = std::move(second);
  CHECK(qtl_test::same_matrix(third(x).view(), expected.view()));
  CHECK(third.out_features() == 5);
}

TEST_CASE("Eigen in, Eigen out") {
  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(5, 40);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(3, 40);
  const Eigen::VectorXf bias = Eigen::VectorXf::Random(5);
  const integer_layer layer{quantize<w8a8::weight>(w), bias};
  const Eigen::MatrixXf y = layer(x);
  const Eigen::MatrixXf exact = (x * w.transpose()).rowwise() + bias.transpose();
  CHECK(y.rows() == 3);
  CHECK(y.cols() == 5);
  CHECK((y - exact).cwiseAbs().maxCoeff() < 0.1f);
  // Rows, blocks and maps give the same bits.
  const Eigen::Matrix<float, -1, -1, Eigen::RowMajor> rows = x;
  CHECK((layer(rows) - y).cwiseAbs().maxCoeff() == 0.0f);
  const matrix<float> block = layer(as_view(x.block(0, 0, 3, 40)));
  CHECK(block(2, 4) == y(2, 4));
  CHECK_THROWS_AS(layer(Eigen::MatrixXf(3, 41)), error);
}

TEST_CASE("static activations clamp what their range does not hold, dynamic ones never clamp") {
  const auto q = quantize<w8a8_static::weight>(qtl_test::matrix_of({{1, 0}}));
  const static_layer layer{q, std::vector<float>{},
                           choose_qparams<w8a8_static::activation>({0, 255})};
  const matrix<float> y = layer(qtl_test::matrix_of({{1000, 0}, {infinity, 0}, {-5, 0}}));
  CHECK(y(0, 0) == doctest::Approx(255));
  CHECK(y(1, 0) == doctest::Approx(255));
  CHECK(y(2, 0) == 0.0f);
}

}  // namespace
