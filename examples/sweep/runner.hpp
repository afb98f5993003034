// SPDX-License-Identifier: Apache-2.0
// examples/sweep/runner.hpp - computes the rows that are missing.
#pragma once

#include "command_line.hpp"
#include "layers.hpp"
#include "results.hpp"

namespace sweep {

/// Every layer x policy x method that the options ask for, in that order; rows that `known` holds
/// are taken from there. Where the options name a file, it is rewritten while rows come; rows of
/// `known` that nobody asked for stay in it, behind the others.
run_results run(const options& o, const layer_source& source, run_results known);

}  // namespace sweep
