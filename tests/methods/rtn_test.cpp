// SPDX-License-Identifier: Apache-2.0
// tests/methods/rtn_test.cpp - plain rounding is quantize<P>; clip search never loses in its own
// norm, whatever the policy.
#include "qtl/methods/rtn.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

#include "methods/sample_layers.hpp"
#include "methods/threads.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;
using qtl_test::same_tensor;

using s4_g128 = policy<s4, symmetric, per_group<128>>;

template<class P>
double weight_error(const matrix<float>& w, const QTensor<P>& q, double norm) {
  const matrix<float> reals = dequantize<P>(q);
  double sum = 0;
  for (std::int64_t i = 0; i < w.rows(); ++i)
    for (std::int64_t j = 0; j < w.cols(); ++j)
      sum += std::pow(std::fabs(static_cast<double>(w(i, j)) - static_cast<double>(reals(i, j))),
                      norm);
  return sum;
}

TEST_CASE_TEMPLATE("plain is quantize<P>, and clips never lose in their norm", P, s4_g128,
                   policy<s8, symmetric, per_channel>,
                   policy<s3, symmetric_full_range, per_group<32>, scaled_by<f16>>,
                   policy<u2, affine, per_group<64>>, policy<u4, affine_as_is, per_group<64>>,
                   policy<u4, affine_float_shift, per_group<64>>,
                   policy<e4m3, symmetric, per_block<128, 128>>,
                   policy<e4m3, symmetric, per_tensor>, mx<e2m1>, nvfp4_tensor<>,
                   policy<nf4, symmetric, per_group<64>>, policy<f16, unscaled>) {
  const matrix<float> w = noise_matrix(6, 300, 3);
  const auto plain = rtn{}.apply<P>({w.view(), {}});
  REQUIRE(plain.ok());
  CHECK(same_tensor(plain->weight, quantize<P>(w)));
  for (const double norm : {2.0, 2.4}) {
    const auto clipped = rtn{.clip_search = true, .clip = {.norm = norm}}.apply<P>({w.view(), {}});
    REQUIRE(clipped.ok());
    CHECK(weight_error(w, clipped->weight, norm) <=
          weight_error(w, plain->weight, norm) * (1 + 1e-12));
  }
}

TEST_CASE("clip search gains at few bits") {
  using P = policy<s3, symmetric, per_group<128>>;
  const matrix<float> w = noise_matrix(8, 256, 5);
  const auto clipped = rtn{.clip_search = true}.apply<P>({w.view(), {}});
  REQUIRE(clipped.ok());
  CHECK(weight_error(w, clipped->weight, 2) < 0.97 * weight_error(w, quantize<P>(w), 2));
}

TEST_CASE("a range without 0 is clipped about its middle") {
  CHECK(clipped_range<symmetric>({-2, 4}, 0.5f).max == 2.0f);
  CHECK(clipped_range<affine_float_shift>({4, 8}, 0.5f).min == 5.0f);
  CHECK(clipped_range<affine_float_shift>({4, 8}, 0.5f).max == 7.0f);
  CHECK(clipped_range<affine_as_is>({4, 8}, 1.0f).min == 4.0f);
}

TEST_CASE("any number of threads, and strides, give the same bits") {
  const matrix<float> w = noise_matrix(9, 300, 7);
  const auto one = rtn{.clip_search = true}.apply<s4_g128>({w.view(), {}});
  for (const int count : {2, 3}) {
    qtl_test::racing_threads threads{count};
    CHECK(same_tensor(
        rtn{.clip_search = true, .executor = threads}.apply<s4_g128>({w.view(), {}})->weight,
        one->weight));
  }
  const Eigen::MatrixXf by_columns = to_eigen(w.view());
  CHECK(same_tensor(rtn{.clip_search = true}.apply<s4_g128>({as_view(by_columns), {}})->weight,
                    one->weight));
}

TEST_CASE("bad input and edges") {
  matrix<float> w = noise_matrix(3, 64, 1);
  CHECK(rtn{.clip = {.steps = 0}}.apply<s4_g128>({w.view(), {}}).why().code ==
        error_code::invalid_argument);
  CHECK(rtn{.clip = {.least = 0.0f}}.apply<s4_g128>({w.view(), {}}).why().code ==
        error_code::invalid_argument);
  CHECK(rtn{.clip = {.norm = quiet_nan}}.apply<s4_g128>({w.view(), {}}).why().code ==
        error_code::invalid_argument);
  w(2, 5) = quiet_nan;
  const status bad = rtn{}.apply<s4_g128>({w.view(), {}}).why();
  CHECK(bad.code == error_code::not_finite);
  CHECK(bad.message.view().find("row 2, column 5") != std::string_view::npos);
  CHECK(rtn{.clip_search = true}.apply<s4_g128>({{}, {}})->weight.rows() == 0);
  const matrix<float> zero = *matrix<float>::make(2, 130);
  const auto q = rtn{.clip_search = true}.apply<s4_g128>({zero.view(), {}});
  REQUIRE(q.ok());
  CHECK(q->weight.scale_at(1, 129) == 1.0f);
  CHECK(q->weight.code(1, 129) == 0);
}

}  // namespace
