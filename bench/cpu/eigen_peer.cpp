// SPDX-License-Identifier: Apache-2.0
// bench/cpu/eigen_peer.cpp - Eigen in f32, compiled for AVX2 and for AVX-512.
#include "contestants.hpp"
#include "eigen_product.hpp"
#include "float_peer.hpp"

namespace qtl_bench {

std::unique_ptr<contestant> make_eigen_avx2(const problem& p) {
  eigen_avx2_set_threads(p.executor.threads());
  return std::make_unique<float_peer>("eigen f32 avx2", eigen_avx2_simd(), eigen_avx2_product, p);
}

std::unique_ptr<contestant> make_eigen_avx512(const problem& p) {
  eigen_avx512_set_threads(p.executor.threads());
  return std::make_unique<float_peer>("eigen f32 avx512", eigen_avx512_simd(), eigen_avx512_product,
                                      p);
}

}  // namespace qtl_bench
