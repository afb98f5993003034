// SPDX-License-Identifier: Apache-2.0
// examples/sweep/summary.hpp - all layers in one number per policy and method; the tables that the
// terminal shows.
// Holds: method_summary, summarize, layer_tables, summary_table.
#pragma once

#include <cmath>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results.hpp"

namespace sweep {

/// One policy and method over all layers. Layers without inputs count for bits and the weight's
/// error only; where a number is missing for another reason, the mean is NaN.
struct method_summary {
  std::string policy;
  std::string method;
  double bits_per_weight = NAN;  ///< of all weights together
  double weight_error = NAN;     ///< relative, geometric mean over layers
  double output_error = NAN;     ///< relative, geometric mean over layers that have inputs
  double ratio_to_rtn = NAN;     ///< geometric mean over layers of the error over plain rounding's
  double seconds = NAN;          ///< in all

  /// The output error, or the weight's where no inputs were given.
  double error(bool of_outputs) const { return of_outputs ? output_error : weight_error; }
};

/// The layers of which some output error is known.
std::set<std::string_view> layers_with_inputs(std::span<const sweep_row> rows);

/// In the order in which policies and methods first appear.
std::vector<method_summary> summarize(std::span<const sweep_row> rows);

/// One table per layer; one table of summaries.
std::string layer_tables(std::span<const sweep_row> rows);
std::string summary_table(std::span<const method_summary> summaries);

}  // namespace sweep
