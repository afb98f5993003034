// SPDX-License-Identifier: Apache-2.0
// bench/gpu/output.hpp - results for people (markdown.cpp) and for programs (json.cpp).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "ceilings.hpp"
#include "options.hpp"

namespace qtl_bench {

struct case_result {
  bench_case what;
  case_outcomes measured;
};

/// The circumstances of a run.
struct run_info {
  std::string started, ended, driver, cublaslt;
  qtl::device_facts device;
  ceilings limits;
  int rounds = 0;
};

/// Tables with a heading, as Markdown: the terminal shows the same.
void write_head(std::ostream& out, const run_info& run);
void write_case(std::ostream& out, const run_info& run, const case_result& result);

/// Whether the file could be written.
bool write_json(const std::string& file, const run_info& run,
                const std::vector<case_result>& results);

}  // namespace qtl_bench
