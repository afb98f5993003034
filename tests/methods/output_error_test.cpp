// SPDX-License-Identifier: Apache-2.0
// tests/methods/output_error_test.cpp - the error of a layer's outputs, through everything that a
// result may change.
#include "qtl/methods/output_error.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "methods/sample_layers.hpp"
#include "methods/threads.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::sample_layer;

using plain_f32 = policy<f32, unscaled>;
using s4_g32 = policy<s4, symmetric, per_group<32>>;

sample_layer layer_of(std::int64_t samples) {
  return {noise_matrix(10, 64, 1), noise_matrix(samples, 64, 2)};
}

TEST_CASE("by hand") {
  const sample_layer layer{qtl_test::matrix_of({{3, 0}, {0, 4}}), qtl_test::matrix_of({{1, 1}})};
  method_result<plain_f32> r;
  r.weight = quantize<plain_f32>(qtl_test::matrix_of({{3, 0}, {0, 3.5f}}));
  CHECK(*output_error(layer.samples(), r) == doctest::Approx(0.1));
  r.bias_delta = {0, 0.5f};
  CHECK(*output_error(layer.samples(), r) == 0);
  const sample_layer zero{*matrix<float>::make(2, 2), qtl_test::matrix_of({{1, 1}})};
  CHECK(*output_error(zero.samples(), r) == std::numeric_limits<double>::infinity());
  r.weight = quantize<plain_f32>(zero.weight);
  r.bias_delta.clear();
  CHECK(*output_error(zero.samples(), r) == 0);
}

TEST_CASE("rotation, scale and order are applied in that order") {
  const sample_layer layer = layer_of(20);
  method_result<plain_f32> r;
  eigen_matrix w = to_eigen(layer.weight.view());
  hadamard_rotation{16, 5}.rotate(w);
  r.rotation = 16;
  r.rotation_seed = 5;
  eigen_matrix changed(w.rows(), w.cols());
  for (Eigen::Index j = 0; j < w.cols(); ++j) {
    r.input_scale.push_back(0.5f + static_cast<float>(j));
    r.input_order.push_back((j * 5 + 3) % 64);
  }
  for (Eigen::Index j = 0; j < w.cols(); ++j) {
    const std::int64_t from = r.input_order[static_cast<std::size_t>(j)];
    changed.col(j) = w.col(from) * r.input_scale[static_cast<std::size_t>(from)];
  }
  r.weight = quantize<plain_f32>(changed);
  CHECK(*output_error(layer.samples(), r) < 1e-5);
}

TEST_CASE("as summed in double, with few samples and with many, on any threads") {
  for (const std::int64_t samples : {7, 64, 700}) {
    const sample_layer layer = layer_of(samples);
    method_result<s4_g32> r;
    r.weight = quantize<s4_g32>(layer.weight);
    const Eigen::MatrixXd y = to_eigen(layer.inputs.view()).cast<double>() *
                              to_eigen(layer.weight.view()).cast<double>().transpose();
    const double exact = std::sqrt(qtl_test::exact_output_error(layer.samples(), r)) / y.norm();
    CHECK(*output_error(layer.samples(), r) == doctest::Approx(exact).epsilon(1e-5));
    const output_metric inputs(layer.inputs.view());
    const eigen_matrix w = to_eigen(layer.weight.view());
    const eigen_matrix left = w - to_eigen(dequantize(r.weight).view());
    CHECK(std::sqrt(inputs.squared(left) / inputs.squared(w)) ==
          doctest::Approx(exact).epsilon(1e-5));
    qtl_test::racing_threads threads{3};
    CHECK(*output_error(layer.samples(), r, threads) == *output_error(layer.samples(), r));
    CHECK(output_metric(layer.inputs.view(), threads).squared(left) == inputs.squared(left));
  }
}

TEST_CASE("what does not fit is refused") {
  const sample_layer layer = layer_of(4);
  const auto code = [&](const method_result<plain_f32>& r) {
    return output_error(layer.samples(), r).why().code;
  };
  method_result<plain_f32> r;
  CHECK(code(r) == error_code::shape_mismatch);
  r.weight = quantize<plain_f32>(layer.weight);
  CHECK(code(r) == error_code::ok);
  r.input_scale.assign(63, 1.0f);
  CHECK(code(r) == error_code::shape_mismatch);
  r.input_scale.clear();
  r.input_order.assign(64, 64);
  CHECK(code(r) == error_code::shape_mismatch);
  r.input_order.clear();
  r.bias_delta.assign(1, 0.0f);
  CHECK(code(r) == error_code::shape_mismatch);
  r.bias_delta.clear();
  r.rotation = 3;
  CHECK(code(r) == error_code::invalid_argument);
  CHECK(output_error({layer.weight.view(), {}}, method_result<plain_f32>{}).why().code ==
        error_code::invalid_argument);
}

}  // namespace
