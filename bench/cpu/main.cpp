// SPDX-License-Identifier: Apache-2.0
// bench/cpu/main.cpp - products on the CPU, ours beside other libraries', in one process and one
// run. Not Google Benchmark: contestants take turns round by round, every sample stands between two
// calibrations of the machine, and figures are medians of ratios within a round. Everybody is
// verified before anybody is timed.
#include <cstdio>
#include <exception>
#include <memory>

#include "../inputs.hpp"
#include "machine.hpp"
#include "output.hpp"
#include "team.hpp"

namespace qtl_bench {

namespace {

// The inputs of the last shape: neighbouring cases share them.
class inputs {
 public:
  void prepare(const shape& s) {
    if (w_.rows() != s.n || w_.cols() != s.k) w_ = random_matrix(s.n, s.k, 3);
    if (x_.rows() != s.m || x_.cols() != s.k) x_ = random_matrix(s.m, s.k, 4);
  }
  problem with(temperature from, const qtl::executor_ref& executor) const {
    return {x_, w_, from, executor};
  }

 private:
  qtl::matrix<float> w_, x_;
};

// A team, or none where the caller's thread is enough.
class threads {
 public:
  explicit threads(int count) {
    if (count > 1) team_ = std::make_unique<team>(count);
  }
  qtl::executor_ref executor() {
    return team_ != nullptr ? qtl::executor_ref(*team_) : qtl::executor_ref();
  }

 private:
  std::unique_ptr<team> team_;
};

bool all_timed(const case_result& result) {
  for (const outcome& o : result.outcomes)
    if (!o.error.empty()) return false;
  return true;
}

int run(const options& o) {
  run_info run{utc_time(), {}, load_average(), 0};
  print_header(o, run);
  threads pool(o.threads);
  calibrator machine(pool.executor());
  inputs data;
  std::vector<case_result> results;
  bool good = true;
  for (const bench_case& c : list_cases(o.shapes)) {
    if (c.name().find(o.filter) == std::string::npos) continue;
    data.prepare(c.extents);
    const problem p = data.with(c.from, pool.executor());
    results.push_back({c.family, c.extents, c.from, run_rounds(p, c.contestants, machine, o.work)});
    print_case(results.back());
    good = good && all_timed(results.back());
  }
  const auto packing = measure_packing(o.filter, pool.executor());
  print_packing(packing);
  run.ended = utc_time();
  run.load_after = load_average();
  print_footer(run);
  if (!o.json.empty() && !write_json(o.json, o, run, results, packing)) {
    std::fprintf(stderr, "--json: cannot write '%s'\n", o.json.c_str());
    return 1;
  }
  const bool found = !results.empty() || !packing.empty();
  if (!found) std::fprintf(stderr, "--filter: no case has '%s'\n", o.filter.c_str());
  return good && found ? 0 : 1;
}

}  // namespace

}  // namespace qtl_bench

int main(int argc, char** argv) try {
  qtl_bench::restart_with_environment(argv);
  const auto options = qtl_bench::parse_options(argc, argv);
  return options ? qtl_bench::run(*options) : 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
