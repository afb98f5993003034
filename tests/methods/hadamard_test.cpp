// SPDX-License-Identifier: Apache-2.0
// tests/methods/hadamard_test.cpp - the rotation is orthonormal, leaves the layer as it is, and
// spreads outliers; the bias takes up the mean error.
#include <cmath>

#include <doctest/doctest.h>

#include "qtl/methods/bias_correction.hpp"
#include "qtl/methods/rotated.hpp"
#include "qtl/methods/smoothquant.hpp"

#include "methods/sample_layers.hpp"

namespace {

using namespace qtl;
using qtl_test::exact_output_error;
using qtl_test::noise_matrix;
using qtl_test::sample_layer;

using w4 = policy<s4, symmetric, per_group<32>>;

// Plain rounding, without depending on more than is tested here.
struct nearest {
  static constexpr short_name name = "nearest";
  static constexpr bool needs_inputs = false;
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    auto q = try_quantize<P>(layer.weight);
    if (!q.ok()) return q.why();
    method_result<P> r;
    r.weight = *std::move(q);
    return r;
  }
};
static_assert(Method<nearest> && Method<rotated<nearest>> && Method<corrected<rotated<nearest>>>);
static_assert(rotated<nearest>::name == "rotated nearest");
static_assert(largest_hadamard_block(96) == 32 && largest_hadamard_block(7) == 1 &&
              largest_hadamard_block(0) == 0);

sample_layer outlier_weights() {
  sample_layer layer{noise_matrix(16, 192, 1), noise_matrix(40, 192, 2)};
  for (std::int64_t i = 0; i < 16; ++i) layer.weight(i, (i * 37) % 192) = 25.0f;
  return layer;
}

TEST_CASE("the transform by hand") {
  eigen_matrix x(1, 4);
  x << 1, 2, 3, 4;
  hadamard_rotation{4}.rotate(x);
  CHECK(x == (eigen_matrix(1, 4) << 5, -1, -2, 0).finished());
  eigen_matrix pairs(1, 4);
  pairs << 1, 1, 2, -2;
  hadamard_rotation{2}.rotate(pairs);
  CHECK(pairs(0, 0) == doctest::Approx(std::sqrt(2.0)));
  CHECK(pairs(0, 1) == 0.0f);
  CHECK(pairs(0, 2) == 0.0f);
  CHECK(pairs(0, 3) == doctest::Approx(std::sqrt(8.0)));
}

TEST_CASE("orthonormal; an involution without signs; undo with them") {
  for (const std::int64_t block : {1, 2, 8, 64})
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{5}}) {
      CAPTURE(block);
      CAPTURE(seed);
      const hadamard_rotation rotation{block, seed};
      eigen_matrix r = eigen_matrix::Identity(64, 64);
      rotation.rotate(r);
      CHECK((r * r.transpose() - eigen_matrix::Identity(64, 64)).cwiseAbs().maxCoeff() < 1e-6f);
      if (seed == 0) CHECK((r - r.transpose()).cwiseAbs().maxCoeff() < 1e-6f);
      const eigen_matrix x = to_eigen(noise_matrix(3, 64, 7).view());
      eigen_matrix back = x;
      rotation.rotate(back);
      if (seed == 0)
        rotation.rotate(back);
      else
        rotation.undo(back);
      CHECK((back - x).cwiseAbs().maxCoeff() < 1e-5f);
    }
}

TEST_CASE("x R (W R)^T is x W^T") {
  const sample_layer layer = outlier_weights();
  const eigen_matrix w = to_eigen(layer.weight.view());
  const eigen_matrix x = to_eigen(layer.inputs.view());
  for (const hadamard_rotation rotation :
       {hadamard_rotation{64}, hadamard_rotation{16, 3}, hadamard_rotation{1, 9}}) {
    eigen_matrix wr = w;
    eigen_matrix xr = x;
    rotation.rotate(wr);
    rotation.rotate(xr);
    const eigen_matrix y = x * w.transpose();
    CHECK((xr * wr.transpose() - y).norm() < 1e-5f * y.norm());
  }
}

TEST_CASE("weights with outliers lose less at four bits") {
  const sample_layer layer = outlier_weights();
  const auto plain = nearest{}.apply<w4>(layer.samples());
  const auto turned = rotated<nearest>{}.apply<w4>(layer.samples());
  const auto signs = rotated<nearest>{.seed = 11}.apply<w4>(layer.samples());
  REQUIRE(plain.ok());
  REQUIRE(turned.ok());
  REQUIRE(signs.ok());
  CHECK(turned->rotation == 64);
  CHECK(signs->rotation_seed == 11);
  const double before = exact_output_error(layer.samples(), *plain);
  MESSAGE("output error " << before << ", rotated " << exact_output_error(layer.samples(), *turned)
                          << ", with signs " << exact_output_error(layer.samples(), *signs));
  CHECK(exact_output_error(layer.samples(), *turned) < 0.6 * before);
  CHECK(exact_output_error(layer.samples(), *signs) < 0.6 * before);
}

TEST_CASE("outlier inputs over equal weights: not rotated, unless one insists") {
  sample_layer layer{noise_matrix(16, 192, 1), noise_matrix(40, 192, 2)};
  for (std::int64_t i = 0; i < 40; ++i) layer.inputs(i, 7) *= 100.0f;
  for (std::int64_t i = 0; i < 16; ++i) layer.weight(i, 7) = 0.0f;
  const auto compared = rotated<nearest>{}.apply<w4>(layer.samples());
  const auto forced = rotated<nearest>{.compare_with_plain = false}.apply<w4>(layer.samples());
  const auto blind = rotated<nearest>{}.apply<w4>({layer.weight.view(), {}});
  REQUIRE(compared.ok());
  REQUIRE(forced.ok());
  REQUIRE(blind.ok());
  CHECK(compared->rotation == 0);
  CHECK_FALSE(compared->note.empty());
  CHECK(forced->rotation == 64);
  CHECK(blind->rotation == 64);
  CHECK(exact_output_error(layer.samples(), *compared) <
        exact_output_error(layer.samples(), *forced));
}

TEST_CASE("the same seed gives the same bits, another one others") {
  const sample_layer layer = outlier_weights();
  const auto a = rotated<nearest>{.seed = 4}.apply<w4>(layer.samples());
  const auto b = rotated<nearest>{.seed = 4}.apply<w4>(layer.samples());
  const auto c = rotated<nearest>{.seed = 5}.apply<w4>(layer.samples());
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  REQUIRE(c.ok());
  CHECK(qtl_test::same_tensor(a->weight, b->weight));
  CHECK_FALSE(qtl_test::same_tensor(a->weight, c->weight));
}

TEST_CASE("blocks that do not fit, odd widths, two rotations, no columns") {
  const sample_layer layer = outlier_weights();
  CHECK(rotated<nearest>{.block = 3}.apply<w4>(layer.samples()).why().code ==
        error_code::invalid_argument);
  CHECK(rotated<nearest>{.block = 128}.apply<w4>(layer.samples()).why().code ==
        error_code::invalid_argument);
  CHECK(rotated<nearest>{.block = -2}.apply<w4>(layer.samples()).why().code ==
        error_code::invalid_argument);
  const rotated<rotated<nearest>> twice{.method = {.compare_with_plain = false}};
  CHECK(twice.apply<w4>(layer.samples()).why().code == error_code::invalid_argument);
  const sample_layer odd{noise_matrix(3, 33, 1), noise_matrix(2, 33, 2)};
  const auto r = rotated<nearest>{}.apply<w4>(odd.samples());
  REQUIRE(r.ok());
  CHECK(r->rotation == 0);
  CHECK_FALSE(r->note.empty());
  CHECK(rotated<nearest>{}.apply<w4>({matrix_view<const float>(nullptr, 2, 0), {}}).ok());
  sample_layer bad = outlier_weights();
  bad.weight(2, 3) = infinity;
  CHECK(rotated<nearest>{}.apply<w4>(bad.samples()).why().code == error_code::not_finite);
}

// The mean over samples of the output's error, bias and all, relative to the outputs.
template<class P>
double mean_error(const sample_layer& layer, const method_result<P>& r) {
  const eigen_matrix y = to_eigen(layer.inputs.view()) * to_eigen(layer.weight.view()).transpose();
  const eigen_matrix quantized =
      changed_inputs(r, layer.inputs.view()) * to_eigen(dequantize<P>(r.weight).view()).transpose();
  Eigen::VectorXd mean = (y - quantized).template cast<double>().colwise().mean();
  for (Eigen::Index j = 0; j < mean.size(); ++j)
    if (!r.bias_delta.empty())
      mean(j) -= static_cast<double>(r.bias_delta[static_cast<std::size_t>(j)]);
  return mean.cwiseAbs().maxCoeff() / y.cast<double>().cwiseAbs().mean();
}

TEST_CASE("bias correction: the mean output error is gone, the weight is the method's") {
  sample_layer layer = outlier_weights();
  for (std::int64_t i = 0; i < layer.inputs.rows(); ++i)
    for (std::int64_t j = 0; j < 192; ++j)
      layer.inputs(i, j) += 0.5f;  // activations are seldom centred
  const auto check = [&]<class M>(const M& method) {
    const auto plain = method.template apply<w4>(layer.samples());
    const auto fixed = corrected<M>{method}.template apply<w4>(layer.samples());
    REQUIRE(plain.ok());
    REQUIRE(fixed.ok());
    CHECK(qtl_test::same_tensor(plain->weight, fixed->weight));
    CHECK(mean_error(layer, *plain) > 1e-2);
    CHECK(mean_error(layer, *fixed) < 1e-5);
    CHECK(exact_output_error(layer.samples(), *fixed) <
          exact_output_error(layer.samples(), *plain));
  };
  check(nearest{});
  check(rotated<nearest>{.seed = 2});
  check(smoothquant<>{});
  CHECK(corrected<nearest>{}.apply<w4>({layer.weight.view(), {}}).why().code ==
        error_code::invalid_argument);
}

}  // namespace
