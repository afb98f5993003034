// SPDX-License-Identifier: Apache-2.0
// bench/cpu/problem.hpp - one product to be computed by everybody: y (m x n) = x (m x k) w^T (k x
// n), in f32.
// Holds: shape, temperature, problem. Not here: who computes it (contestant.hpp), which ones there are (cases.hpp).
#pragma once

#include <cstdint>
#include <string>

#include "qtl/base/executor.hpp"
#include "qtl/base/matrix.hpp"

namespace qtl_bench {

struct shape {
  std::int64_t m, n, k;

  double operations() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
  std::string text() const {
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  }
};

/// Where weights come from: the same ones again, or others each time, from memory.
enum class temperature { hot, cold };

constexpr const char* to_string(temperature t) { return t == temperature::hot ? "hot" : "cold"; }

/// Weights rotate over at least this much, so that no cache holds the next ones.
inline constexpr std::int64_t cold_bytes = std::int64_t{256} << 20;

struct problem {
  const qtl::matrix<float>& x;
  const qtl::matrix<float>& w;  ///< n x k
  temperature from = temperature::hot;
  qtl::executor_ref executor;

  shape extents() const { return {x.rows(), w.rows(), x.cols()}; }
  /// How many copies of packed weights a contestant rotates over.
  std::int64_t copies(std::int64_t weight_bytes) const {
    if (from == temperature::hot) return 1;
    return (cold_bytes + weight_bytes - 1) / weight_bytes + 1;
  }
};

}  // namespace qtl_bench
