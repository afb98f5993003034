// SPDX-License-Identifier: Apache-2.0
// bench/cpu/cases.hpp - what is measured: families of contestants, shapes, hot or cold.
// To add a case: a line in cases.cpp.
#pragma once

#include <string>
#include <vector>

#include "contestant.hpp"

namespace qtl_bench {

struct bench_case {
  std::string family;
  shape extents;
  temperature from;
  std::vector<make_contestant> contestants;

  std::string name() const { return family + "/" + extents.text() + "/" + to_string(from); }
};

enum class extent { quick, all };

std::vector<bench_case> list_cases(extent e);

/// Libraries that this program was built with, and those that were not found.
std::vector<std::string> found_peers();
std::vector<std::string> missing_peers();

}  // namespace qtl_bench
