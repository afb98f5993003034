// SPDX-License-Identifier: Apache-2.0
// bench/cpu/eigen_product.cpp - Eigen's f32 product, for one instruction set.
// Built once per set, each as a shared library that keeps its symbols to itself: the linker would
// otherwise take Eigen's inline functions from any of them, or from ours.
#include "eigen_product.hpp"

#include <Eigen/Core>

#define QTL_EXPORT __attribute__((visibility("default")))

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

QTL_EXPORT void QTL_EIGEN_NAME(product)(const float* x, const float* w, float* y,
                                        const qtl_bench::shape& s) {
  const Eigen::Map<const row_major> weights(w, s.n, s.k);
  if (s.m == 1) {  // Eigen has better loops for a vector that is known to be one
    Eigen::Map<Eigen::VectorXf>(y, s.n).noalias() =
        weights * Eigen::Map<const Eigen::VectorXf>(x, s.k);
  } else {
    Eigen::Map<row_major>(y, s.m, s.n).noalias() =
        Eigen::Map<const row_major>(x, s.m, s.k) * weights.transpose();
  }
}

QTL_EXPORT const char* QTL_EIGEN_NAME(simd)() { return Eigen::SimdInstructionSetsInUse(); }

QTL_EXPORT void QTL_EIGEN_NAME(set_threads)(int threads) { Eigen::setNbThreads(threads); }
