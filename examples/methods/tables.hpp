// SPDX-License-Identifier: Apache-2.0
// examples/methods/tables.hpp - every method under several policies, as tables.
// Holds: compared_policies, run_policy, table_options, print_tables. Templates stand behind run_policy and are compiled one
// policy at a time, in policy_<n>.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compare_methods.hpp"

namespace methods {

/// The policies that methods are compared under, in the order of their numbers.
inline constexpr const char* compared_policies[] = {"s8",  "s4_g128", "s4_g32", "s3_g128", "s2_g64",
                                                    "nf4", "e2m1",    "mxfp4",  "nvfp4"};

/// compare_methods under policy number I. Defined in policy_part.hpp.
template<std::size_t I>
void run_policy(std::span<const sampled_layer> layers, const std::string& only,
                const qtl::executor_ref& executor, const std::function<void(outcome)>& see);

/// What to print.
struct table_options {
  std::vector<std::string> policies;  ///< empty: all
  std::string method;                 ///< only methods whose names contain this
  bool per_layer = false;             ///< a row per layer too
};

/// Prints a table per policy: a row per method, its geometric mean error over layers and how it
/// stands against plain rounding, on the samples that it saw and on others. Throws
/// std::invalid_argument for a name that is not of compared_policies.
void print_tables(std::span<const sampled_layer> layers, const table_options& options,
                  const qtl::executor_ref& executor);

}  // namespace methods
