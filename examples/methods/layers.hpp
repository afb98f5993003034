// SPDX-License-Identifier: Apache-2.0
// examples/methods/layers.hpp - layers with inputs that really occur in their network.
// Holds: layer_set, bundled_layers, read_layers.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "qtl/base/matrix.hpp"

#include "compare_methods.hpp"

namespace methods {

/// Layers and the memory that they look at. Move-only.
struct layer_set {
  std::vector<sampled_layer> layers;
  std::deque<qtl::matrix<float>> memory;

  layer_set() = default;
  layer_set(layer_set&&) = default;
  layer_set& operator=(layer_set&&) = default;
};

/// The three layers of the network that comes with the Fashion-MNIST demo. Samples are what its
/// calibration images make of their inputs; held out, what as many test images make.
layer_set bundled_layers(const std::string& folder);

/// Every 2-D tensor of `inputs` with the tensor of the same name in `model` as its weight. Where
/// `held_out` is empty, the inputs stand for it too. Throws qtl::error, or std::runtime_error where
/// there is no such tensor.
layer_set read_layers(const std::string& model, const std::string& inputs,
                      const std::string& held_out);

}  // namespace methods
