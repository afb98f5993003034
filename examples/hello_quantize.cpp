// SPDX-License-Identifier: Apache-2.0
// examples/hello_quantize.cpp - quantize a matrix, see what was lost, run a layer.
#include <cstdio>

#include <qtl/qtl.hpp>

using weight = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>>;
using activation = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_token, qtl::dynamic>;

int main() {
  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(256, 512);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(64, 512);

  const qtl::QTensor<weight> q = qtl::quantize<weight>(w);
  std::printf("%s\n", qtl::summary(q).c_str());

  const qtl::comparison error = qtl::compare(w, qtl::dequantize(q));
  std::printf("weights: SQNR %.0f dB, cosine %.3f\n", error.sqnr_db, error.cosine);

  const qtl::QLinear<weight, activation> layer{q};
  const Eigen::MatrixXf y = layer(x);
  const Eigen::MatrixXf exact = x * w.transpose();
  std::printf("outputs: SQNR %.0f dB\n", qtl::compare(exact, y).sqnr_db);
}

// Output:
// QTensor 256 x 512, s4 symmetric per_group<32>, 5.000 bits per element, 81920 bytes
// weights: SQNR 23 dB, cosine 0.998
// outputs: SQNR 23 dB
