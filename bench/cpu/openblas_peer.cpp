// SPDX-License-Identifier: Apache-2.0
// bench/cpu/openblas_peer.cpp - OpenBLAS in f32. machine.cpp tells it the kind of core where it
// would not know.
#include <cblas.h>

#include "contestants.hpp"
#include "float_peer.hpp"

namespace qtl_bench {

namespace {

void multiply(const float* x, const float* w, float* y, const shape& s) {
  const auto m = static_cast<blasint>(s.m);
  const auto n = static_cast<blasint>(s.n);
  const auto k = static_cast<blasint>(s.k);
  if (m == 1)
    cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1.0f, w, k, x, 1, 0.0f, y, 1);
  else
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0f, x, k, w, k, 0.0f, y, n);
}

}  // namespace

std::unique_ptr<contestant> make_openblas(const problem& p) {
  openblas_set_num_threads(p.executor.threads());
  return std::make_unique<float_peer>("openblas f32", openblas_get_corename(), multiply, p);
}

std::string openblas_version() { return openblas_get_config(); }

}  // namespace qtl_bench
