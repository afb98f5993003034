// SPDX-License-Identifier: Apache-2.0
// tests/methods/autotune_budget_test.cpp - the dynamic program is exhaustive search; greedy is
// honest.
#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/methods/autotune.hpp"

namespace {

using namespace qtl;

// Few different values, so that ties are common; some errors that do not add up exactly.
tuning_options random_options(std::mt19937& random, bool coarse) {
  tuning_options layers(1 + random() % 5);
  for (auto& options : layers) {
    const std::size_t count = 1 + random() % 5;
    for (std::size_t c = 0; c < count; ++c) {
      const auto bytes = static_cast<std::int64_t>(random() % (coarse ? 6 : 1000));
      const double error =
          coarse ? static_cast<double>(random() % 5) : 1e-3 * static_cast<double>(random() % 1000);
      options.push_back({bytes, error, c});
    }
  }
  return layers;
}

// Calls f(bytes, error) for every choice there is.
template<class F>
void for_each_choice(const tuning_options& layers, F&& f) {
  std::vector<std::size_t> picks(layers.size(), 0);
  for (;;) {
    std::int64_t bytes = 0;
    double error = 0;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      bytes += layers[l][picks[l]].bytes;
      error += layers[l][picks[l]].error;
    }
    f(bytes, error);
    std::size_t l = 0;
    while (l < layers.size() && ++picks[l] == layers[l].size()) picks[l++] = 0;
    if (l == layers.size()) return;
  }
}

struct best_choice {
  std::int64_t bytes = 0;
  double error = std::numeric_limits<double>::infinity();
};

best_choice exhaustive(const tuning_options& layers, std::int64_t budget) {
  best_choice best;
  for_each_choice(layers, [&](std::int64_t bytes, double error) {
    if (bytes > budget) return;
    if (error < best.error || (error == best.error && bytes < best.bytes)) best = {bytes, error};
  });
  return best;
}

std::int64_t least_bytes(const tuning_options& layers) {
  std::int64_t least = INT64_MAX;
  for_each_choice(layers, [&](std::int64_t bytes, double) { least = std::min(least, bytes); });
  return least;
}

// A choice's own sums are those of its candidates.
void check_sums(const tuning_options& layers, const tuning_choice& choice) {
  std::int64_t bytes = 0;
  double error = 0;
  REQUIRE(choice.candidates.size() == layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    bytes += layers[l][choice.candidates[l]].bytes;
    error += layers[l][choice.candidates[l]].error;
  }
  CHECK(bytes == choice.bytes);
  CHECK(error == choice.error);
}

}  // namespace

TEST_CASE("the dynamic program equals exhaustive search, and greedy is never better") {
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    const tuning_options layers = random_options(random, i % 2 == 0);
    const std::int64_t least = least_bytes(layers);
    const std::int64_t budget =
        least + static_cast<std::int64_t>(random() % (i % 2 == 0 ? 12u : 2000u));
    const best_choice best = exhaustive(layers, budget);
    const auto exact = choose_exact(layers, budget);
    const auto greedy = choose_greedy(layers, budget);
    REQUIRE(exact.ok());
    REQUIRE(greedy.ok());
    CHECK(exact->error == best.error);
    CHECK(exact->bytes == best.bytes);
    CHECK(exact->exact);
    check_sums(layers, *exact);
    CHECK(greedy->bytes <= budget);
    CHECK(greedy->error >= exact->error);
    CHECK(!greedy->exact);
    check_sums(layers, *greedy);
    const auto below = choose_exact(layers, least - 1);
    CHECK(below.why().code == error_code::invalid_argument);
    CHECK(below.why().expected == least);
    CHECK(choose_greedy(layers, least - 1).why().expected == least);
    CHECK(choose_exact(layers, least)->bytes == least);
  }
}

TEST_CASE("two hundred layers: exact, deterministic, and no worse than greedy") {
  std::mt19937 random(11);
  tuning_options layers(200);
  std::int64_t full = 0;
  for (auto& options : layers) {
    const std::int64_t elements = 4096 * static_cast<std::int64_t>(1024 + 1024 * (random() % 4));
    const double sensitivity = 1 + static_cast<double>(random() % 1000) / 100;
    for (std::size_t bits = 2; bits <= 8; ++bits)
      options.push_back({elements / 8 * static_cast<std::int64_t>(bits) +
                             static_cast<std::int64_t>(random() % 4096),
                         sensitivity * std::exp2(-2.0 * static_cast<double>(bits)), bits - 2});
    full += options.back().bytes;
  }
  const auto exact = choose_exact(layers, full / 2);
  REQUIRE(exact.ok());
  CHECK(choose_exact(layers, full / 2)->candidates == exact->candidates);
  CHECK(exact->bytes <= full / 2);
  CHECK(exact->error <= choose_greedy(layers, full / 2)->error);
}
