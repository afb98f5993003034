// SPDX-License-Identifier: Apache-2.0
// examples/sweep/command_line.hpp - what the user asked for.
// Holds: options, parse_options, help_text. To add an option: a member here, a row in command_line.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../common/command_line.hpp"
#include "../quantizers/quantizer.hpp"

namespace sweep {

struct options {
  std::string model;   ///< empty: the bundled network
  std::string inputs;  ///< empty: none, or the bundled network's own activations
  std::vector<const quantizers::weight_policy*> policies;
  std::vector<const quantizers::method_info*> methods;
  std::string layers = "*";
  std::string json;
  std::string csv;
  std::string plots;
  std::string resume;
  std::string data = "examples/fashion_mnist";
  int samples = 256;
  int seed = 1;
  int threads = 1;
  bool help = false;
};

/// The options of main's arguments, program name left out. Throws common::usage_error.
options parse_options(std::span<char* const> arguments);

/// What --help prints.
std::string help_text();

}  // namespace sweep
