// SPDX-License-Identifier: Apache-2.0
// tests/headers/no_exceptions.cpp - built with -fno-exceptions -fno-rtti: the status forms are all
// one needs.
#include <cmath>
#include <cstdint>

#include <Eigen/Core>

#include "qtl/qtl.hpp"

int main() {
  using weights = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_channel>;

  Eigen::MatrixXf w = Eigen::MatrixXf::Random(8, 32);
  if (!qtl::try_quantize<weights>(w).ok()) return 1;

  w(3, 5) = NAN;
  const auto refused = qtl::try_quantize<weights>(w);
  return refused.why().code == qtl::error_code::not_finite ? 0 : 1;
}
