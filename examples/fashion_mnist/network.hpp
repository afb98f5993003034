// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/network.hpp - the float network, run by Eigen: what the quantized ones are
// measured against.
// Holds: float_layer, float_network, forward. Not here: training (trainer.hpp), quantization (policies.hpp).
#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "qtl/base/executor.hpp"
#include "qtl/io/safetensors_file.hpp"

namespace fashion {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// y = x W^T + bias, as it was trained.
struct float_layer {
  std::string name;
  matrix weight;            ///< n x k
  Eigen::RowVectorXf bias;  ///< n values, or none

  Eigen::Index out_features() const { return weight.rows(); }
  void run(const matrix& x, matrix& y, const qtl::executor_ref& executor) const;
};

/// Layers with a ReLU between each two.
using float_network = std::vector<float_layer>;

/// The layers.<i>.weight and layers.<i>.bias of a checkpoint.
float_network load_network(const qtl::io::safetensors_file& file);

/// The inputs of every layer when the float network sees `samples`: what methods and ranges are
/// calibrated with.
std::vector<matrix> layer_inputs(const float_network& network, const matrix& samples);

/// Memory for the outputs of every layer, kept from run to run.
using layer_outputs = std::vector<matrix>;

/// Runs `layers` on x, a ReLU between each two; run(layer, x, y) runs one. Returns the last one's
/// output.
template<class Layers, class Run>
const matrix& forward(const Layers& layers, const matrix& x, layer_outputs& outputs, Run&& run) {
  outputs.resize(layers.size());
  const matrix* input = &x;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    outputs[i].resize(x.rows(), static_cast<Eigen::Index>(layers[i].out_features()));
    run(layers[i], *input, outputs[i]);
    if (i + 1 < layers.size()) outputs[i] = outputs[i].cwiseMax(0.0f);
    input = &outputs[i];
  }
  return *input;
}

}  // namespace fashion
