// SPDX-License-Identifier: Apache-2.0
// bench/gpu/cases.hpp - what is measured: families of contestants and shapes.
// To add a case: a line in cases.cpp.
#pragma once

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

/// tiny: for the emulator. quick: some minutes on a GPU. all: every shape.
enum class extent { tiny, quick, all };

std::vector<bench_case> list_cases(extent e);

}  // namespace qtl_bench
