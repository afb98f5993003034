// SPDX-License-Identifier: Apache-2.0
// bench/cpu/team.hpp - the threads that our products run on: OpenMP's where there is OpenMP, as
// those of most other libraries here, else the small pool of the examples.
#pragma once

#include <cstdint>

#include "thread_pool.hpp"

namespace qtl_bench {

#if defined(QTL_HAS_OPENMP)
/// Tasks are taken one by one by whoever is free.
class team {
 public:
  explicit team(int threads) : threads_(threads) {}

  int threads() const { return threads_; }
  template<class F>
  void parallel_for(std::int64_t n, F&& f) const {
#pragma omp parallel for num_threads(threads_) schedule(dynamic, 1)
    for (std::int64_t i = 0; i < n; ++i) f(i);
  }

 private:
  int threads_;
};
#else
using team = thread_pool;
#endif

}  // namespace qtl_bench
