// SPDX-License-Identifier: Apache-2.0
// tests/calib/histogram_test.cpp - the bins, their exact merging, percentiles, and states that no
// save() wrote.
#include "qtl/calib/histogram.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/calib/percentile.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_from;
using qtl_test::matrix_of;

// Alive until the end of the expression that asks.
class view_of {
 public:
  view_of(std::initializer_list<std::initializer_list<float>> rows) : m_(matrix_of(rows)) {}
  operator matrix_view<const float>() const { return m_.view(); }

 private:
  matrix<float> m_;
};

std::vector<std::byte> state(const histogram& h) {
  observer_writer out;
  h.save(out);
  return out.finish("test");
}

TEST_CASE("histogram: a bin is [edge, edge + width), and the width is a power of two") {
  histogram h;
  CHECK(h.add(view_of({{-4, 3.9990234375f, 0, -0.0f, -0x1p-149f, 1}})).ok());  // e = 3
  CHECK(h.bin_width() == 8.0 / 4096);
  CHECK(h.count(4096) == 2);
  CHECK(h.count(4095) == 1);  // the smallest negative is not 0
  CHECK(h.count(4096 + 512) == 1);
  CHECK(h.edge(4096 + 512) == 1.0);
  CHECK(h.count(4096 - 2048) == 1);
  CHECK(h.edge(4096 + 2047) == 3.998046875);
  CHECK(h.count(4096 + 2047) == 1);
  CHECK(h.total() == 6);
  CHECK(h.center(2048) == -4.0f + 0x1p-10f);
  CHECK(h.center(4096 + 2047) == 3.9990234375f);  // the middle, which is where max lies
}

TEST_CASE("histogram: any order and any split give the same counts, over all magnitudes") {
  std::vector<float> values;
  for (int e = -149; e <= 127; ++e) {
    const float v = e < -126 ? power_of_two(e) : power_of_two(e) * 1.9375f;
    values.push_back(v);
    values.push_back(-v);
    values.push_back(0.0f);
  }
  const auto n = static_cast<std::int64_t>(values.size());
  histogram whole;
  CHECK(whole.add({values.data(), 1, n}).ok());
  for (const bool backwards : {false, true}) {
    histogram one_by_one;
    histogram even;
    histogram odd;
    for (std::int64_t k = 0; k < n; ++k) {
      const std::int64_t i = backwards ? n - 1 - k : k;
      CHECK(one_by_one.add({&values[static_cast<std::size_t>(i)], 1, 1}).ok());
      CHECK((k % 2 == 0 ? even : odd).add({&values[static_cast<std::size_t>(i)], 1, 1}).ok());
    }
    CHECK(state(one_by_one) == state(whole));
    histogram merged = even;
    merged.merge(odd);
    CHECK(state(merged) == state(whole));
    odd.merge(even);
    CHECK(state(odd) == state(whole));
  }
}

TEST_CASE("histogram: more than 2048 bins lie within amax") {
  for (const float amax : {1.0f, 1.5f, 1.99f, 2.0f, 1e-20f, 3e38f}) {
    histogram h;
    CHECK(h.add(view_of({{amax}})).ok());
    CHECK(amax / h.bin_width() >= 2048);
    CHECK(amax / h.bin_width() < 4096);
  }
}

TEST_CASE("histogram: load refuses what save does not write, even under a right checksum") {
  histogram h;
  CHECK(h.add(view_of({{1.0f, 1.001f}})).ok());
  scanned_range range;
  const float ends[] = {1.0f, 1.001f};
  range.add(ends, 2, 1);
  const auto load = [&](int exponent, int first, int last, std::vector<std::int64_t> counts) {
    observer_writer out;
    out.put(std::int32_t{exponent}).put(range).put(std::int32_t{first}).put(std::int32_t{last});
    for (const std::int64_t c : counts) out.put(c);
    const std::vector<std::byte> bytes = out.finish("test");
    observer_reader in("test", bytes);
    histogram back;
    return back.load(in) && in.finished();
  };
  CHECK(load(1, 6144, 6147, {1, 0, 1}));
  CHECK_FALSE(load(1, 6144, 6147, {1, 0}));
  CHECK_FALSE(load(1, 6144, 6147, {1, 0, 1, 0}));
  CHECK_FALSE(load(1, 6144, 6147, {1, -1, 1}));
  CHECK_FALSE(load(1, 6144, 6147, {INT64_MAX, 0, 1}));
  CHECK_FALSE(load(1, 6144, 6147, {0, 1, 1}));
  CHECK_FALSE(load(1, 6144, 6147, {1, 1, 0}));
  CHECK_FALSE(load(1, 6145, 6147, {1, 1}));
  CHECK_FALSE(load(1, 6144, 6146, {1, 1}));
  CHECK_FALSE(load(1, 6144, 6144, {}));
  CHECK_FALSE(load(1, -1, 2, {1, 0, 1}));
  CHECK_FALSE(load(1, 8190, 8193, {1, 0, 1}));
  CHECK_FALSE(load(2, 6144, 6147, {1, 0, 1}));
  CHECK_FALSE(load(200, 6144, 6147, {1, 0, 1}));
}

TEST_CASE("percentile: 0..9999 ends at 0.1 and 99.9 percent, within a bin") {
  const matrix<float> x = matrix_from(
      100, 100, [](std::int64_t i, std::int64_t j) { return static_cast<float>(i * 100 + j); });
  const double bin = 16384.0 / 4096;
  percentile_observer usual;
  CHECK(usual.observe(x).ok());
  CHECK(std::fabs(usual.range().min - 10.0) <= bin);
  CHECK(std::fabs(usual.range().max - 9990.0) <= bin);
  percentile_observer finer = *percentile_observer::make(99.99);
  CHECK(finer.observe(x).ok());
  CHECK(std::fabs(finer.range().min - 1.0) <= bin);
  CHECK(std::fabs(finer.range().max - 9999.0) <= bin);
  percentile_observer one_sided = *percentile_observer::make(0, 50);
  CHECK(one_sided.observe(x).ok());
  CHECK(one_sided.range().min == 0.0f);
  CHECK(std::fabs(one_sided.range().max - 5000.0) <= bin);
  percentile_observer all = *percentile_observer::make(100);
  CHECK(all.observe(x).ok());
  CHECK(all.range().min == 0.0f);
  CHECK(all.range().max == 9999.0f);
}

TEST_CASE("percentile: an outlier in 100,000 is left out, by 99.999 percent it is not") {
  matrix<float> x = matrix_from(100, 1001, [](std::int64_t i, std::int64_t j) {
    return qtl_test::noise(5, 64 * (i * 1001 + j));
  });
  x(50, 50) = 100.0f;
  percentile_observer usual;
  CHECK(usual.observe(x).ok());
  CHECK(usual.range().max < 2.0f + 100.0f / 2048);
  CHECK(usual.range().min >= -2.0f);
  percentile_observer finest = *percentile_observer::make(99.9995);
  CHECK(finest.observe(x).ok());
  CHECK(finest.range().max > 99.0f);
}

TEST_CASE("percentile: options are checked, kept, and must agree to merge") {
  for (const double bad : {50.0, 0.0, 100.5, -1.0, double{quiet_nan}})
    CHECK(percentile_observer::make(bad).why().code == error_code::invalid_argument);
  CHECK_FALSE(percentile_observer::make(60, 40).ok());
  percentile_observer a = *percentile_observer::make(99.99);
  CHECK(a.observe(matrix_of({{1, 2}})).ok());
  a.reset();
  CHECK(a.upper() == 99.99);
  CHECK(percentile_observer::load(a.save())->upper() == 99.99);
  percentile_observer b;
  CHECK(b.observe(matrix_of({{1, 2}})).ok());
  const auto before = a.save();
  CHECK(a.merge(b).code == error_code::invalid_argument);
  CHECK(a.save() == before);
  CHECK(percentile_observer{}.merge(*percentile_observer::make(99.9)).ok());
}

}  // namespace
