// SPDX-License-Identifier: Apache-2.0
// bench/inputs.hpp - numbers to work on, the same on every machine.
// Holds: random_matrix, random_index.
#pragma once

#include <cstdint>

#include "qtl/base/matrix.hpp"
#include "qtl/format/rounding.hpp"

namespace qtl_bench {

/// A bell around zero with a deviation of about one.
inline float random_real(std::uint64_t seed, std::int64_t index) {
  float sum = 0.0f;
  for (std::uint64_t part = 0; part < 3; ++part)
    sum += static_cast<float>(
               qtl::counter_random(seed, static_cast<std::uint64_t>(index) * 3 + part)) *
           qtl::power_of_two(-31);
  return sum - 3.0f;
}

/// A rows x cols matrix of random_real.
inline qtl::matrix<float> random_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  qtl::matrix<float> m = qtl::value_or_throw(qtl::matrix<float>::make(rows, cols));
  for (std::int64_t i = 0; i < rows * cols; ++i) m.data()[i] = random_real(seed, i);
  return m;
}

/// Draw number `draw` from [0, count).
inline std::int64_t random_index(std::uint64_t seed, int draw, std::int64_t count) {
  return qtl::counter_random(seed, static_cast<std::uint64_t>(draw)) % count;
}

}  // namespace qtl_bench
