// SPDX-License-Identifier: Apache-2.0
// bench/cpu/table.cpp - one table for each case, printed as soon as it is measured.
#include <cstdio>

#include "machine.hpp"
#include "output.hpp"

namespace qtl_bench {

namespace {

void print_list(const char* title, const std::vector<std::string>& list) {
  for (const std::string& line : list) std::printf("%-10s%s\n", title, line.c_str());
}

// A figure, or a dash where there is none.
void print_figure(const char* format, double value, bool known) {
  if (known)
    std::printf(format, value);
  else
    std::printf("%9s", "-");
}

void print_outcome(const outcome& o, const case_result& result) {
  const double speed = result.extents.operations() / o.seconds() * 1e-9;
  const double of_dram = o.percent_of_dram(result.extents);
  const double of_peak = o.percent_of_peak(result.extents);
  const double faster = o.info.is_peer ? 0 : ratio_to_fastest(o, result.outcomes);
  std::printf("  %-32s%11.2f%9.1f", o.info.name.c_str(), o.seconds() * 1e6, speed);
  print_figure("%9.1f", of_peak, of_peak > 0);
  print_figure("%9.1f", o.bandwidth(result.extents) * 1e-9, true);
  print_figure("%9.1f", of_dram, of_dram > 0);
  print_figure("%9.2f", faster, faster > 0);
  std::printf("  %s\n", o.info.detail.c_str());
}

}  // namespace

void print_header(const options& o, const run_info& run) {
  std::printf("%-10s%s\n", "cpu", cpu_model().c_str());
  std::printf("%-10s%s, load %.2f, %d thread(s), %s 2 MiB pages\n", "started", run.started.c_str(),
              run.load_before, o.threads, has_huge_pages() ? "with" : "no");
  std::printf("%-10s%s\n", "compiler", compiler().c_str());
  std::printf("%-10sint8: %s; f32: %s; bf16: %s\n", "peaks", int8_peak_name(), f32_peak_name(),
              bf16_peak_name());
  print_list("peer", found_peers());
  print_list("MISSING", missing_peers());
}

void print_case(const case_result& result) {
  std::printf("\n%s %s %s\n  %-32s%11s%9s%9s%9s%9s%9s\n", result.family.c_str(),
              result.extents.text().c_str(), to_string(result.from), "", "us", "Gop/s", "% peak",
              "GB/s", "% DRAM", "x peer");
  for (const outcome& o : result.outcomes)
    if (o.error.empty())
      print_outcome(o, result);
    else
      std::printf("  %-32s FAILED: %s\n", o.info.name.c_str(), o.error.c_str());
  std::fflush(stdout);
}

void print_packing(const std::vector<packing_result>& results) {
  if (results.empty()) return;
  std::printf("\n%-34s%11s%9s%12s\n", "packing", "us", "GB/s", "s for 7e9");
  for (const packing_result& r : results)
    std::printf("  %-32s%11.0f%9.1f%12.1f  %s\n", r.name.c_str(), r.seconds * 1e6,
                r.bandwidth() * 1e-9, r.seconds_of_7b(), r.kernel.c_str());
}

void print_footer(const run_info& run) {
  std::printf("\n%-10s%s, load %.2f\n", "ended", run.ended.c_str(), run.load_after);
}

}  // namespace qtl_bench
