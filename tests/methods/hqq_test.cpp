// SPDX-License-Identifier: Apache-2.0
// tests/methods/hqq_test.cpp - the objective and the output error fall, for shifts, zero points and
// scales alike.
#include "qtl/methods/hqq.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "qtl/methods/output_error.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/ops/compare.hpp"
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

template<class P>
double squared_error(const matrix<float>& w, const QTensor<P>& q) {
  return compare(w, dequantize<P>(q)).mse;
}

TEST_CASE_TEMPLATE("objective and squared error never rise", P, s4_g128, s3_g128, s2_g64,
                   policy<u4, affine_float_shift, per_group<64>, scaled_by<f16>>,
                   policy<u2, affine, per_group<64>, scaled_by<f16>>,
                   policy<u3, affine_as_is, per_group<64>>,
                   policy<s3, symmetric_full_range, per_group<64>>,
                   policy<nf4, symmetric, per_group<64>>, policy<e4m3, symmetric, per_tensor>,
                   mx<e2m1>, nvfp4_tensor<>, policy<f16, unscaled>) {
  const hqq method;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const matrix<float> w = noise_matrix(12, 300, seed);
    const auto r = method.apply<P>({w.view(), {}});
    REQUIRE(r.ok());
    const QTensor<P> nearest = quantize<P>(w);
    CHECK(method.objective<P>(w.view(), r->weight) <= method.objective<P>(w.view(), nearest));
    CHECK(squared_error(w, r->weight) <= squared_error(w, nearest));
  }
}

TEST_CASE_TEMPLATE("objective and output error fall at three bits and below", P, s3_g128, s2_g64,
                   policy<u3, affine_float_shift, per_group<64>>,
                   policy<u2, affine_float_shift, per_group<64>>,
                   policy<u3, affine, per_group<128>>, policy<u2, affine, per_group<64>>) {
  const hqq method;
  double outputs = 1;
  double objectives = 1;
  constexpr int seeds = 4;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const sample_layer layer = qtl_test::correlated_layer(32, 250, 64, 7 * seed);
    const auto ours = method.apply<P>(layer.samples());
    const auto nearest = rtn{}.apply<P>(layer.samples());
    const double ratio =
        *output_error(layer.samples(), *ours) / *output_error(layer.samples(), *nearest);
    if (P::scheme::zero_point == zero_point_kind::none) CHECK(ratio < 1);
    outputs *= ratio;
    objectives *= method.objective<P>(layer.weight.view(), ours->weight) /
                  method.objective<P>(layer.weight.view(), nearest->weight);
  }
  MESSAGE(to_text(describe<P>()).view()
          << ": output error " << std::pow(outputs, 1.0 / seeds) << ", objective "
          << std::pow(objectives, 1.0 / seeds) << " of rounding's");
  CHECK(objectives < 1);
  CHECK(outputs < 1);
}

TEST_CASE("a shift moves, its scale stays; a symmetric scale moves") {
  const matrix<float> w = noise_matrix(16, 64, 2);
  using shifted = policy<u2, affine_float_shift, per_group<64>>;
  const auto r = hqq{}.apply<shifted>({w.view(), {}});
  const auto nearest = quantize<shifted>(w);
  int moved = 0;
  for (std::int64_t i = 0; i < 16; ++i) {
    CHECK(r->weight.scale_at(i, 0) == nearest.scale_at(i, 0));
    moved += r->weight.shift_at(i, 0) != nearest.shift_at(i, 0) ? 1 : 0;
  }
  CHECK(moved >= 8);
  CHECK(hqq{}.apply<s3_g128>({w.view(), {}})->weight.scale_at(0, 0) <
        quantize<s3_g128>(w).scale_at(0, 0));
}

TEST_CASE("the unit of the weight does not matter") {
  const matrix<float> w = noise_matrix(4, 128, 4);
  matrix<float> small = w;
  for (std::int64_t i = 0; i < 4; ++i)
    for (std::int64_t j = 0; j < 128; ++j) small(i, j) *= 0x1p-40f;
  const auto a = hqq{}.apply<s3_g128>({w.view(), {}});
  const auto b = hqq{}.apply<s3_g128>({small.view(), {}});
  for (std::int64_t j = 0; j < 128; ++j) CHECK(a->weight.code(1, j) == b->weight.code(1, j));
}

TEST_CASE("any number of threads gives the same bits") {
  const matrix<float> w = noise_matrix(33, 192, 4);
  for (const int count : {2, 3}) {
    qtl_test::racing_threads threads{count};
    CHECK(same_tensor(hqq{.executor = threads}.apply<s3_g128>({w.view(), {}})->weight,
                      hqq{}.apply<s3_g128>({w.view(), {}})->weight));
  }
}

TEST_CASE("bad input and edges") {
  matrix<float> w = noise_matrix(3, 64, 1);
  CHECK(hqq{.p = 1.5}.apply<s3_g128>({w.view(), {}}).why().code == error_code::invalid_argument);
  CHECK(hqq{.beta = 0}.apply<s3_g128>({w.view(), {}}).why().code == error_code::invalid_argument);
  CHECK(hqq{.kappa = quiet_nan}.apply<s3_g128>({w.view(), {}}).why().code ==
        error_code::invalid_argument);
  CHECK(same_tensor(hqq{.iterations = 0}.apply<s3_g128>({w.view(), {}})->weight,
                    quantize<s3_g128>(w)));
  w(1, 2) = infinity;
  CHECK(hqq{}.apply<s3_g128>({w.view(), {}}).why().code == error_code::not_finite);
  const matrix<float> zero = *matrix<float>::make(2, 130);
  CHECK(same_tensor(hqq{}.apply<s3_g128>({zero.view(), {}})->weight, quantize<s3_g128>(zero)));
}

}  // namespace
