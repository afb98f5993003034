// SPDX-License-Identifier: Apache-2.0
// tests/nn/products_test.cpp - the CPU's products against the reference: every pair of policies,
// every awkward extent, strides, threads, extremes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/ops/compare.hpp"

#include "effort.hpp"
#include "nn/layer_cases.hpp"

namespace {

using namespace qtl;
using qtl_test::check_report;
using qtl_test::layer_case;
using qtl_test::layer_cases;
using qtl_test::noise_matrix;
using qtl_test::noise_vector;

struct shape {
  std::int64_t m, n, k;
};

// Every awkward extent stands once in every place; then pairs across the tiles of 64 and 256.
constexpr shape shapes[] = {
    {0, 3, 5},    {1, 500, 127}, {2, 129, 500}, {3, 128, 129}, {5, 127, 128}, {31, 33, 33},
    {32, 32, 32}, {33, 31, 31},  {127, 5, 3},   {128, 2, 2},   {129, 1, 1},   {500, 0, 0},
    {1, 1, 0},    {2, 0, 7},     {65, 65, 257}, {257, 3, 70},  {1, 64, 512}};

template<class F>
void for_each_case(F&& check) {
  for (const layer_case& c : layer_cases()) {
    CAPTURE(c.name);
    check(c);
  }
}

// All outputs agreed, and there were as many as expected.
void check_agreement(std::int64_t outputs) {
  const check_report& report = check_report::last();
  CAPTURE(report.kernel.c_str());
  CHECK(report.compared == outputs);
  CHECK(report.wrong == 0);
  CHECK(report.worst_ratio <= 1.0);
}

TEST_CASE("the shapes take every awkward extent in every place") {
  for (const std::int64_t extent : qtl_test::awkward_extents) {
    CHECK(std::any_of(std::begin(shapes), std::end(shapes),
                      [&](shape s) -> bool { return s.m == extent; }));
    CHECK(std::any_of(std::begin(shapes), std::end(shapes),
                      [&](shape s) -> bool { return s.n == extent; }));
    CHECK(std::any_of(std::begin(shapes), std::end(shapes),
                      [&](shape s) -> bool { return s.k == extent; }));
  }
}

TEST_CASE("every pair of policies at every shape, with and without bias") {
  CHECK(layer_cases().size() == shipped_presets::size + 19);
  for_each_case([](const layer_case& c) {
    std::uint64_t seed = 100;
    for (const shape& s : shapes) {
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      const matrix<float> w = noise_matrix(s.n, s.k, ++seed);
      const matrix<float> x = noise_matrix(s.m, s.k, ++seed);
      const std::vector<float> bias = noise_vector(seed % 4 == 0 ? 0 : s.n, seed + 1000);
      const any_linear layer = c.make_checked(w.view(), bias, qtl_test::range_of(x.view()));
      const bool both = s.m * s.n * s.k <= qtl_test::effort(2'000'000, 100'000);
      check_report::reset(both ? qtl_test::oracle::both : qtl_test::oracle::decoded);
      const matrix<float> y = qtl_test::apply(layer, x.view());
      check_agreement(s.m * s.n);
      CHECK(check_report::last().oracles_differ == 0);
      CHECK(check_report::last().nans == 0);
    }
  });
}

TEST_CASE("layers come near the product of the reals") {
  const matrix<float> w = noise_matrix(40, 200, 1);
  const matrix<float> x = noise_matrix(6, 200, 2);
  const std::vector<float> bias = noise_vector(40, 3);
  const matrix<float> exact = qtl_test::matrix_from(6, 40, [&](std::int64_t i, std::int64_t j) {
    double sum = bias[static_cast<std::size_t>(j)];
    for (std::int64_t p = 0; p < 200; ++p) sum += double{x(i, p)} * double{w(j, p)};
    return static_cast<float>(sum);
  });
  for_each_case([&](const layer_case& c) {
    const any_linear layer = c.make(w.view(), bias, qtl_test::range_of(x.view()));
    const comparison found = compare(exact, qtl_test::apply(layer, x.view()));
    const int bits = std::min(c.desc.weight.bits, c.desc.activation.bits);
    CHECK(found.sqnr_db > (bits >= 8 ? 15.0 : bits >= 3 ? 8.0 : bits == 2 ? 2.0 : -6.0));
    CHECK(found.cosine > (bits >= 8 ? 0.98 : bits >= 3 ? 0.9 : bits == 2 ? 0.8 : 0.3));
  });
}

TEST_CASE("integer pairs run the integer kernel and no other does") {
  std::set<accumulation> seen;
  for_each_case([&](const layer_case& c) {
    const any_linear layer = c.make(noise_matrix(3, 128, 1).view(), {}, {-1, 1});
    const accumulation a = choose_accumulation(c.desc.weight, c.desc.activation, 128);
    seen.insert(a);
    CHECK(layer.desc() == c.desc);
    if (!c.is_preset) return;
    const std::string name = layer.kernel_name();
    CHECK((name.find("integer") != std::string::npos) == (a != accumulation::real));
  });
  CHECK(seen ==
        std::set<accumulation>{accumulation::s32, accumulation::s32_grouped, accumulation::real});
}

TEST_CASE("x and y with strides, workspace at an odd address") {
  const matrix<float> w = noise_matrix(70, 130, 4);
  const matrix<float> x = noise_matrix(7, 130, 5);
  for_each_case([&](const layer_case& c) {
    const any_linear layer = c.make(w.view(), {}, qtl_test::range_of(x.view()));
    const matrix<float> expected = qtl_test::apply(layer, x.view());

    std::vector<float> x_memory(3 * 130 * 20, 1e30f);  // column-major, every third element
    const matrix_view<float> strided_x(x_memory.data() + 2, 7, 130, 3, 3 * 20);
    for (std::int64_t i = 0; i < 7; ++i)
      for (std::int64_t j = 0; j < 130; ++j) strided_x(i, j) = x(i, j);
    std::vector<float> y_memory(70 * 20 * 2, -7.5f);
    const matrix_view<float> strided_y(y_memory.data() + 1, 7, 70, 2, 40);

    const std::int64_t size = layer.workspace_size(7);
    std::vector<std::byte> workspace(static_cast<std::size_t>(size) + 3 + 64, std::byte{0xA5});
    const std::span<std::byte> odd(workspace.data() + 3, static_cast<std::size_t>(size));
    REQUIRE(layer.run(strided_x, strided_y, {odd, {}, nullptr}).ok());
    CHECK(qtl_test::same_matrix(strided_y, expected.view()));
    std::int64_t untouched = 0;
    for (const float v : y_memory) untouched += v == -7.5f ? 1 : 0;
    CHECK(untouched == static_cast<std::int64_t>(y_memory.size()) - 7 * 70);
    for (std::size_t b = 3 + static_cast<std::size_t>(size); b < workspace.size(); ++b)
      REQUIRE(workspace[b] == std::byte{0xA5});
  });
}

// Deals indices out to threads of its own, as an engine's pool would.
struct thread_pool {
  int count;
  int threads() const { return count; }
  template<class F>
  void parallel_for(std::int64_t n, F&& f) {
    std::vector<std::thread> workers;
    for (int t = 0; t < count; ++t)
      workers.emplace_back([&, t] {
        for (std::int64_t i = t; i < n; i += count) f(i);
      });
    for (std::thread& worker : workers) worker.join();
  }
};

TEST_CASE("one to four threads give the same bits") {
  const matrix<float> w = noise_matrix(150, 140, 6);
  const matrix<float> x = noise_matrix(9, 140, 7);
  const std::vector<float> bias = noise_vector(150, 8);
  for_each_case([&](const layer_case& c) {
    const any_linear layer = c.make(w.view(), bias, qtl_test::range_of(x.view()));
    const matrix<float> serial = qtl_test::apply(layer, x.view());
    for (int count = 1; count <= 4; ++count) {
      thread_pool pool{count};
      const auto parallel = layer.try_apply(x.view(), pool);
      REQUIRE(parallel.ok());
      CHECK(qtl_test::same_matrix(parallel->view(), serial.view()));
    }
  });
}

// Rows of `poisoned` that hold a NaN are all NaN; the others are what they are without that token.
void check_poison(const any_linear& layer, const matrix<float>& x, std::int64_t token, float bad,
                  bool all_nan) {
  const matrix<float> before = qtl_test::apply(layer, x.view());
  for (const std::int64_t column : {std::int64_t{0}, std::int64_t{77}, x.cols() - 1}) {
    matrix<float> poisoned = x;
    poisoned(token, column) = bad;
    const matrix<float> y = qtl_test::apply(layer, poisoned.view());
    for (std::int64_t i = 0; i < y.rows(); ++i)
      for (std::int64_t j = 0; j < y.cols(); ++j) {
        if (i == token && all_nan) REQUIRE(is_nan(y(i, j)));
        if (i == token && !all_nan) REQUIRE_FALSE(is_finite(y(i, j)));
        if (i != token) REQUIRE(qtl_test::same_float(y(i, j), before(i, j)));
      }
  }
}

TEST_CASE(
    "a NaN in a token makes that token NaN, and only that; so does Inf where the scale is dynamic") {
  const matrix<float> w = noise_matrix(70, 140, 9);
  matrix<float> x = noise_matrix(4, 140, 10);
  for (std::int64_t j = 0; j < 140; ++j)
    x(2, j) *= 0.25f;  // the token to poison is not the one that sets a shared scale
  for_each_case([&](const layer_case& c) {
    const any_linear layer = c.make(w.view(), {}, qtl_test::range_of(x.view()));
    check_poison(layer, x, 2, quiet_nan, true);
    if (c.desc.activation.is_dynamic) check_poison(layer, x, 2, -infinity, true);
  });
}

TEST_CASE("Inf in an f16, bf16 or f32 token is never a finite number") {
  matrix<float> w = noise_matrix(20, 140, 9);
  for (std::int64_t e = 0; e < 20 * 140; ++e)
    w.data()[e] = w.data()[e] < 0 ? -1.0f - static_cast<float>(e % 7) : 1.0f;
  const matrix<float> x = noise_matrix(4, 140, 10);
  for_each_case([&](const layer_case& c) {
    if (!c.desc.activation.is_unscaled() || c.desc.activation.bits < 16) return;
    check_poison(c.make(w.view(), {}, {}), x, 2, infinity, false);
  });
}

TEST_CASE("extremes: all elements at an end of the range, or alternating between the ends") {
  const auto all_low = [](std::int64_t, std::int64_t) { return -3.0f; };
  const auto alternating = [](std::int64_t i, std::int64_t j) {
    return (i + j) % 2 == 0 ? -2.0f : 2.0f;
  };
  const auto mostly_high = [](std::int64_t, std::int64_t j) { return j == 0 ? -1.0f : 1.0f; };
  for_each_case([&](const layer_case& c) {
    for (const std::int64_t k : {255, 256, 257, 600}) {
      for (int pattern = 0; pattern < 3; ++pattern) {
        const auto make = [&](std::int64_t rows) {
          return pattern == 0   ? qtl_test::matrix_from(rows, k, all_low)
                 : pattern == 1 ? qtl_test::matrix_from(rows, k, alternating)
                                : qtl_test::matrix_from(rows, k, mostly_high);
        };
        const matrix<float> x = make(3);
        check_report::reset();
        qtl_test::apply(c.make_checked(make(5).view(), {}, qtl_test::range_of(x.view())), x.view());
        check_agreement(15);
      }
    }
  });
}

TEST_CASE("zeros give the bias exactly") {
  const std::vector<float> bias = noise_vector(9, 11);
  const matrix<float> nothing = *matrix<float>::make(2, 40);
  for_each_case([&](const layer_case& c) {
    const matrix<float> y =
        qtl_test::apply(c.make(noise_matrix(9, 40, 12).view(), bias, {-1, 1}), nothing.view());
    for (std::int64_t j = 0; j < 9; ++j)
      CHECK(std::fabs(y(1, j) - bias[static_cast<std::size_t>(j)]) <= 1e-6f);
  });
}

}  // namespace
