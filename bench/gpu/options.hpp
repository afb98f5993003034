// SPDX-License-Identifier: Apache-2.0
// bench/gpu/options.hpp - the command line.
#pragma once

#include <optional>
#include <string>

#include "cases.hpp"
#include "rounds.hpp"

namespace qtl_bench {

struct options {
  std::string shapes = "quick";  ///< a suite's name
  std::string filter;            ///< part of a case's name
  std::string json;              ///< a file; empty: none
  std::string markdown;          ///< likewise
  bool list = false;
  bool explain = false;
  std::string device;  ///< whose choices are explained; empty: this machine's
  bool host_overhead = false;
  effort work;
};

/// Nothing where the arguments make no sense, or only help was asked for.
std::optional<options> parse_options(int argc, char** argv, int& exit_status);

}  // namespace qtl_bench
