// SPDX-License-Identifier: Apache-2.0
// tests/nn/plan_cache_test.cpp - plans are found by m, the oldest go first, threads share them.
#include "qtl/nn/plan_cache.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace qtl;

gemm_plan plan_for(std::int64_t m) {
  gemm_plan p;
  p.m = m;
  p.choice = static_cast<std::int32_t>(m % 1000);
  p.workspace_size = 3 * m;
  p.variant = "v";
  p.begin_keeping<std::int64_t>() = 7 * m;
  return p;
}

bool is_whole(gemm_plan& p) {
  return p.choice == p.m % 1000 && p.workspace_size == 3 * p.m &&
         p.kept_as<std::int64_t>() == 7 * p.m;
}

TEST_CASE("what is kept is found, with all its bytes") {
  plan_cache cache;
  gemm_plan p;
  CHECK_FALSE(cache.find(5, p));
  CHECK_FALSE(cache.find(-1, p));  // what an empty slot has
  gemm_plan made = plan_for(5);
  made.has_changed = true;
  cache.keep(made);
  REQUIRE(cache.find(5, p));
  CHECK(is_whole(p));
  CHECK(p.variant == "v");
  CHECK_FALSE(p.has_changed);
  CHECK_FALSE(cache.find(6, p));
  CHECK_FALSE(cache.find(-1, p));
}

TEST_CASE("a plan that is kept again replaces itself") {
  plan_cache cache;
  for (int i = 0; i < 3 * plan_cache::slots; ++i) cache.keep(plan_for(4));
  cache.keep(plan_for(9));
  gemm_plan p;
  CHECK(cache.find(4, p));
  CHECK(cache.find(9, p));
}

TEST_CASE("as many as there are slots; then the oldest goes") {
  plan_cache cache;
  gemm_plan p;
  for (std::int64_t m = 1; m <= plan_cache::slots; ++m) cache.keep(plan_for(m));
  for (std::int64_t m = 1; m <= plan_cache::slots; ++m) {
    CHECK(cache.find(m, p));
    CHECK(p.m == m);
  }
  cache.keep(plan_for(100));
  CHECK_FALSE(cache.find(1, p));
  CHECK(cache.find(2, p));
  CHECK(cache.find(100, p));
}

TEST_CASE("threads that find and keep at the same time see whole plans or none") {
  plan_cache cache;
  std::atomic<int> torn = 0;
  std::atomic<int> found = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      gemm_plan p;
      for (int i = 0; i < 5000; ++i) {
        const std::int64_t m = (i * 7 + t) % 6 + (i % 9 == 0 ? 20 : 0);
        if (!cache.find(m, p)) {
          cache.keep(plan_for(m));
          continue;
        }
        ++found;
        if (p.m != m || !is_whole(p)) ++torn;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(torn == 0);
  CHECK(found > 0);
}

}  // namespace
