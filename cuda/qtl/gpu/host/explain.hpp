// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/explain.hpp - why a product takes its tile sizes, as text for people.
// Holds: explain_choice. Plain C++; not for a hot path: it allocates.
#pragma once

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "qtl/gpu/host/select.hpp"

namespace qtl::inline v0::gpu {

namespace detail {

/// A candidate that may run.
struct priced_candidate {
  std::string name;
  tile_cost cost;
  std::size_t place = 0;  ///< in the lists
};

/// As is_cheaper() has it; of equals, the first.
inline bool is_listed_before(const priced_candidate& a, const priced_candidate& b) {
  if (a.cost.total != b.cost.total) return a.cost.total < b.cost.total;
  return a.cost.busy != b.cost.busy ? a.cost.busy < b.cost.busy : a.place < b.place;
}

/// Numbers of splits of one tile that are refused for one reason.
struct refused_candidate {
  std::string name;
  refusal why;
  int first_splits, last_splits;
  std::string sentence;
};

/// All candidates of several lists, the cheapest first.
struct candidate_account {
  std::vector<priced_candidate> priced;
  std::vector<refused_candidate> refused;
};

inline std::string name_of(const candidate_list& list, const tile_sizes& t, int splits) {
  std::string name(list.name.view());
  return name.append(" ").append(variant_text(t, splits).view());
}

inline void account_for(const candidate_list& list, const device_facts& d, candidate_account& to) {
  const product_shape& p = list.product;
  for_each_candidate(p, list.tilings, d, [&](int index, int splits, refusal why) {
    const tile_sizes& t = list.tilings[static_cast<std::size_t>(index)];
    if (why == refusal::none) {
      to.priced.push_back(
          {name_of(list, t, splits), modelled_cost(p, t, splits, d), to.priced.size()});
      return;
    }
    const std::string name = name_of(list, t, 1);
    if (!to.refused.empty() && to.refused.back().name == name && to.refused.back().why == why) {
      to.refused.back().last_splits = splits;
      return;
    }
    to.refused.push_back(
        {name, why, splits, splits, std::string(refusal_text(why, p, t, splits, d).view())});
  });
}

template<class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

/// One line of the table, figures in thousands of cycles.
inline std::string cost_line(const priced_candidate& c) {
  const tile_cost& t = c.cost;
  return formatted("%-30s %4lld + %3.0f %% %7.1f %7.1f %7.1f %7.1f %7.1f %7.1f %7.1f %7.1f %8.1f\n",
                   c.name.c_str(), static_cast<long long>(t.waves.waves()), 100 * t.waves.filled(),
                   t.tensor * 1e-3, t.shared * 1e-3, t.l2 * 1e-3, t.waiting * 1e-3, t.memory * 1e-3,
                   t.finish * 1e-3, t.gather * 1e-3, t.start * 1e-3, t.total * 1e-3);
}

inline constexpr const char* cost_heading =
    "thousands of cycles              waves used  tensor  shared      L2   loads  memory  finish  "
    "gather   start    total\n";

/// One part of a cost by name.
struct cost_part {
  const char* name;
  double tile_cost::* cycles;
};
inline constexpr cost_part cost_parts[] = {{"tensor cores", &tile_cost::tensor},
                                           {"shared memory", &tile_cost::shared},
                                           {"L2", &tile_cost::l2},
                                           {"loads under way", &tile_cost::waiting},
                                           {"device memory", &tile_cost::memory},
                                           {"outputs", &tile_cost::finish},
                                           {"adding up splits", &tile_cost::gather},
                                           {"launch", &tile_cost::start}};

/// What the loser spends most more on.
inline const cost_part& largest_excess(const tile_cost& winner, const tile_cost& loser) {
  const auto excess = [&](const cost_part& part) {
    return loser.*part.cycles - winner.*part.cycles;
  };
  return *std::max_element(
      std::begin(cost_parts), std::end(cost_parts),
      [&](const cost_part& a, const cost_part& b) { return excess(a) < excess(b); });
}

/// Why the first of the priced candidates is taken.
inline std::string reason_text(const std::vector<priced_candidate>& priced, double gigahertz) {
  const priced_candidate& best = priced.front();
  std::string text =
      formatted("taken: %s, %.1f us at %.2f GHz in the model, bound by %s\n", best.name.c_str(),
                best.cost.total / (gigahertz * 1e3), gigahertz, bound_of(best.cost));
  if (priced.size() == 1) return text + "nothing else may run\n";
  const priced_candidate& next = priced[1];
  if (next.cost.total == best.cost.total)
    return text + formatted("next: %s, as cheap; were device memory fast, %.1f against %.1f\n",
                            next.name.c_str(), next.cost.busy * 1e-3, best.cost.busy * 1e-3);
  const cost_part& part = largest_excess(best.cost, next.cost);
  return text + formatted("next: %s, %.1f %% dearer; %s: %.1f against %.1f thousand cycles\n",
                          next.name.c_str(), 100 * (next.cost.total / best.cost.total - 1),
                          part.name, next.cost.*part.cycles * 1e-3, best.cost.*part.cycles * 1e-3);
}

}  // namespace detail

/// Every candidate of the lists with its modelled cost, the cheapest first; why that one is taken;
/// and why others are refused. At most `most_lines` of those that may run.
inline std::string explain_choice(std::span<const candidate_list> lists, const device_facts& d,
                                  std::size_t most_lines = 12) {
  detail::candidate_account all;
  for (const candidate_list& list : lists) detail::account_for(list, d, all);
  std::sort(all.priced.begin(), all.priced.end(), detail::is_listed_before);
  std::string text;
  if (!all.priced.empty()) text += detail::cost_heading;
  for (std::size_t i = 0; i < all.priced.size() && i < most_lines; ++i)
    text += detail::cost_line(all.priced[i]);
  if (all.priced.size() > most_lines)
    text += detail::formatted("and %zu more, up to %.1f\n", all.priced.size() - most_lines,
                              all.priced.back().cost.total * 1e-3);
  text += all.priced.empty() ? "nothing may run\n"
                             : detail::reason_text(all.priced, figures_of(d.capability).gigahertz);
  for (const detail::refused_candidate& r : all.refused) {
    text += "refused: " + r.name;
    if (r.last_splits > 1) text += ", " + std::to_string(r.first_splits);
    if (r.last_splits > r.first_splits) text += " to " + std::to_string(r.last_splits);
    text += (r.last_splits > 1 ? " splits: " : ": ") + r.sentence + "\n";
  }
  return text;
}

}  // namespace qtl::inline v0::gpu
