// SPDX-License-Identifier: Apache-2.0
// bench/main.cpp - the benchmark program: Google Benchmark's arguments, and --all.
// What a figure needs to be understood later (commit, compiler, flags, CPU) goes into the output's
// context.
#include <cstdlib>
#include <cstring>
#include <vector>

#include <Eigen/Core>

#include "benchmarks.hpp"
#include "circumstances.hpp"

namespace qtl_bench {

// Raised when a counter or a name changes its meaning.
constexpr const char* schema_version = "1";

static bool refused = false;

void refuse(benchmark::State& state, const std::string& why) {
  refused = true;
  state.SkipWithError(why.c_str());
}

static void add_context() {
  const char* commit = std::getenv("QTL_COMMIT");
  benchmark::AddCustomContext("qtl_schema", schema_version);
  benchmark::AddCustomContext("qtl_commit", commit != nullptr ? commit : "unknown");
  benchmark::AddCustomContext("qtl_compiler", compiler());
  benchmark::AddCustomContext("qtl_flags", QTL_BENCH_FLAGS);
  benchmark::AddCustomContext("qtl_cpu", cpu_model());
  benchmark::AddCustomContext("qtl_threads", "1");
  benchmark::AddCustomContext("eigen_simd", Eigen::SimdInstructionSetsInUse());
}

// Takes --all out of the arguments and puts our default minimum time in front, where a given one
// overrides it.
static std::vector<char*> arguments_of(int argc, char** argv, extent& e) {
  static char min_time[] = "--benchmark_min_time=0.2";
  std::vector<char*> arguments{argv[0], min_time};
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--all") == 0)
      e = extent::everything;
    else
      arguments.push_back(argv[i]);
  return arguments;
}

static int run(int argc, char** argv) {
  extent e = extent::main_list;
  std::vector<char*> arguments = arguments_of(argc, argv, e);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  add_context();
  register_quantize();
  register_observe();
  register_linear_integer(e);
  register_linear_weight_only(e);
  register_linear_fp8(e);
  register_linear_microscaled(e);
  if (e == extent::everything) register_methods();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return refused ? 1 : 0;
}

}  // namespace qtl_bench

int main(int argc, char** argv) { return qtl_bench::run(argc, argv); }
