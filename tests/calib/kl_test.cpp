// SPDX-License-Identifier: Apache-2.0
// tests/calib/kl_test.cpp - the search for the clip against the procedure written out, and on cases
// known by hand.
#include "qtl/calib/kl.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_from;
using qtl_test::matrix_of;

// The counts of |x| up to the bin of amax.
std::vector<double> magnitudes(const histogram& h) {
  std::vector<double> c;
  for (int b = 0; b < histogram::bins / 2; ++b)
    c.push_back(static_cast<double>(h.count(histogram::bins / 2 + b) +
                                    h.count(histogram::bins / 2 - 1 - b)));
  while (c.size() > 1 && c.back() == 0) c.pop_back();
  return c;
}

// sum P log(P / Q), with P and Q as arrays.
double plain_divergence(const std::vector<double>& c, std::size_t clip, std::size_t levels) {
  std::vector<double> p(c.begin(), c.begin() + static_cast<std::ptrdiff_t>(clip));
  std::vector<double> q(clip, 0.0);
  double kept = 0;
  for (const double x : p) kept += x;
  for (std::size_t b = clip; b < c.size(); ++b) p.back() += c[b];
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t first = level * clip / levels;
    const std::size_t last = (level + 1) * clip / levels;
    double sum = 0;
    double filled = 0;
    for (std::size_t b = first; b < last; ++b) {
      sum += c[b];
      filled += c[b] > 0 ? 1 : 0;
    }
    for (std::size_t b = first; b < last; ++b)
      if (c[b] > 0) q[b] = sum / filled;
  }
  if (p.back() > 0 && q.back() == 0) q.back() = 1e-4;
  double all = 0;
  for (const double x : c) all += x;
  double sum = 0;
  for (std::size_t b = 0; b < clip; ++b)
    if (p[b] > 0) sum += p[b] / all * std::log((p[b] / all) / (q[b] / kept));
  return sum;
}

std::size_t plain_clip(const histogram& h, std::size_t levels) {
  const std::vector<double> c = magnitudes(h);
  auto first = static_cast<std::size_t>(std::ceil(0.6 * static_cast<double>(c.size())));
  if (first < levels) first = levels;
  std::size_t best = c.size();
  double least = HUGE_VAL;
  for (std::size_t clip = c.size(); clip >= first; --clip) {
    const double d = plain_divergence(c, clip, levels);
    if (d < least - 1e-9) {
      least = d;
      best = clip;
    }
  }
  return best;
}

matrix<float> exponential(float scale, std::int64_t n) {
  return matrix_from(1, n, [&](std::int64_t, std::int64_t j) {
    const double u = (static_cast<double>(j) + 0.5) / static_cast<double>(n);
    const auto x = static_cast<float>(-std::log(1 - u)) * scale;
    return j % 2 == 0 ? x : -x;
  });
}

TEST_CASE("KL: uniform data is kept whole") {
  for (const int bits : {2, 4, 8}) {
    kl_observer o = *kl_observer::make(bits);
    CHECK(o.observe(matrix_from(64, 1024, [](std::int64_t i, std::int64_t j) {
             return static_cast<float>(i * 1024 + j) * 0x1p-16f - 0.5f;
           })).ok());
    CHECK(o.range().min == -0.5f);
    CHECK(o.range().max == 0.5f - 0x1p-16f);
  }
}

TEST_CASE("KL: a rare outlier is clipped, down to where the search begins") {
  // All but one lie within .3 of the outlier, falling off within each level: the narrower the
  // levels, the less is lost, and one element in 20,000 hardly counts.
  kl_observer o = *kl_observer::make(3);
  matrix<float> x = exponential(0.1f, 20000);
  for (std::int64_t j = 0; j < x.cols(); ++j)
    if (magnitude(x(0, j)) > 0.3f) x(0, j) = 0;
  x(0, 0) = 1.0f;
  CHECK(o.observe(x).ok());
  CHECK(o.range().max == doctest::Approx(0.6).epsilon(0.001));
  CHECK(o.range().min == scan_range(x.view()).range().min);
}

TEST_CASE("KL: a cliff within reach of the search is found") {
  // The counts of the magnitudes below 0.75 repeat four bins long, so that 4 bins per level lose
  // nothing only where levels and bins match: 384 levels over 1536 of 2048 bins.
  std::vector<float> x;
  for (int b = 0; b < 1536; ++b) {
    const int copies = b / 4 % 2 == 0 ? 10 : 30;
    for (int k = 0; k < copies; ++k) x.push_back((static_cast<float>(b) + 0.5f) * 0x1p-12f);
  }
  x.push_back(2047.5f * 0x1p-12f);
  kl_observer o = *kl_observer::make_levels(384);
  // [0, 1) takes 4096 bins from a power of two on; this amax lies just below 0.5.
  CHECK(o.observe(matrix_view<const float>(x.data(), 1, static_cast<std::int64_t>(x.size()))).ok());
  CHECK(o.counts().bin_width() == 0x1p-13);
  CHECK(o.range().max == doctest::Approx(1536.0 * 0x1p-12).epsilon(0.001));
  CHECK(o.range().min == 0.5f * 0x1p-12f);
}

TEST_CASE("KL: the clip is that of the procedure written out") {
  for (const int levels : {7, 15, 128, 255})
    for (const std::uint64_t seed : {0u, 1u, 2u}) {
      kl_observer o = *kl_observer::make_levels(levels);
      if (seed == 0)
        CHECK(o.observe(exponential(0.3f, 20000)).ok());
      else
        CHECK(o.observe(qtl_test::noise_matrix(100, 50, seed)).ok());
      const auto clip = plain_clip(o.counts(), static_cast<std::size_t>(levels));
      const auto cut = static_cast<float>(static_cast<double>(clip) * o.counts().bin_width());
      const value_range seen = o.counts().range();
      CHECK(o.range().max == std::fmin(cut, seen.max));
      CHECK(o.range().min == std::fmax(-cut, seen.min));
    }
}

TEST_CASE("KL: one-sided data stays one-sided, and in order") {
  kl_observer o;
  CHECK(o.observe(matrix_of({{-10, -9.5f, -9}})).ok());
  CHECK(o.range().min >= -10.0f);
  CHECK(o.range().min <= o.range().max);
  CHECK(o.range().max <= 0.0f);
  o.reset();
  CHECK(o.observe(matrix_of({{0, 0, 0}})).ok());
  CHECK(o.range().max == 0.0f);
}

TEST_CASE("KL: options are checked, kept, and must agree to merge") {
  CHECK(kl_observer{}.levels() == 255);
  CHECK(kl_observer::make(4)->levels() == 15);
  for (const int bad : {0, 1, 9, -3})
    CHECK(kl_observer::make(bad).why().code == error_code::invalid_argument);
  for (const int bad : {0, -1, 2049})
    CHECK(kl_observer::make_levels(bad).why().code == error_code::invalid_argument);
  kl_observer a = *kl_observer::make_levels(128);
  CHECK(kl_observer::load(a.save())->levels() == 128);
  CHECK(a.merge(kl_observer{}).code == error_code::invalid_argument);
}

}  // namespace
