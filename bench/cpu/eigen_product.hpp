// SPDX-License-Identifier: Apache-2.0
// bench/cpu/eigen_product.hpp - what each build of eigen_product.cpp exports: eigen_<level>_<name>.
// QTL_EIGEN_LEVEL names the level while eigen_product.cpp is compiled.
#pragma once

#include "problem.hpp"

#define QTL_JOIN_NAME(level, name) eigen_##level##_##name
#define QTL_LEVEL_NAME(level, name) QTL_JOIN_NAME(level, name)
#define QTL_EIGEN_NAME(name) QTL_LEVEL_NAME(QTL_EIGEN_LEVEL, name)

void eigen_avx2_product(const float* x, const float* w, float* y, const qtl_bench::shape& s);
const char* eigen_avx2_simd();
void eigen_avx2_set_threads(int threads);

void eigen_avx512_product(const float* x, const float* w, float* y, const qtl_bench::shape& s);
const char* eigen_avx512_simd();
void eigen_avx512_set_threads(int threads);
