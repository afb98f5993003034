// SPDX-License-Identifier: Apache-2.0
// bench/paired_timing.hpp - a candidate and its yardstick, timed in turn.
// Holds: seconds_of, paired_times. A shared machine changes speed from second to second; a ratio of neighbours does not.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace qtl_bench {

/// How long f() takes.
template<class F>
double seconds_of(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The times of both, pair by pair.
class paired_times {
 public:
  void add(double candidate, double yardstick) {
    candidates_.push_back(candidate);
    ratios_.push_back(yardstick / candidate);
  }
  /// The candidate's median time in seconds.
  double seconds() const { return median(candidates_); }
  /// The median of yardstick / candidate: above 1 the candidate is the faster one.
  double speedup() const { return median(ratios_); }

 private:
  std::vector<double> candidates_;
  std::vector<double> ratios_;
};

}  // namespace qtl_bench
