// SPDX-License-Identifier: Apache-2.0
// tests/methods/moved_scales_test.cpp - Outlier Suppression and SPIQ as methods: what they move,
// what they gain, when they leave a layer alone.
#include <vector>

#include <doctest/doctest.h>

#include "qtl/methods/outlier_suppression.hpp"
#include "qtl/methods/spiq.hpp"

#include "methods/sample_layers.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::sample_layer;

using w8 = policy<s8, symmetric, per_channel>;
using tensor_s8 = policy<s8, symmetric, per_tensor, dynamic>;

// Inputs as a norm with this gamma makes them.
sample_layer normed_layer(const std::vector<float>& gamma) {
  sample_layer layer{noise_matrix(24, 96, 1), noise_matrix(64, 96, 2)};
  for (std::int64_t i = 0; i < 64; ++i)
    for (std::int64_t j = 0; j < 96; ++j) layer.inputs(i, j) *= gamma[static_cast<std::size_t>(j)];
  return layer;
}

std::vector<float> gamma_with_outliers() {
  std::vector<float> gamma(96, 0.5f);
  gamma[5] = 40.0f;
  gamma[77] = -60.0f;
  return gamma;
}

template<class A>
double error_with(const sample_layer& layer, const std::vector<float>& scales) {
  return *scaled_rounding<A>::template output_mse<w8>(layer.samples(), scales);
}

const std::vector<float> none(96, 1.0f);

TEST_CASE("Outlier Suppression moves the norm's gamma and gains where it made outliers") {
  const std::vector<float> gamma = gamma_with_outliers();
  const sample_layer layer = normed_layer(gamma);
  const auto r = outlier_suppression{.gamma = gamma}.apply<w8>(layer.samples());
  REQUIRE(r.ok());
  CHECK(r->input_scale == gamma);
  CHECK(r->note.view().empty());
  CHECK(error_with<token_s8>(layer, gamma) < 0.6 * error_with<token_s8>(layer, none));
}

TEST_CASE("SPIQ levels channels of different size, so one scale of the inputs serves all") {
  const sample_layer layer = normed_layer(gamma_with_outliers());
  const auto r = spiq<>{}.apply<w8>(layer.samples());
  REQUIRE(r.ok());
  CHECK(r->note.view().empty());
  CHECK(r->input_scale[5] > 20 * r->input_scale[6]);
  CHECK(error_with<tensor_s8>(layer, r->input_scale) < 0.5 * error_with<tensor_s8>(layer, none));
}

TEST_CASE("neither makes a layer worse unless told to") {
  std::vector<float> gamma(96, 1.0f);
  for (std::size_t j = 0; j < 96; j += 2) gamma[j] = 1e3f;
  sample_layer layer = normed_layer(none);  // a gamma that is not that of these inputs
  const auto kept = outlier_suppression{.gamma = gamma}.apply<w8>(layer.samples());
  REQUIRE(kept.ok());
  CHECK(kept->input_scale == none);
  CHECK(kept->note == "no scaling was best");
  const auto moved =
      outlier_suppression{.gamma = gamma, .compare_with_plain = false}.apply<w8>(layer.samples());
  REQUIRE(moved.ok());
  CHECK(moved->input_scale == gamma);
  CHECK(error_with<token_s8>(layer, gamma) > error_with<token_s8>(layer, none));
  const auto chosen = spiq<>{}.apply<w8>(layer.samples());
  REQUIRE(chosen.ok());
  CHECK(error_with<tensor_s8>(layer, chosen->input_scale) <= error_with<tensor_s8>(layer, none));
}

TEST_CASE("without a norm Outlier Suppression is plain rounding; a dead channel keeps 1 in SPIQ") {
  sample_layer layer = normed_layer(gamma_with_outliers());
  const auto plain = outlier_suppression<>{}.apply<w8>(layer.samples());
  REQUIRE(plain.ok());
  CHECK(plain->note == "no norm in front");
  CHECK(qtl_test::same_tensor(plain->weight, quantize<w8>(layer.weight)));
  for (std::int64_t i = 0; i < 64; ++i) layer.inputs(i, 9) = 0.0f;
  const auto r = spiq<>{.compare_with_plain = false}.apply<w8>(layer.samples());
  REQUIRE(r.ok());
  CHECK(r->input_scale[9] == 1.0f);
}

TEST_CASE("bad input") {
  sample_layer layer = normed_layer(none);
  const std::vector<float> two{1, 2};
  CHECK(outlier_suppression{.gamma = two}.apply<w8>(layer.samples()).why().code ==
        error_code::shape_mismatch);
  CHECK(spiq<>{}.apply<w8>({layer.weight.view(), {}}).why().code == error_code::invalid_argument);
  layer.inputs(3, 4) = quiet_nan;
  CHECK(spiq<>{}.apply<w8>(layer.samples()).why().code == error_code::not_finite);
  CHECK(outlier_suppression{.gamma = none}.apply<w8>(layer.samples()).why().code ==
        error_code::not_finite);
}

}  // namespace
