// SPDX-License-Identifier: Apache-2.0
// bench/gpu/rounds.cpp - the loop.
#include "rounds.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

#include "../paired_timing.hpp"

namespace qtl_bench {

namespace {

constexpr int least_launches = 10;

/// A contestant ready to be timed.
struct entrant {
  contestant* who = nullptr;
  std::unique_ptr<recording> launches;
};

// Every operand set is used once in a sample, and no sample is a single short launch.
int launches_of(const contestant& c) {
  return is_real_device() ? std::max(least_launches, c.sets()) : 1;
}

// Empty where the output of one run is right.
std::string verify(contestant& c) {
  c.poison();
  c.enqueue(0);
  qtl::throw_if_failed(qtl::gpu_backend::synchronize(main_stream()));
  return c.find_error();
}

entrant make_ready(made& m, outcome& o) {
  entrant e{m.who.get(), nullptr};
  o.info.name = m.name;
  o.info.is_peer = !m.name.starts_with("qtl");
  o.error = m.refusal;
  if (e.who == nullptr) return e;
  o.info = e.who->info();
  try {
    o.error = verify(*e.who);
    if (!o.error.empty()) return e;
    o.launches = launches_of(*e.who);
    o.sets = e.who->sets();
    e.launches = record(o.launches, [who = e.who](int turn) { who->enqueue(turn); });
  } catch (const std::exception& problem) {
    o.error = problem.what();
  }
  return e;
}

void pause(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

void run_all(std::vector<entrant>& entrants, std::vector<outcome>& outcomes, regime r,
             const effort& e) {
  for (std::size_t i = 0; i < entrants.size(); ++i) {
    if (!outcomes[i].error.empty()) continue;
    if (r == regime::cool && is_real_device()) pause(e.idle_gap);
    const double seconds = entrants[i].launches->replay() / outcomes[i].launches;
    (r == regime::steady ? outcomes[i].steady : outcomes[i].cool).push_back(seconds);
  }
}

void warm(std::vector<entrant>& entrants, std::vector<outcome>& outcomes, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  bool any = true;
  while (any && std::chrono::steady_clock::now() < end) {
    any = false;
    for (std::size_t i = 0; i < entrants.size(); ++i) {
      if (!outcomes[i].error.empty()) continue;
      entrants[i].launches->replay();
      any = true;
    }
  }
}

}  // namespace

spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
  };
  return {at(0.1), at(0.5), at(0.9)};
}

double outcome::seconds(regime r) const { return median(samples(r)); }

spread ratio(const outcome& ours, const outcome& other, regime r) {
  std::vector<double> ratios;
  const std::size_t rounds = std::min(ours.samples(r).size(), other.samples(r).size());
  for (std::size_t i = 0; i < rounds; ++i)
    ratios.push_back(other.samples(r)[i] / ours.samples(r)[i]);
  return spread_of(std::move(ratios));
}

spread ratio_to_fastest(const outcome& ours, const std::vector<outcome>& all, regime r) {
  const outcome* fastest = nullptr;
  for (const outcome& o : all)
    if (o.info.is_peer && !o.samples(r).empty() &&
        (fastest == nullptr || o.seconds(r) < fastest->seconds(r)))
      fastest = &o;
  return fastest != nullptr ? ratio(ours, *fastest, r) : spread{};
}

case_outcomes run_rounds(std::vector<made>& contestants, const effort& e, double warm_up,
                         telemetry& chip) {
  case_outcomes result;
  result.outcomes.resize(contestants.size());
  std::vector<entrant> entrants;
  for (std::size_t i = 0; i < contestants.size(); ++i)
    entrants.push_back(make_ready(contestants[i], result.outcomes[i]));
  if (is_real_device()) warm(entrants, result.outcomes, warm_up);
  chip.begin();
  for (int i = 0; i < e.rounds; ++i) run_all(entrants, result.outcomes, regime::steady, e);
  result.state = chip.end();
  for (int i = 0; i < e.rounds; ++i) run_all(entrants, result.outcomes, regime::cool, e);
  return result;
}

}  // namespace qtl_bench
