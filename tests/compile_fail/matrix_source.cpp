// SPDX-License-Identifier: Apache-2.0
// tests/compile_fail/matrix_source.cpp - an Eigen expression, which has no memory.
// EXPECT: expected a float matrix in memory: an Eigen object with data(), a qtl::matrix_view<const float>, or a qtl::matrix<float>; evaluate an Eigen expression with .eval() first
#include <Eigen/Core>

#include "qtl/ops/quantize.hpp"

auto good(const Eigen::MatrixXf& x) { return qtl::quantize<qtl::policy<qtl::s8>>((x + x).eval()); }

#ifdef QTL_BAD
auto bad(const Eigen::MatrixXf& x) { return qtl::quantize<qtl::policy<qtl::s8>>(x + x); }
#endif
