// SPDX-License-Identifier: Apache-2.0
// bench/linear_bench.cpp - QLinear beside Eigen's float product: shapes, checking, timing.
// The two run in turn, iteration by iteration, so that vs_eigen holds on a machine whose speed
// changes. Eigen's f32 weights push ours out of the nearer caches and the other way round, as the
// layers of a model do.
#include "linear_bench.hpp"

#include <array>
#include <cmath>
#include <memory>

#include <Eigen/Core>

#include "qtl/gemm/reference.hpp"

#include "inputs.hpp"
#include "paired_timing.hpp"

namespace qtl_bench {

namespace {

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct shape {
  std::int64_t m, n, k;
  bool main_presets_only;  // too large to time every preset by default
};
// A decode step, a small batch and a prefill of a 7B model; BERT base; a small vision model.
constexpr std::array shapes{shape{1, 4096, 4096, true}, shape{16, 4096, 4096, true},
                            shape{512, 4096, 4096, true}, shape{384, 3072, 768, false},
                            shape{256, 384, 384, false}};
constexpr std::array<std::string_view, 7> main_presets{"w8a8", "w8a8_affine", "w4a8", "w4a16",
                                                       "fp8",  "mxfp4",       "nf4"};

/// One preset at one shape, with all its memory. Kept while Google Benchmark looks for a number of
/// iterations.
struct experiment {
  std::string name;
  std::unique_ptr<linear_subject> subject;
  qtl::matrix<float> w, x, y;
  row_major float_y;
  qtl::buffer<std::byte> workspace;
};

// Of |y - reference| for sums of reals in any order, as the kernels state it: (k + 2) 2^-23 sum
// |x||w|.
double error_bound(const qtl::gemm_args& g, std::int64_t i, std::int64_t j) {
  double sum = 0;
  for (std::int64_t p = 0; p < g.k(); ++p)
    sum += std::fabs(static_cast<double>(qtl::reference::activation_real(g.x, i, p)) *
                     static_cast<double>(qtl::reference::weight_real(g.w, j, p)));
  return static_cast<double>(g.k() + 2) * std::ldexp(sum, -23);
}

// What is wrong with y at 64 places drawn at random; empty where nothing is.
std::string find_error(const qtl::gemm_args& g, const qtl::matrix<float>& y) {
  for (int draw = 0; draw < 64; ++draw) {
    const std::int64_t i = random_index(1, draw, g.m());
    const std::int64_t j = random_index(2, draw, g.n());
    const float expected = qtl::reference::element(g, i, j);
    const bool exact = g.key.accumulator != qtl::accumulation::real;
    const double bound = exact ? 0.0 : error_bound(g, i, j);
    if (!(std::fabs(static_cast<double>(y(i, j)) - static_cast<double>(expected)) <= bound))
      return "wrong result: y(" + std::to_string(i) + ", " + std::to_string(j) + ") is " +
             std::to_string(y(i, j)) + ", the reference says " + std::to_string(expected);
  }
  return {};
}

experiment prepare(const std::string& name, make_subject make, const shape& s) {
  experiment e;
  e.name = name;
  e.w = random_matrix(s.n, s.k, 3);
  e.x = random_matrix(s.m, s.k, 4);
  e.y = qtl::value_or_throw(qtl::matrix<float>::make(s.m, s.n));
  e.float_y.resize(s.m, s.n);
  e.subject = make(e.w.view(), e.x.view());
  e.workspace = qtl::value_or_throw(qtl::buffer<std::byte>::make(e.subject->workspace_size(s.m)));
  return e;
}

void run_subject(experiment& e) {
  e.subject->run(e.x.view(), e.y.view(), e.workspace.span());
  benchmark::ClobberMemory();
}

void run_eigen(experiment& e) {
  using map = Eigen::Map<const row_major, Eigen::Aligned64>;
  const map w(e.w.data(), e.w.rows(), e.w.cols());
  const map x(e.x.data(), e.x.rows(), e.x.cols());
  e.float_y.noalias() = x * w.transpose();
  benchmark::ClobberMemory();
}

void time_linear(benchmark::State& state, experiment& e) {
  run_subject(e);
  run_eigen(e);
  if (const std::string why = find_error(e.subject->operands(e.x.view(), e.workspace.span()), e.y);
      !why.empty())
    return refuse(state, why);
  paired_times times;
  for ([[maybe_unused]] auto step : state) {
    const double ours = seconds_of([&] { run_subject(e); });
    times.add(ours, seconds_of([&] { run_eigen(e); }));
    state.SetIterationTime(ours);
  }
  const auto m = static_cast<double>(e.x.rows());
  const auto n = static_cast<double>(e.w.rows());
  const auto k = static_cast<double>(e.w.cols());
  const double bytes = static_cast<double>(e.subject->weight_bytes()) + 4 * m * (n + k);
  state.counters["vs_eigen"] = times.speedup();
  state.counters["GOP/s"] = 2e-9 * m * n * k / times.seconds();
  state.counters["GB/s"] = 1e-9 * bytes / times.seconds();
  state.SetLabel(e.subject->kernel_name());
}

bool is_main(std::string_view preset) {
  for (std::string_view name : main_presets)
    if (name == preset) return true;
  return false;
}

}  // namespace

void register_linear(const std::string& preset, make_subject make, extent e) {
  for (const shape& s : shapes) {
    if (e == extent::main_list && s.main_presets_only && !is_main(preset)) continue;
    const std::string name = "linear/" + preset + "/" + std::to_string(s.m) + "x" +
                             std::to_string(s.n) + "x" + std::to_string(s.k);
    auto* registered = benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      static experiment current;
      if (current.name != name) current = prepare(name, make, s);
      time_linear(state, current);
    });
    registered->UseManualTime()->Unit(benchmark::kMillisecond);
    if (s.m * s.n * s.k > 4000000000) registered->Iterations(3);  // one is no median
  }
}

}  // namespace qtl_bench
