// SPDX-License-Identifier: Apache-2.0
#include "policy_part.hpp"

template void methods::run_policy<0>(std::span<const methods::sampled_layer>, const std::string&,
                                     const qtl::executor_ref&,
                                     const std::function<void(methods::outcome)>&);
