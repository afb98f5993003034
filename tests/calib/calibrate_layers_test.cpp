// SPDX-License-Identifier: Apache-2.0
// tests/calib/calibrate_layers_test.cpp - calibration of the library's own layers, up to the layer
// it makes.
#include <vector>

#include <doctest/doctest.h>

#include "qtl/calib/calibrate.hpp"
#include "qtl/calib/percentile.hpp"
#include "qtl/cpu.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;

TEST_CASE("calibrate: QLinear layers in a chain, then static layers from what was observed") {
  using preset = w8a8_static;
  using W = preset::weight;
  using A = preset::activation;
  const auto weights = [](std::uint64_t seed) { return quantize<W>(noise_matrix(16, 16, seed)); };
  const QLinear<W, a32> first(weights(1));
  const QLinear<W, a32> second(weights(2));
  const matrix<float> x = noise_matrix(40, 16, 3);
  std::vector<minmax_observer> observers(2);
  CHECK(calibrate(chain(first, second), row_batches(as_view(x), 8), observers).batches == 5);

  minmax_observer middle;  // batch by batch too: f32 sums depend on the number of tokens
  for (std::int64_t i = 0; i < 40; i += 8)
    CHECK(middle.observe(first(as_view(x).row_range(i, 8))).ok());
  CHECK(observers[1].range().min == middle.range().min);
  CHECK(observers[1].range().max == middle.range().max);
  CHECK(try_params<A>(observers[0])->scale == calibrate<A>(x).scale);

  const std::vector<float> no_bias;
  const QLinear<W, A> calibrated(weights(2), no_bias, *try_params<A>(observers[1]));
  CHECK(compare(second(first(x)), calibrated(first(x))).sqnr_db > 30);
}

TEST_CASE("calibrate: a batch of another width than k") {
  const QLinear<policy<s8, symmetric, per_channel>, a32> layer(
      quantize<policy<s8, symmetric, per_channel>>(noise_matrix(4, 16, 1)));
  percentile_observer observer;
  const status s = try_calibrate(layer, noise_matrix(2, 15, 1), observer).why();
  CHECK(s.code == error_code::shape_mismatch);
  CHECK(s.expected == 16);
  CHECK(s.actual == 15);
  CHECK(observer.empty());
}

}  // namespace
