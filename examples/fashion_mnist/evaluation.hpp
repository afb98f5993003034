// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/evaluation.hpp - one policy and method, from float weights to a row of the
// table.
// Holds: experiment, evaluate_float, evaluate. Its result is a table_row. Not here: printing (demo.cpp), svg_plot.hpp, exports.hpp.
#pragma once

#include <string>

#include "images.hpp"
#include "policies.hpp"
#include "table_row.hpp"

namespace fashion {

/// What all policies are given.
struct experiment {
  float_network network;
  image_slice images;
  std::vector<matrix> inputs;  ///< of every layer, from the calibration images in floats
  matrix reference;            ///< the float network's logits of the test images
  qtl::executor_ref executor;
  int repetitions = 1;
  std::string folder;      ///< where checkpoints are saved
  bool on_device = false;  ///< quantized layers run on the GPU, real or emulated
};

/// Runs the float network; sets e.reference, so call it first.
table_row evaluate_float(experiment& e);

/// Quantizes, saves, reloads, runs and compares. Where the method cannot serve the policy, the row
/// says so and nothing takes its place.
table_row evaluate(const experiment& e, const policy_entry& policy,
                   const quantizers::method_info& method);

}  // namespace fashion
