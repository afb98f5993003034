// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/table_row.hpp - what the demo found out about one policy and method.
// Plain values: whoever prints, plots or exports rows needs neither Eigen nor a layer.
#pragma once

#include <cstdint>
#include <string>

#include "qtl/policy/descriptor.hpp"

namespace fashion {

/// What became of the network under one policy.
struct table_row {
  std::string policy;
  std::string method;
  std::string description;
  qtl::linear_desc desc;  ///< meaningless for float
  bool is_float = false;
  bool failed = false;  ///< the method cannot serve the policy: `note` says why, numbers are NaN
  std::string note;     ///< what the method said
  double bits_per_weight = 32;
  std::int64_t bytes = 0;  ///< of all weights
  double sqnr_db = 0;      ///< of the logits against float
  double accuracy = 0;     ///< top-1, 0..1
  std::string kernels;
  double milliseconds = 0;  ///< for all test images as one batch, median of the repetitions
  double speed = 1;         ///< time of float, measured by turns with this one / this time
  bool identical = true;    ///< whether the reloaded checkpoint gave the same bits
};

}  // namespace fashion
