// SPDX-License-Identifier: Apache-2.0
// bench/cpu/calibration.cpp - peaks, measured in bursts of a millisecond.
#include "calibration.hpp"

#include <algorithm>
#include <cstring>

#include "../paired_timing.hpp"
#include "peak_loops.hpp"

namespace qtl_bench {

namespace {

constexpr double burst_seconds = 0.8e-3;
constexpr int bursts = 4;
constexpr std::int64_t window_bytes = std::int64_t{32} << 20;
constexpr std::int64_t windows = 20;

// How many turns of the loop take a burst's time.
std::int64_t turns_of(const peak_loop& loop) {
  constexpr std::int64_t trial = 20000;
  double best = 1;
  for (int i = 0; i < 5; ++i) best = std::min(best, seconds_of([&] { loop.run(trial); }));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(trial * burst_seconds / best));
}

// The best of a few bursts: one that was interrupted tells nothing about the machine.
double measure_loop(const peak_loop& loop, std::int64_t turns, const qtl::executor_ref& executor) {
  if (loop.run == nullptr) return 0;
  double best = 1e9;
  for (int i = 0; i < bursts; ++i)
    best = std::min(best, seconds_of([&] {
                      executor.parallel_for(executor.threads(),
                                            [&](std::int64_t) { loop.run(turns); });
                    }));
  return loop.operations * static_cast<double>(turns) * executor.threads() / best;
}

}  // namespace

const char* int8_peak_name() { return int8_loop().name; }
const char* f32_peak_name() { return f32_loop().name; }
const char* bf16_peak_name() { return bf16_loop().name; }

calibrator::calibrator(const qtl::executor_ref& executor)
    : executor_(executor), memory_(qtl::value_or_throw(qtl::buffer<std::byte>::make(
                               window_bytes * windows * executor.threads()))) {
  std::memset(memory_.data(), 1, static_cast<std::size_t>(memory_.size()));
}

peaks calibrator::measure(bool with_dram) {
  static const peak_loop int8 = int8_loop();
  static const peak_loop f32 = f32_loop();
  static const peak_loop bf16 = bf16_loop();
  static const std::int64_t int8_turns = int8.run != nullptr ? turns_of(int8) : 0;
  static const std::int64_t f32_turns = f32.run != nullptr ? turns_of(f32) : 0;
  static const std::int64_t bf16_turns = bf16.run != nullptr ? turns_of(bf16) : 0;
  return {measure_loop(int8, int8_turns, executor_), measure_loop(f32, f32_turns, executor_),
          measure_loop(bf16, bf16_turns, executor_), with_dram ? measure_dram() : 0};
}

// Each burst reads the next window of each thread: by the time one comes round again, the others
// have passed through the cache.
double calibrator::measure_dram() {
  static const read_loop_function read = read_loop();
  const int threads = executor_.threads();
  double best = 1e9;
  for (int i = 0; i < bursts; ++i) {
    const std::byte* first = memory_.data() + next_window_++ % windows * threads * window_bytes;
    best = std::min(best, seconds_of([&] {
                      executor_.parallel_for(threads, [&](std::int64_t thread) {
                        read(first + thread * window_bytes, window_bytes);
                      });
                    }));
  }
  return static_cast<double>(window_bytes) * threads / best;
}

}  // namespace qtl_bench
