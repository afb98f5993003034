// SPDX-License-Identifier: Apache-2.0
// examples/methods/policy_part.hpp - the policies behind the names of compared_policies.
// Included by policy_<n>.cpp only.
#pragma once

#include <tuple>

#include "policies.hpp"

namespace methods {

using compared = std::tuple<qtl::policy<qtl::s8, qtl::symmetric, qtl::per_channel>,
                            qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<128>>,
                            qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>>,
                            qtl::policy<qtl::s3, qtl::symmetric, qtl::per_group<128>>,
                            qtl::policy<qtl::s2, qtl::symmetric, qtl::per_group<64>>,
                            qtl::policy<qtl::nf4, qtl::symmetric, qtl::per_group<64>>,
                            qtl::policy<qtl::e2m1, qtl::symmetric, qtl::per_group<32>>,
                            qtl::mx<qtl::e2m1>, qtl::nvfp4_tensor<>>;

template<std::size_t I>
void run_policy(std::span<const sampled_layer> layers, const std::string& only,
                const qtl::executor_ref& executor, const std::function<void(outcome)>& see) {
  compare_methods<std::tuple_element_t<I, compared>>(layers, only, executor, see);
}

}  // namespace methods
