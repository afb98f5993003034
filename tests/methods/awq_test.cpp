// SPDX-License-Identifier: Apache-2.0
// tests/methods/awq_test.cpp - planted salient channels are found, the policy's own bits are
// honoured, folding is exact.
#include "qtl/methods/awq.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/methods/output_error.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/policy/descriptor.hpp"
#include "qtl/policy/presets.hpp"

#include "methods/sample_layers.hpp"
#include "methods/threads.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::same_tensor;
using qtl_test::sample_layer;

using s4_g128 = policy<s4, symmetric, per_group<128>>;
using s3_g128 = policy<s3, symmetric, per_group<128>>;
using s2_g64 = policy<s2, symmetric, per_group<64>>;

constexpr std::int64_t salient[] = {7, 70, 133, 180};

bool is_salient(std::int64_t j) {
  for (const std::int64_t s : salient)
    if (s == j) return true;
  return false;
}

// Uncorrelated inputs of which four channels are twenty times the others.
sample_layer planted(std::uint64_t seed) {
  sample_layer layer{noise_matrix(24, 192, seed), noise_matrix(96, 192, seed + 1)};
  for (std::int64_t i = 0; i < 96; ++i)
    for (const std::int64_t j : salient) layer.inputs(i, j) *= 20.0f;
  return layer;
}

template<class P>
double error_of(const sample_layer& layer, const method_result<P>& r) {
  return value_or_throw(output_error(layer.samples(), r));
}

TEST_CASE_TEMPLATE("salient channels get the largest scales, and rounding is beaten", P, s4_g128,
                   s3_g128, s2_g64, policy<u4, affine, per_group<64>, scaled_by<f16>>) {
  double product = 1;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const sample_layer layer = planted(10 * seed);
    const auto r = awq{}.apply<P>(layer.samples());
    REQUIRE(r.ok());
    REQUIRE(r->input_scale.size() == 192);
    float least_salient = infinity;
    float most_other = 0;
    for (std::int64_t j = 0; j < 192; ++j) {
      const float s = r->input_scale[static_cast<std::size_t>(j)];
      (is_salient(j) ? least_salient : most_other) =
          is_salient(j) ? std::fmin(least_salient, s) : std::fmax(most_other, s);
    }
    CHECK(least_salient > most_other);
    const double ratio = error_of(layer, *r) / error_of(layer, *rtn{}.apply<P>(layer.samples()));
    CHECK(ratio < 0.95);
    product *= ratio;
  }
  MESSAGE(to_text(describe<P>()).view()
          << ": output error " << std::cbrt(product) << " of rounding's, geometric mean");
  CHECK(std::cbrt(product) < 0.9);
}

TEST_CASE_TEMPLATE("never worse than rounding on its samples", P, s4_g128, s2_g64,
                   policy<nf4, symmetric, per_group<64>>, mx<e2m1>, nvfp4_tensor<>,
                   policy<e4m3, symmetric, per_channel>) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const sample_layer layer = qtl_test::correlated_layer(16, 160, seed == 1 ? 40 : 200, 20 * seed);
    const double nearest = error_of(layer, *rtn{}.apply<P>(layer.samples()));
    CHECK(error_of(layer, *awq{}.apply<P>(layer.samples())) <= nearest * (1 + 1e-6));
    CHECK(error_of(layer, *awq{.clip_search = false}.apply<P>(layer.samples())) <=
          nearest * (1 + 1e-6));
  }
}

// The search by hand: quantize<P> itself on W s, for every r.
template<class P>
double least_by_hand(const sample_layer& layer) {
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= 20; ++step) {
    std::vector<double> s(static_cast<std::size_t>(layer.weight.cols()), 0.0);
    for (std::size_t j = 0; j < s.size(); ++j) {
      for (std::int64_t i = 0; i < layer.inputs.rows(); ++i)
        s[j] += std::fabs(static_cast<double>(layer.inputs(i, static_cast<std::int64_t>(j)))) /
                static_cast<double>(layer.inputs.rows());
      s[j] = std::fmax(1e-4, std::pow(s[j], step / 20.0));
    }
    const double middle =
        std::sqrt(*std::max_element(s.begin(), s.end()) * *std::min_element(s.begin(), s.end()));
    method_result<P> r;
    matrix<float> scaled = layer.weight;
    for (std::size_t j = 0; j < s.size(); ++j) {
      r.input_scale.push_back(static_cast<float>(s[j] / middle));
      for (std::int64_t i = 0; i < scaled.rows(); ++i)
        scaled(i, static_cast<std::int64_t>(j)) *= r.input_scale[j];
    }
    r.weight = quantize<P>(scaled);
    least = std::min(least, error_of(layer, r));
  }
  return least;
}

TEST_CASE_TEMPLATE("the search quantizes with the policy's own bits and groups", P, s4_g128,
                   s3_g128, s2_g64, policy<s8, symmetric, per_channel>) {
  const sample_layer layer = planted(5);
  const auto r = awq{.clip_search = false}.apply<P>(layer.samples());
  REQUIRE(r.ok());
  CHECK(error_of(layer, *r) == doctest::Approx(least_by_hand<P>(layer)).epsilon(1e-3));
}

TEST_CASE("folding the scale into the inputs leaves the float output as it was") {
  const sample_layer layer = planted(3);
  const auto r = awq{}.apply<s4_g128>(layer.samples());
  const eigen_matrix x = changed_inputs(*r, layer.inputs.view());
  eigen_matrix w = to_eigen(layer.weight.view());
  for (Eigen::Index j = 0; j < w.cols(); ++j)
    w.col(j) *= r->input_scale[static_cast<std::size_t>(j)];
  const eigen_matrix y = to_eigen(layer.inputs.view()) * to_eigen(layer.weight.view()).transpose();
  CHECK((x * w.transpose() - y).norm() <= 1e-5f * y.norm());
}

TEST_CASE("any number of threads gives the same bits") {
  const sample_layer layer = qtl_test::correlated_layer(150, 96, 300, 8);
  const auto one = awq{}.apply<s4_g128>(layer.samples());
  for (const int count : {2, 3}) {
    qtl_test::racing_threads threads{count};
    const auto r = awq{.executor = threads}.apply<s4_g128>(layer.samples());
    CHECK(same_tensor(r->weight, one->weight));
    CHECK(r->input_scale == one->input_scale);
  }
}

TEST_CASE("bad input and edges") {
  sample_layer layer = planted(1);
  const auto code = [](const result<method_result<s4_g128>>& r) { return r.why().code; };
  CHECK(code(awq{.grid = 0}.apply<s4_g128>(layer.samples())) == error_code::invalid_argument);
  CHECK(code(awq{.clip = {.least = 2.0f}}.apply<s4_g128>(layer.samples())) ==
        error_code::invalid_argument);
  CHECK(code(awq{}.apply<s4_g128>({layer.weight.view(), {}})) == error_code::invalid_argument);
  CHECK(code(awq{}.apply<s4_g128>({layer.weight.view(), noise_matrix(4, 15, 1).view()})) ==
        error_code::shape_mismatch);
  const sample_layer zero{*matrix<float>::make(3, 192), layer.inputs};
  const auto q = awq{}.apply<s4_g128>(zero.samples());
  REQUIRE(q.ok());
  CHECK(error_of(zero, *q) == 0);
  const sample_layer silent{layer.weight, *matrix<float>::make(8, 192)};
  REQUIRE(awq{}.apply<s4_g128>(silent.samples()).ok());
  CHECK(awq{}.apply<s4_g128>(silent.samples())->input_scale == std::vector<float>(192, 1.0f));
  layer.inputs(4, 7) = quiet_nan;
  CHECK(code(awq{}.apply<s4_g128>(layer.samples())) == error_code::not_finite);
}

}  // namespace
