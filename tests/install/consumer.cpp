// SPDX-License-Identifier: Apache-2.0
// tests/install/consumer.cpp - what a user writes first; built against the library in every way it
// is offered.
#ifdef QTL_SINGLE_HEADER
#include "qtl_cpu.hpp"
#else
#include <qtl/qtl.hpp>
#endif

#include <cmath>
#include <cstdio>

int main() {
  using weights = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_channel>;
  using activations = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_token, qtl::dynamic>;

  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(8, 32);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(4, 32);
  const Eigen::VectorXf bias = Eigen::VectorXf::Random(8);

  const auto q = qtl::quantize<weights>(w);
  const Eigen::MatrixXf back = qtl::dequantize(q);
  const qtl::QLinear<weights, activations> layer{q, bias};
  const Eigen::MatrixXf y = layer(x);
  const Eigen::MatrixXf exact = (x * w.transpose()).rowwise() + bias.transpose();

  const float weight_error = (back - w).cwiseAbs().maxCoeff();
  const float output_error = (y - exact).cwiseAbs().maxCoeff();
  std::printf("qtl %d: %lld x %lld by %s\n", QTL_VERSION, static_cast<long long>(q.rows()),
              static_cast<long long>(q.cols()), layer.kernel_name());
  return weight_error < 0.01f && output_error < 0.3f ? 0 : 1;
}
