// SPDX-License-Identifier: Apache-2.0
// bench/cpu/rounds.cpp - the loop.
#include "rounds.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <thread>

#include "../paired_timing.hpp"

namespace qtl_bench {

namespace {

constexpr int most_bursts = 8;
constexpr int least_bursts = 3;

/// A contestant at work. A sample is the median of a few bursts of runs, so that an interruption
/// spoils a burst and not the sample.
struct entrant {
  std::unique_ptr<contestant> who;
  std::int64_t turn = 0;
  std::int64_t runs = 1;  // of a burst
  int bursts = most_bursts;

  double seconds_of_burst() {
    return seconds_of([&] {
      for (std::int64_t i = 0; i < runs; ++i) who->run(turn++);
    });
  }
  double seconds_of_run() {
    std::vector<double> times;
    for (int b = 0; b < bursts; ++b) times.push_back(seconds_of_burst());
    return median(std::move(times)) / static_cast<double>(runs);
  }
};

// Empty where the contestant is ready to be timed.
std::string make_ready(entrant& e, const make_contestant& make, const problem& p) {
  try {
    e.who = make(p);
    e.who->run(e.turn++);
    return e.who->find_error();
  } catch (const std::exception& problem_found) {
    return problem_found.what();
  }
}

// As many runs as take a burst's share of the sample, as many bursts as fill the sample.
void choose_runs(entrant& e, double seconds) {
  const auto best_of_three = [&] {
    return std::min({e.seconds_of_burst(), e.seconds_of_burst(), e.seconds_of_burst()});
  };
  double taken = best_of_three();
  while (taken < seconds / most_bursts && e.runs < (std::int64_t{1} << 24)) {
    e.runs *= 2;
    taken = best_of_three();
  }
  e.bursts =
      static_cast<int>(std::clamp<double>(std::ceil(seconds / taken), least_bursts, most_bursts));
}

// Threads of other pools may still be waiting for work at full speed.
void let_pools_fall_asleep(const problem& p) {
  if (p.executor.threads() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

peaks calibrate(const problem& p, calibrator& machine) {
  let_pools_fall_asleep(p);
  return machine.measure(p.from == temperature::cold);
}

// Each calibration ends one sample and begins the next. One run ahead of each sample warms up what
// is hot: activations and results, and the weights where they are.
void run_round(const problem& p, std::vector<entrant>& entrants, std::vector<outcome>& outcomes,
               calibrator& machine) {
  peaks before = calibrate(p, machine);
  for (std::size_t i = 0; i < entrants.size(); ++i) {
    if (!outcomes[i].error.empty()) continue;
    entrant& e = entrants[i];
    e.who->run(e.turn++);
    const double seconds = e.seconds_of_run();
    const peaks after = calibrate(p, machine);
    outcomes[i].samples.push_back({seconds, mean(before, after)});
    before = after;
  }
}

// The median of f(sample) over all samples.
template<class F>
double median_of(const outcome& o, F&& f) {
  std::vector<double> values;
  for (const sample& s : o.samples) values.push_back(f(s));
  return median(std::move(values));
}

double bytes_of(const outcome& o, const shape& s) {
  return static_cast<double>(o.info.weight_bytes + 4 * s.m * (s.n + s.k));
}

}  // namespace

double outcome::seconds() const {
  return median_of(*this, [](const sample& s) { return s.seconds; });
}

double outcome::percent_of_peak(const shape& s) const {
  return median_of(*this, [&](const sample& one) {
    const double peak = one.around.of(info.peak);
    return peak > 0 ? 100 * s.operations() / one.seconds / peak : 0;
  });
}

double outcome::bandwidth(const shape& s) const {
  const double time = seconds();
  return time > 0 ? bytes_of(*this, s) / time : 0;
}

double outcome::percent_of_dram(const shape& s) const {
  return median_of(*this, [&](const sample& one) {
    return one.around.dram > 0 ? 100 * bytes_of(*this, s) / one.seconds / one.around.dram : 0;
  });
}

double ratio(const outcome& ours, const outcome& other) {
  std::vector<double> ratios;
  for (std::size_t r = 0; r < std::min(ours.samples.size(), other.samples.size()); ++r)
    ratios.push_back(other.samples[r].seconds / ours.samples[r].seconds);
  return median(std::move(ratios));
}

double ratio_to_fastest(const outcome& ours, const std::vector<outcome>& all) {
  std::vector<double> ratios;
  for (std::size_t r = 0; r < ours.samples.size(); ++r) {
    double fastest = 0;
    for (const outcome& o : all)
      if (o.info.is_peer && r < o.samples.size() &&
          (fastest == 0 || o.samples[r].seconds < fastest))
        fastest = o.samples[r].seconds;
    if (fastest > 0) ratios.push_back(fastest / ours.samples[r].seconds);
  }
  return median(std::move(ratios));
}

std::vector<outcome> run_rounds(const problem& p, const std::vector<make_contestant>& makers,
                                calibrator& machine, const effort& e) {
  std::vector<entrant> entrants(makers.size());
  std::vector<outcome> outcomes(makers.size());
  for (std::size_t i = 0; i < makers.size(); ++i) {
    outcomes[i].error = make_ready(entrants[i], makers[i], p);
    if (entrants[i].who != nullptr) outcomes[i].info = entrants[i].who->info();
    if (outcomes[i].error.empty()) choose_runs(entrants[i], e.seconds);
  }
  for (int round = 0; round < e.samples; ++round) run_round(p, entrants, outcomes, machine);
  return outcomes;
}

}  // namespace qtl_bench
