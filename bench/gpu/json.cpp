// SPDX-License-Identifier: Apache-2.0
// bench/gpu/json.cpp - the results as one JSON document.
// schema: raised when a name or a figure changes its meaning.
#include <cmath>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "../circumstances.hpp"
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

ordered_json to_json(const spread& s) {
  return {{"p10", rounded(s.p10)}, {"median", rounded(s.median)}, {"p90", rounded(s.p90)}};
}

ordered_json ratios_of(const outcome& ours, const std::vector<outcome>& all, regime r) {
  ordered_json ratios = ordered_json::object();
  for (const outcome& o : all)
    if (o.info.is_peer && o.error.empty()) ratios[o.info.name] = to_json(ratio(ours, o, r));
  return ratios;
}

ordered_json to_json(const outcome& o, const shape& extents, const std::vector<outcome>& all) {
  ordered_json j{{"name", o.info.name}, {"detail", o.info.detail}, {"peer", o.info.is_peer}};
  if (!o.error.empty()) {
    j["failed"] = o.error;
    return j;
  }
  j["bytes"] = o.info.bytes;
  j["launches"] = o.launches;
  j["operand_sets"] = o.sets;
  for (const regime r : {regime::steady, regime::cool}) {
    std::vector<double> microseconds;
    for (const double s : o.samples(r)) microseconds.push_back(s * 1e6);
    ordered_json part{{"us", to_json(spread_of(std::move(microseconds)))},
                      {"tops", rounded(extents.operations() / o.seconds(r) * 1e-12)},
                      {"gb_per_s", rounded(o.info.bytes / o.seconds(r) * 1e-9)}};
    if (!o.info.is_peer) part["faster_than"] = ratios_of(o, all, r);
    j[to_string(r)] = std::move(part);
  }
  return j;
}

ordered_json to_json(const case_result& result) {
  const bench_case& what = result.what;
  ordered_json j{{"family", what.family},
                 {"model", what.model},
                 {"m", what.extents.m},
                 {"n", what.extents.n},
                 {"k", what.extents.k},
                 {"clock_mhz", rounded(result.measured.state.clock_mhz)},
                 {"watts", rounded(result.measured.state.watts)},
                 {"results", ordered_json::array()}};
  for (const outcome& o : result.measured.outcomes)
    j["results"].push_back(to_json(o, what.extents, result.measured.outcomes));
  return j;
}

ordered_json to_json(const run_info& run) {
  const char* commit = std::getenv("QTL_COMMIT");
  return {{"schema", schema},
          {"suite", "gpu"},
          {"commit", commit != nullptr ? commit : "unknown"},
          {"device", run.device.name.c_str()},
          {"capability", run.device.capability},
          {"target", run.device.target},
          {"multiprocessors", run.device.multiprocessors},
          {"l2_bytes", run.device.l2_bytes},
          {"cuda", run.driver},
          {"cublaslt", run.cublaslt},
          {"cpu", cpu_model()},
          {"compiler", compiler()},
          {"inputs", "uniform in [-1, 1) before quantization"},
          {"cache", "cold"},
          {"rounds", run.rounds},
          {"started", run.started},
          {"ended", run.ended},
          {"ceilings",
           {{"copy_gb_per_s", rounded(run.limits.copy_bytes * 1e-9)},
            {"bf16_tflops", rounded(run.limits.bf16_operations * 1e-12)}}}};
}

}  // namespace

// One line for each case.
bool write_json(const std::string& file, const run_info& run,
                const std::vector<case_result>& results) {
  std::ofstream out(file);
  std::string head = to_json(run).dump(1);
  head.resize(head.rfind('\n'));
  out << head << ",\n \"cases\": [";
  for (std::size_t i = 0; i < results.size(); ++i)
    out << (i == 0 ? "\n  " : ",\n  ") << to_json(results[i]).dump();
  out << "\n ]\n}\n";
  return out.good();
}

}  // namespace qtl_bench
