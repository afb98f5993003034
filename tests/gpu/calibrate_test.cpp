// SPDX-License-Identifier: Apache-2.0
// tests/gpu/calibrate_test.cpp - ranges and histograms of memory on the GPU are those of the host.
#include "qtl/gpu/host/calibrate.cuh"

#include <vector>

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;

std::vector<std::byte> state(const histogram& h) {
  observer_writer out;
  h.save(out);
  return out.finish("test");
}

template<class F>
void check_format() {
  CAPTURE(F::name.c_str());
  histogram host;
  histogram gpu;
  // The third batch is wider than those before it, the last narrower.
  for (const float factor : {1.0f, 0x1p-3f, 300.0f, 0x1p-20f}) {
    matrix<float> x = noise_matrix(7, 111, 3);
    for (std::int64_t i = 0; i < x.rows(); ++i)
      for (std::int64_t j = 0; j < x.cols(); ++j) x(i, j) *= factor;
    const stored_reals<F> batch = store_reals<F>(x);
    const result<scanned_range> seen = gpu::scan_on_gpu<F>(batch.data(), 777);
    require_ok(seen.why());
    const value_range expected = scan_range(batch.host.view()).range();
    CHECK(seen->range().min == expected.min);
    CHECK(seen->range().max == expected.max);
    REQUIRE(host.add(batch.host.view()).ok());
    require_ok(gpu::count_on_gpu<F>(gpu, batch.data(), 777));
  }
  CHECK(gpu.total() == 4 * 777);
  CHECK(state(gpu) == state(host));
}

TEST_CASE("ranges and histograms of batches in every format") {
  check_format<f32>();
  check_format<f16>();
  check_format<bf16>();
}

TEST_CASE("extreme magnitudes fall into the host's bins") {
  const matrix<float> x = matrix_from(1, 600, [](std::int64_t, std::int64_t j) {
    const float size = power_of_two(static_cast<int>(j / 2) - 149) * 1.75f;
    return j / 2 - 149 > 127 ? 0.0f : j % 2 == 0 ? size : -size;
  });
  const stored_reals<f32> batch = store_reals<f32>(x);
  histogram host;
  histogram gpu;
  REQUIRE(host.add(batch.host.view()).ok());
  require_ok(gpu::count_on_gpu<f32>(gpu, batch.data(), 600));
  CHECK(state(gpu) == state(host));
}

TEST_CASE("NaN and Inf are refused and change nothing; an empty batch is not an error") {
  for (const float bad : {quiet_nan, infinity}) {
    matrix<float> x = noise_matrix(1, 50, 1);
    x(0, 33) = bad;
    const stored_reals<f32> batch = store_reals<f32>(x);
    CHECK(!gpu::scan_on_gpu<f32>(batch.data(), 50)->all_finite());
    histogram h;
    CHECK(gpu::count_on_gpu<f32>(h, batch.data(), 50).code == error_code::not_finite);
    CHECK(h.empty());
    require_ok(gpu::count_on_gpu<f32>(h, batch.data(), 33));
    CHECK(h.total() == 33);
  }
  const device_array<float> none(1);
  CHECK(gpu::scan_on_gpu<f32>(none.data(), 0)->empty());
  CHECK(gpu::scan_on_gpu<f32>(none.data(), -1).why().code == error_code::invalid_argument);
}

}  // namespace
