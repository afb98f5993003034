// SPDX-License-Identifier: Apache-2.0
// tests/methods/better_bands_test.cpp - the better of two tensors band by band; clip search and HQQ
// are never worse than plain rounding where they see inputs, and can be where they do not.
#include "qtl/methods/better_bands.hpp"

#include <doctest/doctest.h>

#include "qtl/methods/hqq.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/policy/presets.hpp"

#include "methods/sample_layers.hpp"
#include "methods/threads.hpp"

namespace {

using namespace qtl;
using qtl_test::exact_output_error;
using qtl_test::nearest_output_error;
using qtl_test::noise_matrix;
using qtl_test::same_tensor;
using qtl_test::sample_layer;

using s3_g64 = policy<s3, symmetric, per_group<64>>;

// In every group the largest weight meets the largest input, as it does behind a GELU that has
// learnt to fire: a search that sees weights only clips it.
sample_layer outliers_meet() {
  sample_layer layer{noise_matrix(24, 128, 1), noise_matrix(60, 128, 2)};
  for (std::int64_t j = 37; j < 128; j += 64) {
    for (std::int64_t i = 0; i < 24; ++i) layer.weight(i, j) = i % 2 == 0 ? 2.5f : -2.5f;
    for (std::int64_t i = 0; i < 60; ++i) layer.inputs(i, j) += 30.0f;
  }
  return layer;
}

template<class P>
double error_of(const sample_layer& layer, const QTensor<P>& q) {
  method_result<P> r;
  r.weight = q;
  return exact_output_error(layer.samples(), r);
}

TEST_CASE_TEMPLATE("each band of the result is the better one", P, s3_g64,
                   policy<u3, affine, per_group<64>, scaled_by<f16>>,
                   policy<u2, affine_float_shift, per_group<64>>,
                   policy<s3, symmetric, per_channel>, policy<s3, symmetric, per_tensor>,
                   policy<e2m1, symmetric, per_block<5, 32>>, nvfp4_tensor<>, mx<e2m1>) {
  const sample_layer layer = qtl_test::correlated_layer(22, 130, 40, 3);
  const QTensor<P> plain = quantize<P>(layer.weight);
  const QTensor<P> other =
      rtn{.clip_search = true, .clip = {.least = 0.5f}}.apply<P>({layer.weight.view(), {}})->weight;
  const auto plain_errors = band_errors<P>(layer.samples(), plain, {});
  const auto other_errors = band_errors<P>(layer.samples(), other, {});
  REQUIRE(plain_errors.ok());
  REQUIRE(other_errors.ok());
  QTensor<P> best = other;
  const auto replaced = keep_better_bands<P>(layer.samples(), best, plain, {});
  REQUIRE(replaced.ok());
  const auto errors = band_errors<P>(layer.samples(), best, {});
  std::int64_t expected = 0;
  double sum = 0;
  for (std::size_t b = 0; b < errors->size(); ++b) {
    CHECK((*errors)[b] == doctest::Approx(std::min((*plain_errors)[b], (*other_errors)[b])));
    expected += is_clearly_less((*plain_errors)[b], (*other_errors)[b]) ? 1 : 0;
    sum += (*errors)[b];
  }
  CHECK(*replaced == expected);
  CHECK(sum == doctest::Approx(error_of(layer, best)).epsilon(1e-4));
}

TEST_CASE("clip search and hqq: blind they can lose, with inputs they cannot") {
  const sample_layer layer = outliers_meet();
  const double plain = nearest_output_error<s3_g64>(layer.samples());
  const layer_samples blind{layer.weight.view(), {}};
  CHECK(error_of(layer, rtn{.clip_search = true}.apply<s3_g64>(blind)->weight) > 1.2 * plain);
  CHECK(error_of(layer, hqq{}.apply<s3_g64>(blind)->weight) > 1.2 * plain);
  CHECK(error_of(layer, rtn{.clip_search = true}.apply<s3_g64>(layer.samples())->weight) <= plain);
  CHECK(error_of(layer, hqq{}.apply<s3_g64>(layer.samples())->weight) <= plain);
}

TEST_CASE("the note counts; threads do not; inputs are checked") {
  const sample_layer layer = qtl_test::correlated_layer(70, 128, 40, 5);
  const hqq serial{.iterations = 3};
  const auto one = serial.apply<s3_g64>(layer.samples());
  REQUIRE(one.ok());
  qtl_test::racing_threads pool{3};
  const auto three = hqq{.iterations = 3, .executor = pool}.apply<s3_g64>(layer.samples());
  CHECK(same_tensor(one->weight, three->weight));
  CHECK(one->note == three->note);

  QTensor<s3_g64> zeros = *QTensor<s3_g64>::make(70, 128);
  for (std::int64_t b = 0; b < zeros.layout().grid.size(); ++b)
    store_params<s3_g64>(zeros.span(), b, {1.0f, {}});
  method_result<s3_g64> nothing;
  nothing.weight = zeros;
  REQUIRE(keep_plain_bands(layer.samples(), nothing, {}).ok());
  CHECK(nothing.note == "plain rounding was better in 70 of 70 rows");
  CHECK(same_tensor(nothing.weight, quantize<s3_g64>(layer.weight)));

  const layer_samples narrow{layer.weight.view(), {layer.inputs.data(), 3, 100}};
  CHECK(hqq{}.apply<s3_g64>(narrow).why().code == error_code::shape_mismatch);
  CHECK(rtn{.clip_search = true}.apply<s3_g64>(narrow).why().code == error_code::shape_mismatch);
  CHECK(rtn{}.apply<s3_g64>(narrow).ok());  // plain rounding leaves them unread
}

}  // namespace
