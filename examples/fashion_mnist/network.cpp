// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <algorithm>

namespace fashion {

// Rows are dealt out in one block per thread.
void float_layer::run(const matrix& x, matrix& y, const qtl::executor_ref& executor) const {
  const Eigen::Index block = (x.rows() + executor.threads() - 1) / executor.threads();
  executor.parallel_for(executor.threads(), [&](std::int64_t part) {
    const Eigen::Index first = std::min(x.rows(), block * static_cast<Eigen::Index>(part));
    const Eigen::Index count = std::min(block, x.rows() - first);
    auto rows = y.middleRows(first, count);
    rows.noalias() = x.middleRows(first, count) * weight.transpose();
    if (bias.size() != 0) rows.rowwise() += bias;
  });
}

float_network load_network(const qtl::io::safetensors_file& file) {
  float_network network;
  for (std::size_t i = 0;; ++i) {
    const std::string name = "layers." + std::to_string(i);
    if (i > 0 && file.info(name + ".weight") == nullptr) return network;
    const matrix bias = file.matrix(name + ".bias");
    network.push_back({name, file.matrix(name + ".weight"), bias.row(0)});
  }
}

std::vector<matrix> layer_inputs(const float_network& network, const matrix& samples) {
  std::vector<matrix> inputs;
  layer_outputs outputs;
  forward(network, samples, outputs, [&](const float_layer& layer, const matrix& x, matrix& y) {
    inputs.push_back(x);
    layer.run(x, y, {});
  });
  return inputs;
}

}  // namespace fashion
