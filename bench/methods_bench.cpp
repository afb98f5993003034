// SPDX-License-Identifier: Apache-2.0
// bench/methods_bench.cpp - how long a post-training method takes for one large layer, on two
// threads.
#include <optional>

#include "qtl/methods/gptq.hpp"
#include "qtl/methods/output_error.hpp"

#include "../examples/thread_pool.hpp"
#include "benchmarks.hpp"
#include "inputs.hpp"
#include "paired_timing.hpp"

namespace qtl_bench {

namespace {

constexpr std::int64_t width = 4096;
constexpr std::int64_t samples = 2048;
constexpr int threads = 2;

// Neighbouring inputs have much in common, as those of real layers do.
qtl::matrix<float> correlated_inputs() {
  qtl::matrix<float> x = random_matrix(samples, width, 2);
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t j = 1; j < width; ++j) x(i, j) = 0.9f * x(i, j - 1) + 0.44f * x(i, j);
  return x;
}

// One layer, once: what comes out is checked after the clock has stopped.
void gptq(benchmark::State& state) {
  using P = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<128>>;
  thread_pool pool(threads);
  const qtl::executor_ref executor(pool);
  const qtl::matrix<float> weight = random_matrix(width, width, 1);
  const qtl::matrix<float> inputs = correlated_inputs();
  const qtl::layer_samples layer{weight.view(), inputs.view()};
  qtl::gptq method{.block_size = 128, .executor = executor};
  method.compare_with_rtn = state.range(0) != 0;
  for ([[maybe_unused]] auto step : state) {
    std::optional<qtl::method_result<P>> made;
    state.SetIterationTime(seconds_of([&] { made = qtl::value_or_throw(method.apply<P>(layer)); }));
    const auto plain = qtl::value_or_throw(qtl::rtn{.executor = executor}.apply<P>(layer));
    const double error = qtl::value_or_throw(qtl::output_error(layer, *made, executor));
    const double yardstick = qtl::value_or_throw(qtl::output_error(layer, plain, executor));
    if (!(error < yardstick)) return refuse(state, "no better than plain rounding");
    state.counters["over_rtn"] = error / yardstick;
  }
}

}  // namespace

void register_methods() {
  benchmark::RegisterBenchmark("methods/gptq/s4_g128/4096x4096", gptq)
      ->ArgName("with_rtn")
      ->Arg(0)
      ->Arg(1)
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kSecond);
}

}  // namespace qtl_bench
