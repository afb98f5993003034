// SPDX-License-Identifier: Apache-2.0
// examples/methods/policies.hpp - the policies that methods are compared under, behind numbers.
// Holds: compared_policies, run_policy. Templates stand behind run_policy and are compiled one policy at a time, in
// policy_<n>.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "compare_methods.hpp"

namespace methods {

/// Their names, in the order of their numbers.
inline constexpr const char* compared_policies[] = {"s8",  "s4_g128", "s4_g32", "s3_g128", "s2_g64",
                                                    "nf4", "e2m1",    "mxfp4",  "nvfp4"};

/// compare_methods under policy number I. Defined in policy_part.hpp.
template<std::size_t I>
void run_policy(std::span<const sampled_layer> layers, const std::string& only,
                const qtl::executor_ref& executor, const std::function<void(outcome)>& see);

}  // namespace methods
