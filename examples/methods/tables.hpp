// SPDX-License-Identifier: Apache-2.0
// examples/methods/tables.hpp - every method under several policies, as tables.
// Holds: table_options, print_tables.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare_methods.hpp"

namespace methods {

/// What to print.
struct table_options {
  std::vector<std::string> policies;  ///< empty: all
  std::string method;                 ///< only methods whose names contain this
  bool per_layer = false;             ///< a row per layer too
};

/// Prints a table per policy: a row per method, its geometric mean error over layers and how it
/// stands against plain rounding, on the samples that it saw and on others. Returns what is wrong
/// with the results, a line each: methods that lose to plain rounding on a layer's own samples, and
/// GPTQ under s4_g128 where it gains less than a quarter. Throws std::invalid_argument for a name
/// that is not of compared_policies.
std::string print_tables(std::span<const sampled_layer> layers, const table_options& options,
                         const qtl::executor_ref& executor);

}  // namespace methods
