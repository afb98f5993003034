// SPDX-License-Identifier: Apache-2.0
// bench/gpu/main.cpp - kernels on a GPU, ours beside cuBLASLt's and beside a copy, in one process
// and one run. Everybody is verified before anybody is timed; launches are recorded into graphs and
// rotate over operands that no cache holds; contestants take turns round by round, and figures are
// medians, of ratios within a round.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>

#include "contestants.hpp"
#include "explain.hpp"
#include "host_overhead.hpp"
#include "output.hpp"

namespace qtl_bench {

namespace {

std::string utc_time() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", std::gmtime(&now));
  return text;
}

std::vector<bench_case> chosen_cases(const options& o) {
  std::vector<bench_case> cases = list_cases(o.shapes).value_or(std::vector<bench_case>());
  std::erase_if(cases,
                [&](const bench_case& c) { return c.name().find(o.filter) == std::string::npos; });
  return cases;
}

void print_list(const std::vector<bench_case>& cases) {
  for (const bench_case& c : cases)
    std::printf("%s%s\n", c.name().c_str(), c.model.empty() ? "" : (" (" + c.model + ")").c_str());
  for (const qtl::gemm_kernel& kernel : qtl::gpu_backend::kernels())
    std::printf("kernel %s\n", kernel.name.c_str());
  for (const qtl::device_quantizer& kernel : qtl::gpu_backend::quantizers())
    std::printf("quantizer %s\n", kernel.name.c_str());
}

int explain_for(const options& o, const std::vector<bench_case>& cases,
                const qtl::device_facts& here) {
  const auto described = o.device.empty() ? here : described_device(o.device);
  if (described) return print_explanations(std::cout, cases, *described), 0;
  std::fprintf(stderr, "--device: got '%s', expected a100, l40s, h100, b200 or rtx5090\n",
               o.device.c_str());
  return 2;
}

case_result measure(const bench_case& c, const options& o, bool first, telemetry& chip) {
  std::vector<made> contestants;
  for (const make_contestants& make : c.makers) try {
      for (made& m : make(c.extents)) contestants.push_back(std::move(m));
    } catch (const std::exception& e) {
      contestants.push_back({"qtl " + c.family, nullptr, e.what()});
    }
  return {c, run_rounds(contestants, o.work, first ? o.work.warm_up : o.work.case_warm, chip)};
}

// A peer that is not there spoils nothing; a kernel of ours that is wrong does.
bool ours_are_good(const case_result& result) {
  for (const outcome& one : result.measured.outcomes)
    if (!one.info.is_peer && !one.error.empty()) return false;
  return true;
}

int run(const options& o, const qtl::device_facts& device) {
  const std::vector<bench_case> cases = chosen_cases(o);
  if (cases.empty()) {
    std::fprintf(stderr, "--filter: no case has '%s'\n", o.filter.c_str());
    return 1;
  }
  if (o.list) return print_list(cases), 0;
  if (o.explain) return explain_for(o, cases, device);
  if (o.host_overhead) return print_host_overhead(o);
  telemetry chip;
  run_info info{utc_time(), {}, driver_version(), cublaslt_version(), device, {}, o.work.rounds};
  info.limits = measure_ceilings(o.work, chip);
  std::ofstream markdown(o.markdown);
  write_head(std::cout, info);
  write_head(markdown, info);
  std::vector<case_result> results;
  bool good = true;
  for (const bench_case& c : cases) {
    results.push_back(measure(c, o, results.empty(), chip));
    write_case(std::cout, info, results.back());
    write_case(markdown, info, results.back());
    good = good && ours_are_good(results.back());
    info.ended = utc_time();
    if (!o.json.empty() && !write_json(o.json, info, results)) {
      std::fprintf(stderr, "--json: cannot write '%s'\n", o.json.c_str());
      return 1;
    }
  }
  return good ? 0 : 1;
}

}  // namespace

}  // namespace qtl_bench

int main(int argc, char** argv) try {
  int status = 0;
  const auto options = qtl_bench::parse_options(argc, argv, status);
  if (!options) return status;
  const qtl::result<qtl::device_facts> device = qtl::gpu_backend::facts();
  if (device.ok()) return qtl_bench::run(*options, *device);
  if (options->explain && !options->device.empty()) return qtl_bench::run(*options, {});
  std::fprintf(stderr, "no GPU to measure: %s\n", device.why().message.c_str());
  return 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
