// SPDX-License-Identifier: Apache-2.0
// examples/sweep/plots.hpp - what a sweep found, as pictures for light and dark pages.
// Holds: pareto_plot, histogram_plot, value_grids_plot. Each is an SVG document.
#pragma once

#include <span>
#include <string>

#include "../quantizers/quantizer.hpp"
#include "summary.hpp"

namespace sweep {

/// Error against bits per weight, a mark per policy and method, and the front: what nothing else
/// beats in both. Rows without an error are left out; without any, the picture is empty of marks.
std::string pareto_plot(std::span<const method_summary> summaries, const std::string& model,
                        std::size_t layers);

/// Where a weight's elements lie between the code points of a policy.
std::string histogram_plot(const std::string& layer, const quantizers::weight_policy& policy,
                           const quantizers::code_usage& usage);

/// All values of INT8, E4M3, E5M2, E2M1 and NF4, on a linear and on a logarithmic axis.
std::string value_grids_plot();

}  // namespace sweep
