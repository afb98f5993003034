// SPDX-License-Identifier: Apache-2.0
#include "tables.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "../common/text_table.hpp"
#include "policies.hpp"

namespace methods {
namespace {

using common::formatted;
using run_function = decltype(&run_policy<0>);

constexpr std::size_t policy_count = std::size(compared_policies);

constexpr auto run_functions = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array<run_function, policy_count>{run_policy<I>...};
}(std::make_index_sequence<policy_count>{});

std::size_t policy_number(const std::string& name) {
  const auto found = std::find(std::begin(compared_policies), std::end(compared_policies), name);
  if (found == std::end(compared_policies))
    throw std::invalid_argument("--policy: no policy is called '" + name + "'");
  return static_cast<std::size_t>(found - std::begin(compared_policies));
}

std::vector<std::string> row_of(std::span<const outcome> outcomes) {
  const standing seen = standing_of(outcomes, &outcome::calibration, &outcome::plain_calibration);
  const standing unseen = standing_of(outcomes, &outcome::held_out, &outcome::plain_held_out);
  double seconds = 0;
  double bits = 0;
  double weights = 0;
  for (const outcome& o : outcomes) {
    seconds += o.seconds;
    bits += o.bits * static_cast<double>(o.weights);
    weights += static_cast<double>(o.weights);
  }
  return {outcomes.front().method,      formatted(seen.error, 4),    formatted(seen.ratio, 3),
          formatted(seen.worst, 3),     std::to_string(seen.losses), formatted(unseen.error, 4),
          formatted(unseen.ratio, 3),   formatted(unseen.worst, 3),  std::to_string(unseen.losses),
          formatted(bits / weights, 3), formatted(seconds, 1)};
}

void print_layers(std::span<const outcome> outcomes) {
  for (const outcome& o : outcomes)
    std::printf("  %-24s %-48s %.4f of %.4f, held out %.4f of %.4f %s\n", o.method.c_str(),
                o.layer.c_str(), o.calibration, o.plain_calibration, o.held_out, o.plain_held_out,
                o.note.c_str());
}

/// What a user must not find in a table.
std::string complaint(const std::string& policy, std::span<const outcome> outcomes) {
  const standing seen = standing_of(outcomes, &outcome::calibration, &outcome::plain_calibration);
  const std::string& method = outcomes.front().method;
  std::string text;
  if (seen.losses != 0 && !outcomes.front().saves_bits)
    text +=
        policy + ", " + method + ": loses to rtn on " + std::to_string(seen.losses) + " layers\n";
  if (policy == "s4_g128" && method.starts_with("gptq") && seen.ratio > 0.75)
    text += policy + ", " + method + ": gains less than 25 % on rtn\n";
  return text;
}

std::string print_table(const std::string& policy, std::span<const sampled_layer> layers,
                        const table_options& options, const qtl::executor_ref& executor) {
  common::text_table table({{"method", true},
                            {"error"},
                            {"/ rtn"},
                            {"worst"},
                            {"lost"},
                            {"held out"},
                            {"/ rtn"},
                            {"worst"},
                            {"lost"},
                            {"bits"},
                            {"seconds"}});
  std::string complaints;
  std::vector<outcome> outcomes;
  const auto see = [&](outcome o) {
    outcomes.push_back(std::move(o));
    if (outcomes.size() < layers.size()) return;
    if (options.per_layer) print_layers(outcomes);
    table.add_row(row_of(outcomes));
    complaints += complaint(policy, outcomes);
    outcomes.clear();
  };
  run_functions[policy_number(policy)](layers, options.method, executor, see);
  std::printf("%s, %zu layers\n\n%s\n", policy.c_str(), layers.size(), table.text().c_str());
  std::fflush(stdout);
  return complaints;
}

}  // namespace

std::string print_tables(std::span<const sampled_layer> layers, const table_options& options,
                         const qtl::executor_ref& executor) {
  std::vector<std::string> policies = options.policies;
  if (policies.empty()) policies.assign(std::begin(compared_policies), std::end(compared_policies));
  std::string complaints;
  for (const std::string& name : policies)
    complaints += print_table(name, layers, options, executor);
  return complaints;
}

}  // namespace methods
