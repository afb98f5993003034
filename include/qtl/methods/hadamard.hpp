// SPDX-License-Identifier: Apache-2.0
// qtl/methods/hadamard.hpp - weights and inputs turned by the same rotation, so that no column stands out.
// Holds: hadamard_rotation with rotate() and undo(), largest_hadamard_block. y = x W^T = (x R)(W R)^T for an orthonormal R:
// outliers spread over their block, and the layer computes what it did (Ashkboos et al., QuaRot,
// 2024). Not here: methods on rotated layers (rotated.hpp).
#pragma once

#include <cmath>
#include <cstdint>

#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// The largest power of two that divides k; 1 for odd k, 0 for none.
constexpr std::int64_t largest_hadamard_block(std::int64_t k) { return k & -k; }

/// R = D H on every run of `block` columns: D of random signs, H the Walsh-Hadamard matrix over
/// sqrt(block). H is symmetric and its own inverse; with signs, R is orthonormal all the same.
struct hadamard_rotation {
  std::int64_t block = 1;  ///< a power of two
  std::uint64_t seed = 0;  ///< of the signs; 0: all positive. Column j's depends on seed and j only

  /// ok where the block is a power of two that divides k, else invalid_argument.
  status check(std::int64_t k) const {
    if (block >= 1 && (block & (block - 1)) == 0 && k % block == 0) return {};
    return mismatch("block", "rotation block, a power of two that divides the number of columns,",
                    1, largest_hadamard_block(k), block, error_code::invalid_argument);
  }

  /// Each row x becomes x R. Precondition: check(m.cols()).
  void rotate(eigen_matrix& m) const {
    if (seed != 0) flip_signs(m);
    transform(m);
  }
  /// Each row x becomes x R^-1.
  void undo(eigen_matrix& m) const {
    transform(m);
    if (seed != 0) flip_signs(m);
  }

 private:
  void flip_signs(eigen_matrix& m) const {
    for (Eigen::Index j = 0; j < m.cols(); ++j)
      if ((counter_random(seed, static_cast<std::uint64_t>(j)) >> 31) != 0) m.col(j) *= -1.0f;
  }

  // x H by sums and differences over strides 1, 2, 4, ...: block log2(block) additions.
  void transform(eigen_matrix& m) const {
    const float factor = static_cast<float>(1.0 / std::sqrt(static_cast<double>(block)));
    for (Eigen::Index i = 0; i < m.rows(); ++i)
      for (Eigen::Index first = 0; first < m.cols(); first += block) {
        float* x = m.data() + i * m.cols() + first;
        for (std::int64_t half = 1; half < block; half *= 2) butterflies(x, half);
        for (std::int64_t j = 0; j < block; ++j) x[j] *= factor;
      }
  }
  void butterflies(float* x, std::int64_t half) const {
    for (std::int64_t start = 0; start < block; start += 2 * half)
      for (std::int64_t j = start; j < start + half; ++j) {
        const float a = x[j];
        const float b = x[j + half];
        x[j] = a + b;
        x[j + half] = a - b;
      }
  }
};

}  // namespace qtl::inline v0
