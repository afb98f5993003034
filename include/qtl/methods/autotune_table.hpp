// SPDX-License-Identifier: Apache-2.0
// qtl/methods/autotune_table.hpp - what autotune chooses among, and the table of everything it tried.
// Holds: tuning_candidate, tuning_layer, tuning_trial, tuning_table, their checks, fill_table.
// A table is filled in place, so a run that stops anywhere leaves what it knows, and the next goes
// on from it.
// Not here: the searches (autotune_budget.hpp, autotune_tolerance.hpp), JSON (io/tuning_json.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/error.hpp"
#include "qtl/base/math.hpp"
#include "qtl/calib/calibrate.hpp"

namespace qtl::inline v0 {

/// One way to quantize one layer: a policy and a method, by name.
struct tuning_candidate {
  std::string name;            ///< unique within its layer
  double bits_per_weight = 0;  ///< for people; searches count bytes
  std::int64_t bytes = 0;      ///< stored, scales and zero points included
};

/// A layer and what may become of it.
struct tuning_layer {
  std::string name;           ///< unique within a run
  std::int64_t elements = 0;  ///< of its weight; needed for budgets in bits per weight
  double importance = 1;      ///< factor of its errors in sums
  std::vector<tuning_candidate> candidates;
};

/// One evaluated candidate.
struct tuning_trial {
  std::string layer;
  std::string candidate;
  std::int64_t bytes = 0;
  double error = 0;    ///< as evaluated, without importance
  double seconds = 0;  ///< that the evaluation took

  friend bool operator==(const tuning_trial&, const tuning_trial&) = default;
};

/// A layer and the candidate that it had.
struct layer_choice {
  std::string layer;
  std::string candidate;

  friend auto operator<=>(const layer_choice&, const layer_choice&) = default;
};

/// One whole model that was tried.
struct assignment_trial {
  std::vector<layer_choice> choices;  ///< one per layer
  std::int64_t bytes = 0;             ///< of all layers
  double accuracy = 0;
  double seconds = 0;

  friend bool operator==(const assignment_trial&, const assignment_trial&) = default;
};

/// Everything tried, in the order of trying.
struct tuning_table {
  std::vector<tuning_trial> trials;
  std::vector<assignment_trial> assignments;  ///< of the tolerance form only

  friend bool operator==(const tuning_table&, const tuning_table&) = default;
};

/// The test behind LayerEvaluator.
template<class F>
inline constexpr bool is_layer_evaluator =
    requires(F& evaluate, const tuning_layer& layer, const tuning_candidate& candidate) {
      result<double>(evaluate(layer, candidate));
    };

/// Satisfied by anything callable as evaluate(const tuning_layer&, const tuning_candidate&) that
/// returns the layer's output error, as a double or a result<double>.
/// Why: what an error is, and how a layer is quantized, is the caller's to say.
template<class F>
concept LayerEvaluator =
    is_layer_evaluator<F> ||
    unsatisfied<"an evaluator is called with (layer, candidate) and returns a result<double>", F>;

/// "layer 'a', candidate 'b': ", then whatever is appended.
inline status tuning_failure(error_code code, const char* operand, std::string_view layer,
                             std::string_view candidate, std::string_view what) {
  status s{code, operand, -1, 0, 0, {}};
  s.message.append("layer '").append(layer.substr(0, 64)).append("'");
  if (!candidate.empty())
    s.message.append(", candidate '").append(candidate.substr(0, 64)).append("'");
  s.message.append(": ").append(what);
  return s;
}

/// Whether x is neither NaN nor infinite nor negative; read from its bits.
inline bool is_amount(double x) {
  return (bit_cast<std::uint64_t>(x) & 0x7FFF'FFFF'FFFF'FFFFu) < 0x7FF0'0000'0000'0000u && x >= 0;
}

/// ok where names are unique and not empty, every layer has a candidate, importances and bits are
/// finite and not negative, and bytes are not negative and their sum fits. invalid_argument,
/// overflow.
inline status check_layers(std::span<const tuning_layer> layers) {
  const auto wrong = [](const tuning_layer& l, std::string_view candidate, std::string_view what) {
    return tuning_failure(error_code::invalid_argument, "layers", l.name, candidate, what);
  };
  if (layers.empty())
    return failure(error_code::invalid_argument, "layers", "there are none, expected at least one");
  std::map<std::string_view, int> names;
  std::int64_t total = 0;
  for (const tuning_layer& l : layers) {
    if (l.name.empty()) return wrong(l, "", "the name is empty");
    if (++names[l.name] > 1) return wrong(l, "", "the name is given twice");
    if (l.candidates.empty()) return wrong(l, "", "there is no candidate");
    if (!is_amount(l.importance)) return wrong(l, "", "importance is not finite or negative");
    if (l.elements < 0) return wrong(l, "", "elements is negative");
    std::map<std::string_view, int> own;
    std::int64_t most = 0;
    for (const tuning_candidate& c : l.candidates) {
      if (c.name.empty()) return wrong(l, "", "a candidate's name is empty");
      if (++own[c.name] > 1) return wrong(l, c.name, "the name is given twice");
      if (c.bytes < 0) return wrong(l, c.name, "bytes is negative");
      if (!is_amount(c.bits_per_weight))
        return wrong(l, c.name, "bits_per_weight is not finite or negative");
      most = std::max(most, c.bytes);
    }
    if (most > INT64_MAX - total)
      return failure(error_code::overflow, "layers", "the sum of bytes does not fit 64 bits");
    total += most;
  }
  return {};
}

/// ok where no trial stands twice and every number is finite and, but for accuracies, not negative.
/// not_finite, invalid_argument.
inline status check_table(const tuning_table& table) {
  std::map<std::pair<std::string_view, std::string_view>, int> seen;
  for (const tuning_trial& t : table.trials) {
    if (!is_amount(t.error) || !is_amount(t.seconds))
      return tuning_failure(error_code::not_finite, "table", t.layer, t.candidate,
                            "error or seconds is not finite or negative");
    if (t.bytes < 0)
      return tuning_failure(error_code::invalid_argument, "table", t.layer, t.candidate,
                            "bytes is negative");
    if (++seen[{t.layer, t.candidate}] > 1)
      return tuning_failure(error_code::invalid_argument, "table", t.layer, t.candidate,
                            "the trial stands twice in the table");
  }
  for (const assignment_trial& a : table.assignments) {
    if (!is_amount(std::fabs(a.accuracy)) || !is_amount(a.seconds))
      return failure(error_code::not_finite, "table",
                     "accuracy or seconds of an assignment is not finite or negative");
    if (a.bytes < 0)
      return failure(error_code::invalid_argument, "table", "bytes of an assignment is negative");
  }
  return {};
}

/// Seconds since some fixed time. <ctime> because <chrono> is dear to parse.
inline double wall_seconds() {
  std::timespec now{};
  if (std::timespec_get(&now, TIME_UTC) == 0) return 0;
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Where the trial of each layer's candidate stands in a table; -1: not tried.
using trial_places = std::vector<std::vector<std::ptrdiff_t>>;

/// Looks every candidate up. Trials of other layers and candidates are let be. invalid_argument
/// where a trial's bytes are not its candidate's: the table is then another model's.
inline result<trial_places> find_trials(std::span<const tuning_layer> layers,
                                        const tuning_table& table) {
  std::map<std::pair<std::string_view, std::string_view>, std::ptrdiff_t> places;
  for (std::size_t i = 0; i < table.trials.size(); ++i)
    places[{table.trials[i].layer, table.trials[i].candidate}] = static_cast<std::ptrdiff_t>(i);
  trial_places found;
  for (const tuning_layer& l : layers) {
    found.emplace_back();
    for (const tuning_candidate& c : l.candidates) {
      const auto it = places.find({l.name, c.name});
      found.back().push_back(it == places.end() ? -1 : it->second);
      if (it == places.end()) continue;
      const std::int64_t bytes = table.trials[static_cast<std::size_t>(it->second)].bytes;
      if (bytes == c.bytes) continue;
      status s = tuning_failure(error_code::invalid_argument, "table", l.name, c.name, "bytes is ");
      s.message.append(bytes).append(" in the table, expected ").append(c.bytes);
      s.expected = c.bytes;
      s.actual = bytes;
      return s;
    }
  }
  return found;
}

/// The trial of one candidate, now. Its own failure under the names; not_finite for an error that
/// is NaN, infinite or negative.
template<LayerEvaluator Evaluate>
result<tuning_trial> evaluate_candidate(const tuning_layer& layer,
                                        const tuning_candidate& candidate, Evaluate& evaluate) {
  const double start = wall_seconds();
  const result<double> error(evaluate(layer, candidate));
  const double seconds = std::max(0.0, wall_seconds() - start);
  if (!error.ok()) {
    const status why = error.why();
    return tuning_failure(why.code, why.operand, layer.name, candidate.name, why.message.view());
  }
  if (!is_amount(*error))
    return tuning_failure(error_code::not_finite, "evaluate", layer.name, candidate.name,
                          "the error is NaN, infinite or negative");
  return tuning_trial{layer.name, candidate.name, candidate.bytes, *error, seconds};
}

/// Evaluates every candidate that `table` does not hold and appends it there. True where all are
/// done, false where progress(done, total), in candidates, stopped it.
/// Errors: of check_layers, check_table, find_trials and evaluate_candidate; what was evaluated
/// before stays in the table.
template<LayerEvaluator Evaluate, ProgressCallback Progress = no_progress>
result<bool> fill_table(std::span<const tuning_layer> layers, Evaluate&& evaluate,
                        tuning_table& table, Progress&& progress = {}) {
  if (const status s = check_layers(layers); !s.ok()) return s;
  if (const status s = check_table(table); !s.ok()) return s;
  const result<trial_places> found = find_trials(layers, table);
  if (!found.ok()) return found.why();
  std::int64_t done = 0, total = 0;
  for (const auto& of_layer : *found)
    for (const std::ptrdiff_t place : of_layer) {
      ++total;
      done += place >= 0 ? 1 : 0;
    }
  for (std::size_t l = 0; l < layers.size(); ++l)
    for (std::size_t c = 0; c < layers[l].candidates.size(); ++c) {
      if ((*found)[l][c] >= 0) continue;
      result<tuning_trial> trial = evaluate_candidate(layers[l], layers[l].candidates[c], evaluate);
      if (!trial.ok()) return trial.why();
      table.trials.push_back(*std::move(trial));
      if (!static_cast<bool>(progress(++done, total)) && done < total) return false;
    }
  return true;
}

}  // namespace qtl::inline v0
