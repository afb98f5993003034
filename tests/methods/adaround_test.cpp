// SPDX-License-Identifier: Apache-2.0
// tests/methods/adaround_test.cpp - gradients against finite differences, never worse than plain
// rounding, any format.
#include "qtl/methods/adaround.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

#include "methods/learned_rounding.hpp"

namespace {

using namespace qtl;
using qtl_test::check_not_worse;
using qtl_test::correlated_layer;
using qtl_test::effort;
using qtl_test::exact_output_error;
using qtl_test::noise_matrix;
using qtl_test::s4_g128;
using qtl_test::sample_layer;

TEST_CASE("the rectified sigmoid, its slope and its inverse") {
  CHECK(rectified_sigmoid(0.0f) == doctest::Approx(0.5));
  CHECK(rectified_sigmoid(-10.0f) == 0.0f);
  CHECK(rectified_sigmoid(10.0f) == 1.0f);
  CHECK(rectified_sigmoid_slope(10.0f) == 0.0f);
  for (float a = -2.2f; a < 2.3f; a += 0.4f) {
    CHECK(inverse_rectified_sigmoid(rectified_sigmoid(a)) == doctest::Approx(a).epsilon(1e-4));
    const double slope =
        (double{rectified_sigmoid(a + 1e-3f)} - double{rectified_sigmoid(a - 1e-3f)}) / 2e-3;
    CHECK(rectified_sigmoid_slope(a) == doctest::Approx(slope).epsilon(1e-3));
  }
}

TEST_CASE("ladders hold each value once, in order") {
  constexpr const code_ladder& four = ladder_of<policy<s4, symmetric>>;
  CHECK(four.size == 15);  // the narrow range leaves -8 out
  CHECK(four.rank[8] == -1);
  CHECK(ladder_of<policy<s4, symmetric_half_step>>.size == 16);
  CHECK(ladder_of<policy<e2m1, symmetric>>.size == 15);  // one zero
  CHECK(ladder_of<policy<e4m3, symmetric>>.size == 253);
  CHECK(ladder_of<policy<e5m2, symmetric>>.size == 247);
  CHECK(ladder_of<policy<nf4, symmetric>>.size == 16);
}

template<class P>
void check_neighbours(const qparams<P>& p) {
  for (float x = -1.3f; x < 1.3f; x += 0.0137f) {
    const code_pair pair = neighbours<P>(x, p, {});
    const float own = decode_element<P>(encode_element<P>(x, p), p);
    REQUIRE((own == pair.low_real || own == pair.high_real));
    if (!pair.has_choice()) continue;
    REQUIRE(pair.low_real <= x);
    REQUIRE(x <= pair.high_real);
    REQUIRE(pair.low_real < pair.high_real);
  }
}

TEST_CASE("neighbours are the two codes around a real") {
  check_neighbours<policy<s4, symmetric>>({0.15f, {}});
  check_neighbours<policy<s4, symmetric_full_range>>({-0.15f, {}});
  check_neighbours<policy<u3, affine>>({0.3f, 5});
  check_neighbours<policy<u2, affine_float_shift>>({0.5f, 0.9f});
  check_neighbours<policy<nf4, symmetric>>({1.0f, {}});
  check_neighbours<policy<e2m1, symmetric>>({0.2f, {}});
  check_neighbours<policy<e4m3, symmetric>>({0.002f, {}});
}

TEST_CASE("the metric is the output error, by the Gram matrix and by the inputs") {
  for (const std::int64_t count : {10, 80}) {
    const matrix<float> x = noise_matrix(count, 40, 1);
    const eigen_matrix d = to_eigen(noise_matrix(5, 40, 2).view());
    const output_metric metric(x.view());
    const Eigen::VectorXd direct =
        (to_eigen(x.view()).cast<double>() * d.cast<double>().transpose()).colwise().squaredNorm();
    const Eigen::VectorXd exact = metric.exact_row_errors(d);
    const Eigen::VectorXd fast =
        output_metric::row_errors(d, metric.times(d)) * mean_energy(input_energy(x.view()));
    for (Eigen::Index i = 0; i < 5; ++i) {
      CHECK(exact(i) == doctest::Approx(direct(i)).epsilon(1e-10));
      CHECK(fast(i) == doctest::Approx(direct(i)).epsilon(1e-4));
    }
  }
}

TEST_CASE("the gradient of the smoothed objective against finite differences") {
  const matrix<float> x = noise_matrix(30, 12, 3);
  const output_metric metric(x.view());
  soft_rounding problem;
  problem.low_error = -0.1f * to_eigen(noise_matrix(3, 12, 4).view()).cwiseAbs();
  problem.gap = eigen_matrix::Constant(3, 12, 0.15f);
  problem.gap(1, 5) = 0.0f;  // no choice
  problem.unit = Eigen::Vector3d(1.0, 3.0, 0.2);
  const eigen_matrix a = to_eigen(noise_matrix(3, 12, 5).view());
  eigen_matrix gradient;
  eigen_matrix unused;
  for (const float lambda : {0.0f, 0.01f, 0.5f})
    for (const float beta : {2.0f, 6.5f}) {
      problem.loss(a, metric, lambda, beta, gradient);
      for (Eigen::Index e = 0; e < a.size(); ++e) {
        constexpr float step = 4e-3f;
        eigen_matrix up = a;
        eigen_matrix down = a;
        up.data()[e] += step;
        down.data()[e] -= step;
        const double slope = (problem.loss(up, metric, lambda, beta, unused) -
                              problem.loss(down, metric, lambda, beta, unused)) /
                             (double{up.data()[e]} - double{down.data()[e]});
        CHECK(double{gradient.data()[e]} == doctest::Approx(slope).epsilon(2e-3).scale(0.02));
      }
      CHECK(gradient(1, 5) == 0.0f);
    }
}

TEST_CASE("output error below plain rounding's with correlated inputs") {
  const adaround method{.iterations = effort(adaround{}.iterations, 10)};
  check_not_worse<s4_g128>(method, 0.8);
  check_not_worse<policy<s3, symmetric, per_group<128>>>(method, 0.75);
  check_not_worse<policy<s2, symmetric, per_group<64>>>(method, 0.8);
  check_not_worse<policy<u4, affine, per_channel>>(method, 0.75);
  check_not_worse<policy<u2, affine_float_shift, per_group<64>>>(method, 0.4);
  check_not_worse<policy<nf4, symmetric, per_group<64>>>(method, 0.8);
  check_not_worse<nvfp4_tensor<>>(method, 0.75);
}

TEST_CASE(
    "each row is at most as wrong as plain rounding makes it, even after no or one iteration") {
  const sample_layer layer = correlated_layer(20, 64, 50, 9);
  for (const int iterations : {0, 1, 7}) {
    const auto r =
        adaround{.iterations = iterations, .learning_rate = 3.0f}.apply<s4_g128>(layer.samples());
    REQUIRE(r.ok());
    for (std::int64_t i = 0; i < 20; ++i) {
      const layer_samples row{layer.weight.view().row_range(i, 1), layer.inputs.view()};
      method_result<s4_g128> one;
      one.weight = quantize<s4_g128>(row.weight);
      const eigen_matrix reals = dequantize(r->weight);
      const output_metric metric(layer.inputs.view());
      const eigen_matrix error = reals.row(i) - to_eigen(row.weight);
      CHECK(metric.exact_row_errors(error)(0) <= exact_output_error(row, one) * (1 + 1e-6));
    }
  }
}

TEST_CASE("without learning it is what it starts from, and a clip is worth starting from") {
  using P = policy<s2, symmetric, per_group<64>>;
  const sample_layer layer = correlated_layer(20, 128, 90, 9);
  const auto plain = adaround{.iterations = 0, .clip_search = false}.apply<P>(layer.samples());
  REQUIRE(plain.ok());
  CHECK(qtl_test::same_tensor(plain->weight, quantize<P>(layer.weight)));
  const auto clipped = adaround{.iterations = 0}.apply<P>(layer.samples());
  REQUIRE(clipped.ok());
  CHECK(qtl_test::same_tensor(
      clipped->weight,
      rtn{.clip_search = true, .clip = adaround{}.clip}.apply<P>(layer.samples())->weight));
  const auto narrow = adaround{}.apply<P>(layer.samples());
  const auto whole = adaround{.clip_search = false}.apply<P>(layer.samples());
  REQUIRE(narrow.ok());
  REQUIRE(whole.ok());
  CHECK(exact_output_error(layer.samples(), *narrow) <
        0.9 * exact_output_error(layer.samples(), *whole));
  CHECK(adaround{.clip = {.steps = 0}}.apply<P>(layer.samples()).why().code ==
        error_code::invalid_argument);
}

TEST_CASE("the same bits on every run and on two threads") {
  qtl_test::check_same_bits(adaround{.iterations = 40});
}

TEST_CASE("bad input, and input with nothing to learn from") {
  qtl_test::check_bad_samples(adaround{.iterations = 3});
  qtl_test::check_nothing_to_learn(adaround{.iterations = 3});
  CHECK(qtl_test::refusal(adaround{.iterations = -1}) == error_code::invalid_argument);
  CHECK(qtl_test::refusal(adaround{.learning_rate = 0}) == error_code::invalid_argument);
  CHECK(qtl_test::refusal(adaround{.lambda = quiet_nan}) == error_code::invalid_argument);
  CHECK(qtl_test::refusal(adaround{.beta_end = 0.5f}) == error_code::invalid_argument);
  CHECK(qtl_test::refusal(adaround{.warm_up = 2}) == error_code::invalid_argument);
}

}  // namespace
