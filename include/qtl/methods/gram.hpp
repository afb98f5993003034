// SPDX-License-Identifier: Apache-2.0
// qtl/methods/gram.hpp - second moments of a layer's inputs, and their inverse in the form that GPTQ walks along.
// Holds: input_energy, mean_energy, energy_shares, input_gram, inverse_factor. All are free of the inputs' unit: energies are divided
// by the mean of the live columns, so neither huge nor tiny activations overflow, and damping is a
// plain number.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "qtl/base/executor.hpp"
#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// sum x^2 of every column.
inline std::vector<double> input_energy(matrix_view<const float> inputs) {
  std::vector<double> energy(static_cast<std::size_t>(inputs.cols), 0.0);
  for (std::int64_t i = 0; i < inputs.rows; ++i)
    for (std::int64_t j = 0; j < inputs.cols; ++j) {
      const double x = static_cast<double>(inputs(i, j));
      energy[static_cast<std::size_t>(j)] += x * x;
    }
  return energy;
}

/// The mean energy of the columns that have some; 0 where none has.
inline double mean_energy(std::span<const double> energy) {
  double sum = 0;
  std::int64_t live = 0;
  for (const double e : energy) {
    sum += e;
    live += e > 0 ? 1 : 0;
  }
  return live == 0 ? 0.0 : sum / static_cast<double>(live);
}

/// What an error in each column weighs by itself: its energy and `damp` of the mean, over the
/// largest. All 1 where no column has energy.
inline std::vector<float> energy_shares(std::span<const double> energy, double damp = 0.0) {
  const double floor = damp * mean_energy(energy);
  double most = 0;
  for (const double e : energy) most = std::max(most, e + floor);
  std::vector<float> shares(energy.size(), 1.0f);
  for (std::size_t j = 0; j < shares.size() && most > 0; ++j)
    shares[j] = static_cast<float>((energy[j] + floor) / most);
  return shares;
}

/// X^T X / unit with the columns of X in `order` (null: as they are), the upper triangle. Summed in
/// f32 over slabs of 512 samples, in double over slabs; bits do not depend on the executor.
inline Eigen::MatrixXd input_gram(matrix_view<const float> inputs, const std::int64_t* order,
                                  double unit, const executor_ref& executor) {
  constexpr std::int64_t slab = 512;
  constexpr std::int64_t tile = 256;
  const std::int64_t k = inputs.cols;
  const std::int64_t tiles = ceil_div(k, tile);
  const double factor = unit > 0 ? 1.0 / std::sqrt(unit) : 1.0;
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(k, k);
  Eigen::MatrixXf x(std::min(slab, inputs.rows), k);
  for (std::int64_t first = 0; first < inputs.rows; first += slab) {
    const std::int64_t n = std::min(slab, inputs.rows - first);
    executor.parallel_for(tiles, [&](std::int64_t t) {
      for (std::int64_t j = t * tile; j < std::min(k, (t + 1) * tile); ++j)
        for (std::int64_t i = 0; i < n; ++i)
          x(i, j) = static_cast<float>(
              factor * static_cast<double>(inputs(first + i, order != nullptr ? order[j] : j)));
    });
    executor.parallel_for(tiles * tiles, [&](std::int64_t t) {
      const std::int64_t r = t / tiles * tile;
      const std::int64_t c = t % tiles * tile;
      if (r > c) return;
      const std::int64_t rows = std::min(tile, k - r);
      const std::int64_t cols = std::min(tile, k - c);
      const Eigen::MatrixXf product = x.block(0, r, n, rows).transpose() * x.block(0, c, n, cols);
      gram.block(r, c, rows, cols) += product.cast<double>();
    });
  }
  return gram;
}

/// The upper triangular U with U^T U = (H + damp I)^-1 for a Gram matrix H.
struct inverse_factor {
  eigen_matrix upper;  ///< k x k, its lower triangle 0; empty where no damping helped
  double damp = 0;     ///< what was added to the diagonal in the end
  int raised = 0;      ///< how often it had to be raised

  bool ok() const { return upper.size() != 0; }
};

/// A Cholesky factor that is numerically singular: some pivot has lost all digits of its diagonal.
inline bool is_singular(const Eigen::MatrixXd& factored, const Eigen::VectorXd& diagonal) {
  for (Eigen::Index j = 0; j < diagonal.size(); ++j) {
    const double pivot = factored(j, j) * factored(j, j);
    if (!(pivot > 1e-12 * diagonal(j))) return true;
  }
  return false;
}

/// Tries damp, then up to three times ten times as much (1e-3 after 0). `reversed` holds the upper
/// triangle of H, rows and columns last to first, and is used up: with J the reversal and L the
/// lower factor of J H J, H = R R^T for the upper R = J L J, so U = R^-1 = J L^-1 J. That is one
/// factorization and one triangular inverse instead of an inverse and two factorizations.
inline inverse_factor factor_inverse(Eigen::MatrixXd reversed, double damp,
                                     const executor_ref& executor) {
  const Eigen::Index k = reversed.rows();
  const Eigen::VectorXd diagonal = reversed.diagonal();
  inverse_factor out;
  out.damp = damp;
  for (;; ++out.raised) {
    reversed.triangularView<Eigen::StrictlyLower>() = reversed.transpose();
    reversed.diagonal() = diagonal.array() + out.damp;
    const Eigen::VectorXd damped = reversed.diagonal();
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> in_place(reversed);
    if (in_place.info() == Eigen::Success && !is_singular(reversed, damped)) break;
    if (out.raised == 3) return out;
    out.damp = out.damp > 0 ? 10 * out.damp : 1e-3;
  }
  constexpr Eigen::Index panel = 128;
  out.upper = eigen_matrix::Zero(k, k);
  executor.parallel_for(ceil_div<std::int64_t>(k, panel), [&](std::int64_t p) {
    const Eigen::Index first = p * panel;
    const Eigen::Index below = k - first;
    const Eigen::Index cols = std::min(panel, below);
    Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(below, cols);
    reversed.bottomRightCorner(below, below).triangularView<Eigen::Lower>().solveInPlace(inverse);
    out.upper.block(0, k - first - cols, below, cols) = inverse.reverse().cast<float>();
  });
  return out;
}

}  // namespace qtl::inline v0
