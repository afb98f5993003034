// SPDX-License-Identifier: Apache-2.0
// tests/methods/threads.hpp - an Executor that deals indices out to threads as they come.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace qtl_test {

/// Which thread gets an index differs from run to run: results must not depend on it.
struct racing_threads {
  int count;

  int threads() const { return count; }

  template<class F>
  void parallel_for(std::int64_t n, F f) {
    std::atomic<std::int64_t> next{0};
    const auto work = [&] {
      for (std::int64_t i = next++; i < n; i = next++) f(i);
    };
    std::vector<std::thread> others;
    for (int t = 1; t < count; ++t) others.emplace_back(work);
    work();
    for (std::thread& t : others) t.join();
  }
};

}  // namespace qtl_test
