// SPDX-License-Identifier: Apache-2.0
// tests/methods/double_quantization_test.cpp - scales as codes: the codebook, exact bytes, errors
// within their bounds.
#include <cmath>

#include <doctest/doctest.h>

#include "qtl/methods/quantized_scales.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/policy/presets.hpp"

#include "methods/sample_layers.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;

using nf4_g64 = policy<nf4, symmetric, per_group<64>>;

TEST_CASE("the dynamic codebook") {
  constexpr auto& v = dynamic_8bit_table::values;
  for (std::size_t i = 1; i < 256; ++i) CHECK(v[i - 1] < v[i]);
  CHECK(v[0] == doctest::Approx(-(1 - 0.9 / 128)));
  CHECK(v[127] == 0.0f);
  CHECK(v[128] == doctest::Approx(0.55e-6));
  CHECK(v[129] == doctest::Approx(3.25e-6));
  CHECK(v[130] == doctest::Approx(7.75e-6));
  CHECK(v[254] == doctest::Approx(1 - 0.9 / 128));
  CHECK(v[255] == 1.0f);
  CHECK(dynamic_8bit::encode(0.0f) == 127);
  CHECK(dynamic_8bit::encode(2.0f) == 255);
}

TEST_CASE("exact bytes, and what they buy") {
  const auto q = quantize<nf4_g64>(noise_matrix(40, 640, 1));
  const auto d = double_quantize(q);
  REQUIRE(d.ok());
  const std::int64_t blocks = 40 * 10;
  // codes; a code per scale; a scale per 256 of those; offset and least
  CHECK(d->bytes() == 40 * 320 + blocks + 4 * 2 + 8);
  const auto report = report_scales(q, *d);
  REQUIRE(report.ok());
  CHECK(report->bits_before == 4.5);
  CHECK(report->bits_after == doctest::Approx(8.0 * static_cast<double>(d->bytes()) / (40 * 640)));
  CHECK(report->bits_after < 4.14);
  MESSAGE("nf4 g64: bits " << report->bits_before << " -> " << report->bits_after << "; scales "
                           << report->scales.sqnr_db << " dB, reals " << report->reals.sqnr_db
                           << " dB");
  CHECK(report->scales.sqnr_db > 35);
  CHECK(report->reals.sqnr_db > 35);
}

template<class S, class P>
void check_scales_near(const matrix<float>& w, double steps) {
  const auto q = quantize<P>(w);
  const auto d = double_quantize<S>(q);
  REQUIRE(d.ok());
  const auto expanded = d->expand();
  REQUIRE(expanded.ok());
  for (std::int64_t i = 0; i < q.rows(); ++i)
    for (std::int64_t j = 0; j < q.cols(); ++j) {
      REQUIRE(expanded->code(i, j) == q.code(i, j));
      REQUIRE(expanded->zero_point_at(i, j) == q.zero_point_at(i, j));
      const double step = d->scales.scale_at(0, q.layout().grid.index(i, j));
      REQUIRE(std::fabs(double{expanded->scale_at(i, j)} - double{q.scale_at(i, j)}) <=
              steps * step + 1e-3 * double{q.scale_at(i, j)});
      REQUIRE(expanded->scale_at(i, j) >= d->least);
    }
}

TEST_CASE("scales by any policy; codes and zero points stay") {
  const matrix<float> w = noise_matrix(30, 300, 2);
  check_scales_near<bnb_scales, nf4_g64>(
      w, 0.0071);  // half of 0.9 * 2 / 128, and the gap up to 1 once
  check_scales_near<policy<s8, symmetric, per_group<256>>, policy<s4, symmetric, per_group<32>>>(
      w, 0.5);
  check_scales_near<policy<u8, affine, per_tensor>,
                    policy<u4, affine, per_group<64>, scaled_by<f16>>>(w, 0.51);
  check_scales_near<policy<e4m3, symmetric, per_group<16>>, policy<s3, symmetric, per_channel>>(
      w, 16.0);
}

TEST_CASE("scales that differ by decades: none is lost") {
  matrix<float> w = noise_matrix(4, 512, 3);
  for (std::int64_t j = 0; j < 64; ++j) w(1, j) *= 1e-6f;
  for (std::int64_t j = 0; j < 64; ++j) w(2, j) *= 1e3f;
  const auto d = double_quantize(quantize<nf4_g64>(w));
  REQUIRE(d.ok());
  for (std::int64_t b = 0; b < 32; ++b) CHECK(d->scale(b) > 0.0f);
  const auto same = double_quantize(
      quantize<nf4_g64>(*matrix<float>::make(2, 128)));  // all-zero: every scale is 1
  REQUIRE(same.ok());
  for (std::int64_t b = 0; b < 4; ++b) CHECK(same->scale(b) == 1.0f);
}

TEST_CASE("empty tensors, and reports on another tensor") {
  const auto q = quantize<nf4_g64>(noise_matrix(2, 64, 1));
  const auto d = double_quantize(*QTensor<nf4_g64>::make(0, 64));
  REQUIRE(d.ok());
  CHECK(d->expand().ok());
  CHECK(report_scales(q, *d).why().code == error_code::shape_mismatch);
  static_assert(!HasWideScales<nvfp4_tensor<>> && !HasWideScales<mx<e2m1>> &&
                HasWideScales<nf4_g64>);
}

TEST_CASE("behind a method: the bytes of the codes, the reals of the expanded scales") {
  const matrix<float> w = noise_matrix(24, 512, 4);
  const layer_samples layer{w.view(), {}};
  const auto made = quantized_scales<rtn>{}.apply<nf4_g64>(layer);
  REQUIRE(made.ok());
  const auto d = double_quantize(quantize<nf4_g64>(w));
  CHECK(made->bytes() == d->bytes());
  CHECK(made->bits_per_weight() == d->bits_per_element());
  CHECK(made->bits_per_weight() < 4.15);
  for (std::int64_t j = 0; j < 512; j += 64)
    CHECK(made->weight.scale_at(3, j) == d->scale(d->layout.grid.index(3, j)));
}

TEST_CASE("behind a method: scales that are small already stay") {
  const matrix<float> w = noise_matrix(4, 64, 5);
  const auto made = quantized_scales<rtn>{}.apply<mx<e2m1>>({w.view(), {}});
  REQUIRE(made.ok());
  CHECK(made->stored_bytes == 0);
  CHECK(made->bits_per_weight() == 4.25);
  CHECK(quantized_scales<rtn>::name == "dq rtn");
}

}  // namespace
