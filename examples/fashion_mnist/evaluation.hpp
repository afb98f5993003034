// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/evaluation.hpp - one policy, from float weights to a row of the table.
// Holds: experiment, evaluate_float, evaluate. Its result is a table_row. Printing is left to result_table.hpp, svg_plot.hpp, exports.hpp.
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
  std::vector<qtl::value_range> ranges;  ///< of every layer's input, from the calibration images
  matrix reference;                      ///< the float network's logits of the test images
  qtl::executor_ref executor;
  int repetitions = 1;
  std::string folder;  ///< where checkpoints are saved
};

/// Runs the float network; sets e.reference, so call it first.
table_row evaluate_float(experiment& e);

/// Quantizes, saves, reloads, runs and compares.
table_row evaluate(const experiment& e, const policy_entry& policy);

}  // namespace fashion
