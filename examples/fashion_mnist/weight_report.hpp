// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/weight_report.hpp - what policies do to the weights of any checkpoint.
// Holds: print_weight_report. There are no images for it, so activations are Gaussian with a fixed seed.
#pragma once

#include <span>
#include <string>

#include "policies.hpp"

namespace fashion {

/// Prints one row per float matrix of the file and policy: bits, error of the weights, error of the
/// product.
void print_weight_report(const std::string& path, std::span<const policy_entry* const> chosen);

}  // namespace fashion
