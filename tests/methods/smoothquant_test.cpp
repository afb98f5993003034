// SPDX-License-Identifier: Apache-2.0
// tests/methods/smoothquant_test.cpp - scales between activations and weights: formulas, folding,
// gain, bad input.
#include "qtl/methods/smoothquant.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/methods/bias_correction.hpp"

#include "methods/sample_layers.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::noise_vector;
using qtl_test::sample_layer;

using w8 = policy<s8, symmetric, per_channel>;

// Activations of which three channels are eighty times the others.
sample_layer outlier_layer() {
  sample_layer layer{noise_matrix(24, 96, 1), noise_matrix(64, 96, 2)};
  for (std::int64_t i = 0; i < 64; ++i)
    for (const std::int64_t j : {5, 40, 77}) layer.inputs(i, j) *= 80.0f;
  return layer;
}

double relative_difference(const eigen_matrix& a, const eigen_matrix& b) {
  return static_cast<double>((a - b).norm() / a.norm());
}

TEST_CASE("the scales by hand") {
  const std::vector<float> amax_x{16, 4, 0, 9, 1e-30f};
  const std::vector<float> amax_w{4, 1, 2, 0, 1e4f};
  CHECK(smoothing_scales(amax_x, amax_w, 0.5f) == std::vector<float>{2, 2, 1, 1, 1e-5f});
  CHECK(smoothing_scales(amax_x, amax_w, 1.0f, 1e-3f) == std::vector<float>{16, 4, 1, 1, 1e-3f});
  CHECK(smoothing_scales(amax_x, amax_w, 0.0f)[0] == 0.25f);
  CHECK(outlier_suppression_scales(std::vector<float>{2, -0.5f, 0, quiet_nan, 1e-45f}) ==
        std::vector<float>{2, -0.5f, 1, 1, 1});
}

TEST_CASE("SPIQ: each channel's own activation scale") {
  const matrix<float> x = qtl_test::matrix_of({{127, 0, -1.27f}, {-254, 0, 1}});
  const auto s = spiq_scales<policy<s8, symmetric, per_tensor>>(x.view());
  REQUIRE(s.ok());
  CHECK((*s)[0] == 2.0f);
  CHECK((*s)[1] == 1.0f);
  CHECK((*s)[2] == doctest::Approx(0.01));
  CHECK(spiq_scales<w8>(matrix_view<const float>(nullptr, 0, 3)).why().code ==
        error_code::invalid_argument);
}

TEST_CASE("the float layer computes what it did") {
  const sample_layer layer = outlier_layer();
  const eigen_matrix w = to_eigen(layer.weight.view());
  const eigen_matrix x = to_eigen(layer.inputs.view());
  const eigen_matrix y = x * w.transpose();
  const auto amax_x = column_amax(layer.inputs.view());
  const auto amax_w = column_amax(layer.weight.view());
  for (const float alpha : {0.0f, 0.3f, 0.5f, 1.0f}) {
    const auto s = smoothing_scales(amax_x, amax_w, alpha);
    const eigen_matrix smoothed = scaled_columns(view_of(x), s, scaling::divide) *
                                  scaled_columns(view_of(w), s, scaling::multiply).transpose();
    CHECK(relative_difference(y, smoothed) < 1e-5);
  }
  const auto spiq = spiq_scales<token_s8>(layer.inputs.view());
  REQUIRE(spiq.ok());
  CHECK(relative_difference(
            y, scaled_columns(view_of(x), *spiq, scaling::divide) *
                   scaled_columns(view_of(w), *spiq, scaling::multiply).transpose()) < 1e-5);
}

TEST_CASE(
    "outlier channels: W8A8 per token gains, and the automatic alpha is at least as good as a half") {
  const sample_layer layer = outlier_layer();
  const std::vector<float> none(96, 1.0f);
  const auto error_of = [&](const smoothquant<>& method) {
    const auto r = method.apply<w8>(layer.samples());
    REQUIRE(r.ok());
    return *scaled_rounding<token_s8>::output_mse<w8>(layer.samples(), r->input_scale);
  };
  const double plain = *scaled_rounding<token_s8>::output_mse<w8>(layer.samples(), none);
  const double half = error_of({});
  const double automatic = error_of({.automatic = true});
  MESSAGE("W8A8 MSE plain " << plain << ", alpha 0.5 " << half << ", automatic " << automatic);
  CHECK(half < 0.5 * plain);
  CHECK(automatic <= half);
  for (int tenth = 0; tenth <= 10; ++tenth)
    CHECK(automatic <= error_of({.alpha = static_cast<float>(tenth) / 10.0f}));
}

TEST_CASE("the result is W s rounded to nearest, the same bits every time") {
  const sample_layer layer = outlier_layer();
  const auto r = smoothquant{.automatic = true}.apply<w8>(layer.samples());
  const auto again = smoothquant{.automatic = true}.apply<w8>(layer.samples());
  REQUIRE(r.ok());
  REQUIRE(again.ok());
  CHECK(qtl_test::same_tensor(
      r->weight,
      quantize<w8>(scaled_columns(layer.weight.view(), r->input_scale, scaling::multiply))));
  CHECK(qtl_test::same_tensor(r->weight, again->weight));
  CHECK(r->input_scale == again->input_scale);
  CHECK(r->note.view().starts_with("alpha 0."));
}

TEST_CASE("folding into a norm and into the layer in front") {
  const std::vector<float> s{2.0f, 0.25f, -8.0f};
  std::vector<float> gamma{1.5f, 3.0f, 5.0f};
  std::vector<float> beta{1.0f, -2.0f, 4.0f};
  REQUIRE(fold_into_norm(s, gamma, beta).ok());
  CHECK(gamma == std::vector<float>{0.75f, 12.0f, -0.625f});
  CHECK(beta == std::vector<float>{0.5f, -8.0f, -0.5f});
  CHECK(fold_into_norm(s, gamma, {}).ok());

  // x = z V^T + b, then y = x W^T: exact for scales that are powers of two
  matrix<float> v = noise_matrix(3, 7, 1);
  std::vector<float> bias = noise_vector(3, 2);
  const eigen_matrix z = to_eigen(noise_matrix(5, 7, 3).view());
  const auto outputs = [&] {
    eigen_matrix x = z * to_eigen(v.view()).transpose();
    for (Eigen::Index j = 0; j < 3; ++j) x.col(j).array() += bias[static_cast<std::size_t>(j)];
    return x;
  };
  const eigen_matrix before = outputs();
  REQUIRE(fold_into_linear(s, v.view(), bias).ok());
  CHECK(outputs() == scaled_columns(view_of(before), s, scaling::divide));

  const std::vector<float> two{1, 2};
  CHECK(fold_into_norm(two, gamma, beta).code == error_code::shape_mismatch);
  CHECK(fold_into_linear(two, v.view(), bias).code == error_code::shape_mismatch);
  CHECK(fold_into_linear(s, v.view(), gamma).ok());
  const std::vector<float> zero{1, 0, 1};
  CHECK(fold_into_norm(zero, gamma, beta).code == error_code::invalid_argument);
  CHECK(gamma.size() == 3);
}

TEST_CASE("any method on scaled channels") {
  const sample_layer layer = outlier_layer();
  const std::vector<float> gamma = noise_vector(96, 9);
  const auto s = outlier_suppression_scales(gamma);
  const auto r = apply_scaled<w8>(corrected<smoothquant<>>{}, layer.samples(), s);
  REQUIRE(r.ok());
  CHECK(r->input_scale.size() == 96);
  CHECK(qtl_test::exact_output_error(layer.samples(), *r) <
        1e-3 * to_eigen(layer.inputs.view()).cast<double>().squaredNorm());
  CHECK(
      apply_scaled<w8>(smoothquant<>{}, layer.samples(), std::vector<float>(3, 1.0f)).why().code ==
      error_code::shape_mismatch);
}

TEST_CASE("bad input") {
  sample_layer layer = outlier_layer();
  const smoothquant<> method;
  CHECK(smoothquant{.alpha = 1.5f}.apply<w8>(layer.samples()).why().code ==
        error_code::invalid_argument);
  CHECK(smoothquant{.alpha = quiet_nan}.apply<w8>(layer.samples()).why().code ==
        error_code::invalid_argument);
  CHECK(smoothquant{.least = 0.0f}.apply<w8>(layer.samples()).why().code ==
        error_code::invalid_argument);
  CHECK(method.apply<w8>({layer.weight.view(), {}}).why().code == error_code::invalid_argument);
  CHECK(method.apply<w8>({layer.weight.view(), {layer.inputs.data(), 4, 95}}).why().code ==
        error_code::shape_mismatch);
  layer.inputs(3, 4) = quiet_nan;
  const status s = method.apply<w8>(layer.samples()).why();
  CHECK(s.code == error_code::not_finite);
  CHECK(s.expected == 3);
  CHECK(s.actual == 4);
  const sample_layer zero{*matrix<float>::make(4, 6), *matrix<float>::make(3, 6)};
  const auto r = smoothquant{.automatic = true}.apply<w8>(zero.samples());
  REQUIRE(r.ok());
  CHECK(r->input_scale == std::vector<float>(6, 1.0f));
  CHECK(r->note == "no scaling was best");
}

}  // namespace
