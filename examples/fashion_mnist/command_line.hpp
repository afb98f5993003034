// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/command_line.hpp - what the user asked for.
// Holds: options, parse_options, help_text. To add an option: a member here, a row in command_line.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../common/command_line.hpp"

namespace fashion {

struct options {
  std::vector<std::string> policies;  ///< empty: all
  std::vector<std::string> methods;   ///< empty: rtn
  std::string json;                   ///< files to write; empty: none
  std::string csv;
  std::string plot;
  std::string save;   ///< where checkpoints stay; empty: a temporary folder
  std::string model;  ///< a checkpoint to report on instead
  std::string data = "examples/fashion_mnist";
  std::string backend = "cpu";
  int images = 0;  ///< 0: as many as suit the backend
  int repetitions = 0;
  int threads = 1;
  bool help = false;
};

/// The options of main's arguments, program name left out. Throws common::usage_error.
options parse_options(std::span<char* const> arguments);

/// What --help prints.
std::string help_text();

}  // namespace fashion
