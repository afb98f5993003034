// SPDX-License-Identifier: Apache-2.0
// tests/ops/test_matrix.hpp - matrices that tests work on: written out, or noise that is the same
// on every machine.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "qtl/base/matrix.hpp"
#include "qtl/format/rounding.hpp"

namespace qtl_test {

/// A matrix as one writes it; all rows are equally long.
inline qtl::matrix<float> matrix_of(std::initializer_list<std::initializer_list<float>> rows) {
  const auto cols = rows.size() == 0 ? 0 : static_cast<std::int64_t>(rows.begin()->size());
  qtl::matrix<float> m = *qtl::matrix<float>::make(static_cast<std::int64_t>(rows.size()), cols);
  std::int64_t i = 0;
  for (const auto& row : rows) {
    std::int64_t j = 0;
    for (float x : row) m(i, j++) = x;
    ++i;
  }
  return m;
}

/// rows x cols of f(i, j).
template<class F>
qtl::matrix<float> matrix_from(std::int64_t rows, std::int64_t cols, F&& f) {
  qtl::matrix<float> m = *qtl::matrix<float>::make(rows, cols);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j) m(i, j) = f(i, j);
  return m;
}

/// The sum of four uniform draws in (-0.5, 0.5): a bell with both signs. Every 64th element is ten
/// times as large.
inline float noise(std::uint64_t seed, std::int64_t index) {
  float sum = 0.0f;
  for (std::uint64_t part = 0; part < 4; ++part) {
    const std::uint32_t bits =
        qtl::counter_random(seed, static_cast<std::uint64_t>(index) * 4 + part);
    sum += static_cast<float>(bits >> 8) * 0x1p-24f - 0.5f;
  }
  return index % 64 == 37 ? 10.0f * sum : sum;
}

/// rows x cols of noise; the same arguments give the same values.
inline qtl::matrix<float> noise_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  return matrix_from(rows, cols,
                     [&](std::int64_t i, std::int64_t j) { return noise(seed, i * cols + j); });
}

inline std::vector<float> noise_vector(std::int64_t count, std::uint64_t seed) {
  std::vector<float> v(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = noise(seed, static_cast<std::int64_t>(i));
  return v;
}

/// Equal bit for bit, or both NaN.
inline bool same_float(float a, float b) {
  return qtl::float_bits(a) == qtl::float_bits(b) || (qtl::is_nan(a) && qtl::is_nan(b));
}

/// Whether two matrices of equal extents hold the same floats.
inline bool same_matrix(qtl::matrix_view<const float> a, qtl::matrix_view<const float> b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < a.cols; ++j)
      if (!same_float(a(i, j), b(i, j))) return false;
  return true;
}

/// The extents that every tail has to get right: around 0, a word, a vector, a tile.
inline constexpr std::int64_t awkward_extents[] = {0, 1, 2, 3, 5, 31, 32, 33, 127, 128, 129, 500};

}  // namespace qtl_test
