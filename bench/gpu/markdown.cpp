// SPDX-License-Identifier: Apache-2.0
// bench/gpu/markdown.cpp - one table for each case.
#include <cstdio>
#include <ostream>

#include "output.hpp"

namespace qtl_bench {

namespace {

std::string number(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// A figure, or a dash where there is none.
std::string figure(const char* format, double value) {
  return value > 0 ? number(format, value) : "-";
}

std::string ratio_text(const spread& s) {
  if (s.median <= 0) return "-";
  return number("%.2f", s.median) + " (" + number("%.2f", s.p10) + " to " + number("%.2f", s.p90) +
         ")";
}

double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

void write_outcome(std::ostream& out, const run_info& run, const shape& extents, const outcome& o,
                   const std::vector<outcome>& all) {
  const double steady = o.seconds(regime::steady);
  const double bytes = o.info.bytes / steady;
  const double operations = extents.operations() / steady;
  const spread faster = o.info.is_peer ? spread{} : ratio_to_fastest(o, all, regime::steady);
  const spread faster_cool = o.info.is_peer ? spread{} : ratio_to_fastest(o, all, regime::cool);
  out << "| " << o.info.name << " | " << number("%.2f", steady * 1e6) << " | "
      << number("%.2f", o.seconds(regime::cool) * 1e6) << " | "
      << figure("%.1f", operations * 1e-12) << " | " << number("%.0f", bytes * 1e-9) << " | "
      << figure("%.0f", percent(bytes, run.limits.copy_bytes)) << " | "
      << figure("%.0f", percent(operations, run.limits.bf16_operations)) << " | "
      << ratio_text(faster) << " | " << ratio_text(faster_cool) << " | " << o.info.detail << " |\n";
}

}  // namespace

void write_head(std::ostream& out, const run_info& run) {
  out << "# " << run.device.name.view() << "\n\n"
      << run.device.multiprocessors << " multiprocessors, "
      << number("%.0f", static_cast<double>(run.device.l2_bytes) / 1e6)
      << " MB of second cache, compute capability " << run.device.capability / 100 << '.'
      << run.device.capability % 100 / 10 << ", code for "
      << qtl::target_name(run.device.target).view() << "; " << run.driver << "; cuBLASLt "
      << run.cublaslt << ".\nStarted " << run.started << ", " << run.rounds
      << " rounds; medians, and of ratios the middle four fifths too. Inputs are random, uniform in "
         "[-1, 1)\nbefore quantization, and cold: each launch finds other operands than the last "
         "ones. Outputs were verified first.\n"
      << "Measured today: copy " << figure("%.0f", run.limits.copy_bytes * 1e-9)
      << " GB/s (read and written), bf16 " << figure("%.0f", run.limits.bf16_operations * 1e-12)
      << " Tflop/s (cuBLASLt, 8192 x 8192 x 8192).\n";
}

void write_case(std::ostream& out, const run_info& run, const case_result& result) {
  const bench_case& what = result.what;
  out << "\n## " << what.name() << (what.model.empty() ? "" : " (" + what.model + ")") << "\n\n";
  const chip_state& chip = result.measured.state;
  if (chip.clock_mhz > 0)
    out << number("%.0f", chip.clock_mhz) << " MHz, " << number("%.0f", chip.watts)
        << " W while steady.\n\n";
  out << "| | steady us | cool us | Top/s | GB/s | % of copy | % of bf16 | x fastest peer | "
         "x, cool | what ran |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";
  for (const outcome& o : result.measured.outcomes)
    if (o.error.empty())
      write_outcome(out, run, what.extents, o, result.measured.outcomes);
    else
      out << "| " << o.info.name << " | not timed: " << o.error << " | | | | | | | | |\n";
  out.flush();
}

}  // namespace qtl_bench
