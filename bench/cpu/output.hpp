// SPDX-License-Identifier: Apache-2.0
// bench/cpu/output.hpp - results for people (table.cpp) and for programs (json.cpp).
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "packing.hpp"

namespace qtl_bench {

struct case_result {
  std::string family;
  shape extents;
  temperature from;
  std::vector<outcome> outcomes;
};

/// The circumstances of a run.
struct run_info {
  std::string started, ended;
  double load_before = 0;
  double load_after = 0;
};

void print_header(const options& o, const run_info& run);
void print_case(const case_result& result);
void print_packing(const std::vector<packing_result>& results);
void print_footer(const run_info& run);

/// Whether the file could be written.
bool write_json(const std::string& file, const options& o, const run_info& run,
                const std::vector<case_result>& results,
                const std::vector<packing_result>& packing);

}  // namespace qtl_bench
