// SPDX-License-Identifier: Apache-2.0
// qtl/methods/autotune_budget.hpp - one candidate per layer: the least sum of errors within so many bytes.
// Holds: tuning_option, tuning_choice, choose_exact (a dynamic program), choose_greedy. Plain numbers in, plain numbers out.
// Not here: where the numbers come from (autotune_table.hpp), the whole run (autotune.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "qtl/base/error.hpp"

namespace qtl::inline v0 {

/// What one candidate costs and loses.
struct tuning_option {
  std::int64_t bytes = 0;
  double error = 0;           ///< finite, not negative; importance is in it
  std::size_t candidate = 0;  ///< its index in the layer
};

/// The options of each layer.
using tuning_options = std::vector<std::vector<tuning_option>>;

/// A chosen candidate per layer.
struct tuning_choice {
  std::vector<std::size_t> candidates;  ///< by layer: an index into its candidates
  std::int64_t bytes = 0;               ///< of all layers
  double error = 0;                     ///< summed in the order of layers
  bool exact = false;                   ///< proven to be the least error within the budget
};

/// The options that something is to be said for, by rising bytes and falling error. Of equals the
/// first stays.
inline std::vector<tuning_option> useful_options(std::vector<tuning_option> options) {
  std::sort(options.begin(), options.end(), [](const tuning_option& a, const tuning_option& b) {
    if (a.bytes != b.bytes) return a.bytes < b.bytes;
    return a.error != b.error ? a.error < b.error : a.candidate < b.candidate;
  });
  std::vector<tuning_option> kept;
  for (const tuning_option& o : options)
    if (kept.empty() || o.error < kept.back().error) kept.push_back(o);
  return kept;
}

/// The useful options of every layer. invalid_argument where the cheapest together exceed `budget`,
/// naming the least that is possible (status::expected).
inline result<tuning_options> within_budget(const tuning_options& layers, std::int64_t budget) {
  tuning_options useful;
  std::int64_t least = 0;
  for (const auto& options : layers) {
    if (options.empty())
      return failure(error_code::invalid_argument, "layers", "a layer has no candidate");
    useful.push_back(useful_options(options));
    least += useful.back().front().bytes;
  }
  if (least <= budget) return useful;
  status s{error_code::invalid_argument, "budget", -1, least, budget, {}};
  s.message.append("budget: ").append(budget).append(" bytes are too few, the least possible is ");
  s.message.append(least);
  return s;
}

/// The choice of useful[l][picks[l]].
inline tuning_choice choice_of(const tuning_options& useful, std::span<const std::size_t> picks,
                               bool exact) {
  tuning_choice choice;
  choice.exact = exact;
  for (std::size_t l = 0; l < useful.size(); ++l) {
    const tuning_option& o = useful[l][picks[l]];
    choice.candidates.push_back(o.candidate);
    choice.bytes += o.bytes;
    choice.error += o.error;
  }
  return choice;
}

/// A lower bound of what the layers not yet decided must add: bytes are sold at a price, which
/// makes layers independent (Lagrange). Keeps the dynamic program small; never changes its answer.
class relaxed_budget {
 public:
  /// `useful` as within_budget gives it.
  relaxed_budget(const tuning_options& useful, std::int64_t budget)
      : budget_(static_cast<double>(budget)), rest_(useful.size() + 1, 0.0) {
    double dearest = 0;  // no layer takes more than its least bytes at any higher price
    for (const auto& options : useful)
      for (std::size_t i = 1; i < options.size(); ++i)
        dearest =
            std::max(dearest, (options[i - 1].error - options[i].error) /
                                  static_cast<double>(options[i].bytes - options[i - 1].bytes));
    if (!(dearest < 1e250)) return;  // then nothing is cut
    double low = 0, high = 2 * dearest;
    for (int i = 0; i < 100; ++i) {
      const double middle = low + (high - low) / 2;
      (bought(useful, middle).bytes <= budget ? high : low) = middle;
    }
    price_ = high;
    upper_ = bought(useful, high).error;
    slack_ = 1e-9 * (upper_ + price_ * budget_);  // far above what sums lose by rounding
    for (std::size_t l = useful.size(); l-- > 0;) {
      const tuning_option& o = best_at(useful[l], price_);
      rest_[l] = rest_[l + 1] + o.error + price_ * static_cast<double>(o.bytes);
    }
  }

  /// True where layers 0 ... decided - 1 at this cost cannot become an optimal choice.
  bool hopeless(std::size_t decided, std::int64_t bytes, double error) const {
    const double left = budget_ - static_cast<double>(bytes);
    return error + rest_[decided] - price_ * left > upper_ + slack_;
  }

 private:
  static const tuning_option& best_at(const std::vector<tuning_option>& options, double price) {
    const auto cost = [price](const tuning_option& o) {
      return o.error + price * static_cast<double>(o.bytes);
    };
    return *std::min_element(
        options.begin(), options.end(),
        [&](const tuning_option& a, const tuning_option& b) { return cost(a) < cost(b); });
  }
  static tuning_option bought(const tuning_options& useful, double price) {
    tuning_option sum;
    for (const auto& options : useful) {
      const tuning_option& o = best_at(options, price);
      sum.bytes += o.bytes;
      sum.error += o.error;
    }
    return sum;
  }

  double budget_;
  double price_ = 0;
  double upper_ = std::numeric_limits<double>::infinity();  // the error of a choice within budget
  double slack_ = 0;
  std::vector<double> rest_;  // [l]: the least error plus price of layers l ...
};

/// The dynamic program: after each layer, every (bytes, error) that no other one beats in both.
/// Nothing is rounded to a grid.
class budget_program {
 public:
  /// `useful` as within_budget gives it for `budget`.
  budget_program(const tuning_options& useful, std::int64_t budget)
      : useful_(useful), bound_(useful, budget), most_(useful.size() + 1, budget) {
    for (std::size_t l = useful.size(); l-- > 0;) most_[l] = most_[l + 1] - useful[l].front().bytes;
  }

  /// False where more than `max_states` states would be kept.
  bool solve(std::int64_t max_states) {
    kept_.push_back({state{}});
    std::int64_t total = 1;
    for (std::size_t l = 0; l < useful_.size(); ++l) {
      std::vector<state> next;
      for (std::size_t o = 0; o < useful_[l].size(); ++o) {
        next = merged(next, l, o);
        if (total + static_cast<std::int64_t>(next.size()) > max_states) return false;
      }
      total += static_cast<std::int64_t>(next.size());
      kept_.push_back(std::move(next));
    }
    return true;
  }

  /// The least error and, of those, the fewest bytes. Precondition: solve returned true.
  tuning_choice best() const {
    std::vector<std::size_t> picks(useful_.size());
    std::size_t at = kept_.back().size() - 1;  // errors fall as bytes rise
    for (std::size_t l = useful_.size(); l-- > 0;) {
      const state& s = kept_[l + 1][at];
      picks[l] = s.option;
      at = s.from;
    }
    return choice_of(useful_, picks, true);
  }

 private:
  struct state {
    std::int64_t bytes = 0;
    double error = 0;
    std::uint32_t from = 0;  // in the layer before
    std::uint32_t option = 0;
  };

  // `have` and the states of the layer before extended by one option, both by rising bytes; what is
  // beaten falls out.
  std::vector<state> merged(const std::vector<state>& have, std::size_t layer,
                            std::size_t option) const {
    const std::vector<state>& before = kept_[layer];
    const tuning_option& o = useful_[layer][option];
    std::vector<state> out;
    const auto offer = [&out](const state& s) {
      if (out.empty() || s.error < out.back().error) out.push_back(s);
    };
    std::size_t h = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const state s{before[i].bytes + o.bytes, before[i].error + o.error,
                    static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(option)};
      if (s.bytes > most_[layer + 1]) break;
      if (bound_.hopeless(layer + 1, s.bytes, s.error)) continue;
      const auto first = [&](const state& a) {
        return a.bytes < s.bytes || (a.bytes == s.bytes && a.error <= s.error);
      };
      while (h < have.size() && first(have[h])) offer(have[h++]);
      offer(s);
    }
    while (h < have.size()) offer(have[h++]);
    return out;
  }

  const tuning_options& useful_;
  relaxed_budget bound_;
  std::vector<std::int64_t> most_;  // [l]: bytes that layers 0 ... l - 1 may take
  std::vector<std::vector<state>> kept_;
};

/// The most states that choose_exact keeps by default: 24 bytes each.
inline constexpr std::int64_t default_max_states = 4'000'000;

/// The choice of least error within `budget` bytes; of equals, one of the fewest bytes. Sums are
/// those of doubles in the order of layers.
/// Errors: of within_budget; fallback_refused where more than `max_states` states would be kept:
/// choose_greedy then still answers.
inline result<tuning_choice> choose_exact(const tuning_options& layers, std::int64_t budget,
                                          std::int64_t max_states = default_max_states) {
  const result<tuning_options> useful = within_budget(layers, budget);
  if (!useful.ok()) return useful.why();
  budget_program program(*useful, budget);
  if (program.solve(std::min<std::int64_t>(max_states, UINT32_MAX))) return program.best();
  status s{error_code::fallback_refused, "max_states", -1, max_states, 0, {}};
  s.message.append("max_states: the exact search needs more than ").append(max_states);
  s.message.append(" states; raise it, or allow the greedy choice");
  return s;
}

/// Steps of a greedy choice; an implementation of choose_greedy.
class greedy_budget {
 public:
  /// Starts from the least error of every layer.
  explicit greedy_budget(const tuning_options& useful) : useful_(useful) {
    for (const auto& options : useful) {
      picks_.push_back(options.size() - 1);
      bytes_ += options.back().bytes;
    }
  }

  /// Lowers layers, the least loss per byte saved first, until the budget holds.
  void lower(std::int64_t budget) {
    while (bytes_ > budget) {
      std::size_t layer = 0, option = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t l = 0; l < useful_.size(); ++l)
        for (std::size_t o = 0; o < picks_[l]; ++o) {
          const tuning_option &now = useful_[l][picks_[l]], &then = useful_[l][o];
          const double loss =
              (then.error - now.error) / static_cast<double>(now.bytes - then.bytes);
          if (loss < least) least = loss, layer = l, option = o;
        }
      move(layer, option);
    }
  }

  /// Raises what still fits, the largest gain first: the last step down may have gone too far.
  void raise(std::int64_t budget) {
    for (bool moved = true; moved;) {
      std::size_t layer = 0, option = 0;
      double most = 0;
      for (std::size_t l = 0; l < useful_.size(); ++l)
        for (std::size_t o = picks_[l] + 1; o < useful_[l].size(); ++o) {
          const tuning_option &now = useful_[l][picks_[l]], &then = useful_[l][o];
          if (bytes_ - now.bytes + then.bytes > budget) break;
          if (now.error - then.error > most) most = now.error - then.error, layer = l, option = o;
        }
      moved = most > 0;
      if (moved) move(layer, option);
    }
  }

  tuning_choice choice() const { return choice_of(useful_, picks_, false); }

 private:
  void move(std::size_t layer, std::size_t option) {
    bytes_ += useful_[layer][option].bytes - useful_[layer][picks_[layer]].bytes;
    picks_[layer] = option;
  }

  const tuning_options& useful_;
  std::vector<std::size_t> picks_;
  std::int64_t bytes_ = 0;
};

/// A choice within `budget` bytes, not always the best: from the least error of every layer down,
/// where the loss per byte saved is least; then up again where room is left. Errors: of
/// within_budget.
inline result<tuning_choice> choose_greedy(const tuning_options& layers, std::int64_t budget) {
  const result<tuning_options> useful = within_budget(layers, budget);
  if (!useful.ok()) return useful.why();
  greedy_budget search(*useful);
  search.lower(budget);
  search.raise(budget);
  return search.choice();
}

}  // namespace qtl::inline v0
