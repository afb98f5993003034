// SPDX-License-Identifier: Apache-2.0
// bench/gpu/cases.hpp - what is measured: families of contestants and shapes, in suites by name.
// To add a case: a line in cases.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contestant.hpp"

namespace qtl_bench {

struct bench_case {
  std::string family;
  std::string model;  ///< whose layer it is; empty where it is nobody's
  shape extents;
  std::vector<make_contestants> makers;

  std::string name() const { return family + "/" + extents.text(); }
};

/// The cases of a suite; nothing where there is none of that name.
std::optional<std::vector<bench_case>> list_cases(const std::string& suite);

/// "tiny, quick, squares ...", for people.
std::string suite_names();

}  // namespace qtl_bench
