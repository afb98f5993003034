// SPDX-License-Identifier: Apache-2.0
#include "qtl/base/executor.hpp"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using qtl::executor_ref;

// A pool as a stranger would write one: static shares, one thread each.
struct two_threads {
  int calls = 0;
  int threads() const { return 2; }

  template<class F>
  void parallel_for(std::int64_t n, F f) {
    ++calls;
    std::thread odd([&] {
      for (std::int64_t i = 1; i < n; i += 2) f(i);
    });
    for (std::int64_t i = 0; i < n; i += 2) f(i);
    odd.join();
  }
};

static_assert(qtl::Executor<two_threads>);
static_assert(qtl::Executor<qtl::serial_executor>);
static_assert(!qtl::Executor<int>);

bool visits_each_once(executor_ref executor, std::size_t n) {
  std::vector<int> visits(n);
  executor.parallel_for(static_cast<std::int64_t>(n),
                        [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
  return std::ranges::count(visits, 1) == static_cast<std::ptrdiff_t>(n);
}

TEST_CASE("a default executor_ref is serial") {
  const executor_ref serial;
  CHECK(serial.threads() == 1);
  CHECK(visits_each_once(serial, 0));
  CHECK(visits_each_once(serial, 100));
}

TEST_CASE("an executor_ref runs everything once on the caller's threads") {
  two_threads pool;
  const executor_ref executor(pool);
  CHECK(executor.threads() == 2);
  CHECK(visits_each_once(executor, 1001));
  CHECK(pool.calls == 1);
  CHECK(visits_each_once(executor, 1));  // one task needs no pool
  CHECK(pool.calls == 1);
}

TEST_CASE("a serial_executor may be referred to") {
  qtl::serial_executor serial;
  CHECK(visits_each_once(executor_ref(serial), 17));
}

}  // namespace
