// SPDX-License-Identifier: Apache-2.0
// bench/observe_bench.cpp - observers beside reading the memory that they observe.
#include <cstdint>
#include <cstring>

#include "qtl/calib/observers.hpp"

#include "benchmarks.hpp"
#include "inputs.hpp"
#include "paired_timing.hpp"

namespace qtl_bench {

namespace {

constexpr std::int64_t rows = 4096;
constexpr std::int64_t columns = 4096;

const qtl::matrix<float>& source() {
  static const qtl::matrix<float> batch = random_matrix(rows, columns, 1);
  return batch;
}

// Every bit of the batch takes part, in lines of 64 bytes that do not wait for each other.
std::uint64_t read_all() {
  constexpr std::int64_t words = 8;
  std::uint64_t bits[words] = {};
  const auto* from = reinterpret_cast<const std::byte*>(source().data());
  for (std::int64_t at = 0; at < rows * columns * 4; at += words * 8) {
    std::uint64_t line[words];
    std::memcpy(line, from + at, sizeof line);
    for (std::int64_t w = 0; w < words; ++w) bits[w] ^= line[w];
  }
  std::uint64_t all = 0;
  for (const std::uint64_t part : bits) all ^= part;
  return all;
}

// Whether the range is that of a plain loop.
bool is_right(const qtl::minmax_observer& observer) {
  float low = 0.0f;
  float high = 0.0f;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    low = source().data()[i] < low ? source().data()[i] : low;
    high = source().data()[i] > high ? source().data()[i] : high;
  }
  return observer.range().min == low && observer.range().max == high;
}

template<class Observer>
void observe(benchmark::State& state) {
  Observer observer;
  qtl::throw_if_failed(observer.observe(source()));
  if constexpr (std::is_same_v<Observer, qtl::minmax_observer>)
    if (!is_right(observer)) return refuse(state, "wrong range");
  paired_times times;
  for ([[maybe_unused]] auto step : state) {
    const double ours = seconds_of([&] { qtl::throw_if_failed(observer.observe(source())); });
    times.add(ours, seconds_of([] { benchmark::DoNotOptimize(read_all()); }));
    state.SetIterationTime(ours);
  }
  state.counters["vs_read"] = times.speedup();
  state.counters["GB/s"] = 4e-9 * static_cast<double>(rows * columns) / times.seconds();
}

template<class Observer>
void add() {
  const std::string name = std::string("observe/") + Observer::name.c_str();
  benchmark::RegisterBenchmark(name.c_str(), observe<Observer>)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_observe() {
  add<qtl::minmax_observer>();
  add<qtl::moving_average_observer>();
  add<qtl::percentile_observer>();
  add<qtl::kl_observer>();
  add<qtl::mse_observer<qtl::policy<qtl::s8>>>();
  add<qtl::sawb_observer>();
}

}  // namespace qtl_bench
