// SPDX-License-Identifier: Apache-2.0
// bench/cpu/json.cpp - the results as one JSON document, which ./dev report draws.
// schema: raised when a name or a figure changes its meaning.
#include <cmath>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "../paired_timing.hpp"
#include "machine.hpp"
#include "output.hpp"

namespace qtl_bench {

namespace {

using nlohmann::ordered_json;

constexpr int schema = 1;

// Four digits: more are noise, and make files large.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double unit = std::pow(10.0, std::floor(std::log10(std::fabs(value))) - 3);
  const double digits = std::round(value / unit);
  return unit < 1 ? digits / std::round(1 / unit) : digits * unit;
}

ordered_json ratios_of(const outcome& ours, const case_result& result) {
  ordered_json ratios = ordered_json::object();
  for (const outcome& o : result.outcomes)
    if (o.info.is_peer && o.error.empty()) ratios[o.info.name] = rounded(ratio(ours, o));
  return ratios;
}

ordered_json to_json(const outcome& o, const case_result& result) {
  ordered_json j{{"name", o.info.name}, {"detail", o.info.detail}, {"peer", o.info.is_peer}};
  if (!o.error.empty()) {
    j["failed"] = o.error;
    return j;
  }
  const shape& s = result.extents;
  j["peak"] = to_string(o.info.peak);
  j["weight_bytes"] = o.info.weight_bytes;
  j["us"] = rounded(o.seconds() * 1e6);
  j["gops"] = rounded(s.operations() / o.seconds() * 1e-9);
  j["percent_of_peak"] = rounded(o.percent_of_peak(s));
  j["gb_per_s"] = rounded(o.bandwidth(s) * 1e-9);
  if (result.from == temperature::cold) j["percent_of_dram"] = rounded(o.percent_of_dram(s));
  if (!o.info.is_peer) {
    j["faster_than_fastest_peer"] = rounded(ratio_to_fastest(o, result.outcomes));
    j["faster_than"] = ratios_of(o, result);
  }
  return j;
}

ordered_json to_json(const case_result& result) {
  ordered_json j{{"family", result.family},
                 {"m", result.extents.m},
                 {"n", result.extents.n},
                 {"k", result.extents.k},
                 {"weights", to_string(result.from)},
                 {"results", ordered_json::array()}};
  for (const outcome& o : result.outcomes) j["results"].push_back(to_json(o, result));
  return j;
}

// The median over all samples of the run.
ordered_json peaks_of(const std::vector<case_result>& results) {
  std::vector<double> int8, f32, bf16, dram;
  for (const case_result& result : results)
    for (const outcome& o : result.outcomes)
      for (const sample& s : o.samples) {
        int8.push_back(s.around.int8);
        f32.push_back(s.around.f32);
        bf16.push_back(s.around.bf16);
        if (s.around.dram > 0) dram.push_back(s.around.dram);
      }
  return {{"int8_gops", rounded(median(int8) * 1e-9)},    {"int8_loop", int8_peak_name()},
          {"f32_gops", rounded(median(f32) * 1e-9)},      {"f32_loop", f32_peak_name()},
          {"bf16_gops", rounded(median(bf16) * 1e-9)},    {"bf16_loop", bf16_peak_name()},
          {"dram_gb_per_s", rounded(median(dram) * 1e-9)}};
}

ordered_json to_json(const packing_result& r) {
  return {{"name", r.name},
          {"detail", r.kernel},
          {"us", rounded(r.seconds * 1e6)},
          {"gb_per_s", rounded(r.bandwidth() * 1e-9)},
          {"seconds_for_7e9_weights", rounded(r.seconds_of_7b())}};
}

// One line for each case: half the size of one for each figure, and still to be compared by line.
void write_document(std::ostream& out, const ordered_json& circumstances,
                    const std::vector<case_result>& results) {
  std::string head = circumstances.dump(1);
  head.resize(head.rfind('\n'));
  out << head << ",\n \"cases\": [";
  for (std::size_t i = 0; i < results.size(); ++i)
    out << (i == 0 ? "\n  " : ",\n  ") << to_json(results[i]).dump();
  out << "\n ]\n}\n";
}

}  // namespace

bool write_json(const std::string& file, const options& o, const run_info& run,
                const std::vector<case_result>& results,
                const std::vector<packing_result>& packing) {
  const char* commit = std::getenv("QTL_COMMIT");
  ordered_json j{{"schema", schema},
                 {"suite", "cpu"},
                 {"commit", commit != nullptr ? commit : "unknown"},
                 {"cpu", cpu_model()},
                 {"compiler", compiler()},
                 {"threads", o.threads},
                 {"samples", o.work.samples},
                 {"seconds_per_sample", o.work.seconds},
                 {"huge_pages", has_huge_pages()},
                 {"started", run.started},
                 {"ended", run.ended},
                 {"load_before", rounded(run.load_before)},
                 {"load_after", rounded(run.load_after)},
                 {"peers", found_peers()},
                 {"missing_peers", missing_peers()},
                 {"peaks", peaks_of(results)},
                 {"packing", ordered_json::array()}};
  for (const packing_result& r : packing) j["packing"].push_back(to_json(r));
  std::ofstream out(file);
  write_document(out, j, results);
  return out.good();
}

}  // namespace qtl_bench
