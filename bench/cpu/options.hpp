// SPDX-License-Identifier: Apache-2.0
// bench/cpu/options.hpp - the command line.
#pragma once

#include <optional>
#include <string>

#include "cases.hpp"
#include "rounds.hpp"

namespace qtl_bench {

struct options {
  extent shapes = extent::all;
  std::string filter;  ///< part of a case's name
  int threads = 1;
  std::string json;  ///< a file; empty: none
  effort work;
};

/// Nothing where the arguments make no sense; why has been printed.
std::optional<options> parse_options(int argc, char** argv);

}  // namespace qtl_bench
