// SPDX-License-Identifier: Apache-2.0
// qtl/methods/autotune_tolerance.hpp - the cheapest model whose accuracy, as the caller measures it, drops by no more than so much.
// Holds: AccuracyCallback, tolerance_options, tolerance_outcome, tune_to_accuracy.
// Measuring is dear, so few models are tried: each candidate everywhere, by rising bytes, then
// layers raised one after another.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "qtl/methods/autotune_budget.hpp"
#include "qtl/methods/autotune_table.hpp"

namespace qtl::inline v0 {

/// The test behind AccuracyCallback.
template<class F>
inline constexpr bool is_accuracy_callback = requires(
    F& accuracy, std::span<const std::size_t> candidates) { result<double>(accuracy(candidates)); };

/// Satisfied by anything callable as accuracy(std::span<const std::size_t>), the index of each
/// layer's candidate, that returns a double or a result<double>: higher is better.
/// Why: only the caller can run the whole model.
template<class F>
concept AccuracyCallback =
    is_accuracy_callback<F> ||
    unsatisfied<
        "an accuracy callback is called with a span of candidates' indices, returns a double", F>;

/// What tune_to_accuracy aims at.
struct tolerance_options {
  double reference = 1;             ///< accuracy of the model that is not quantized; above 0
  double tolerance = 0.01;          ///< accuracy holds from reference * (1 - tolerance) up
  std::int64_t max_trials = 1000;   ///< models that are tried at most
  std::size_t layers_per_step = 1;  ///< layers that are raised between two measurements
};

/// What tune_to_accuracy found.
struct tolerance_outcome {
  tuning_choice choice;    ///< the best seen; without candidates where none was tried
  double accuracy = 0;     ///< of the choice
  double drop = 0;         ///< of the choice, relative to the reference
  bool holds = false;      ///< the drop is within the tolerance
  bool completed = false;  ///< false where the progress callback or max_trials stopped it
};

/// Importance times error of everything that `table` holds of `layers`. Errors: of find_trials;
/// not_finite where a product overflows.
inline result<tuning_options> options_from(std::span<const tuning_layer> layers,
                                           const tuning_table& table) {
  const result<trial_places> found = find_trials(layers, table);
  if (!found.ok()) return found.why();
  tuning_options options(layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l)
    for (std::size_t c = 0; c < layers[l].candidates.size(); ++c) {
      const std::ptrdiff_t place = (*found)[l][c];
      if (place < 0) continue;
      const double error =
          layers[l].importance * table.trials[static_cast<std::size_t>(place)].error;
      if (!is_amount(error))
        return tuning_failure(error_code::not_finite, "layers", layers[l].name,
                              layers[l].candidates[c].name, "importance times error overflows");
      options[l].push_back({layers[l].candidates[c].bytes, error, c});
    }
  return options;
}

/// The candidates that every layer has, as indices by layer, by rising bytes of the whole.
inline std::vector<std::vector<std::size_t>> uniform_choices(std::span<const tuning_layer> layers) {
  std::vector<std::pair<std::int64_t, std::vector<std::size_t>>> found;
  for (const tuning_candidate& first : layers.front().candidates) {
    std::int64_t bytes = 0;
    std::vector<std::size_t> picks;
    for (const tuning_layer& l : layers)
      for (std::size_t c = 0; c < l.candidates.size(); ++c)
        if (l.candidates[c].name == first.name) {
          bytes += l.candidates[c].bytes;
          picks.push_back(c);
        }
    if (picks.size() == layers.size()) found.emplace_back(bytes, std::move(picks));
  }
  std::sort(found.begin(), found.end());  // of equal bytes as the first layer orders them
  std::vector<std::vector<std::size_t>> choices;
  for (auto& [bytes, picks] : found) choices.push_back(std::move(picks));
  return choices;
}

/// One run of tune_to_accuracy after the layers' errors are known. `options` holds all candidates.
template<AccuracyCallback Accuracy, ProgressCallback Progress>
class accuracy_search {
 public:
  accuracy_search(std::span<const tuning_layer> layers, const tuning_options& errors,
                  const tolerance_options& options, tuning_table& table, Accuracy& accuracy,
                  Progress& progress)
      : layers_(layers), errors_(errors), options_(options), table_(table), accuracy_(accuracy),
        progress_(progress) {
    for (std::size_t i = 0; i < table.assignments.size(); ++i)
      known_.emplace(key_of(table.assignments[i].choices), i);
  }

  /// Tries models until one holds and no cheaper one is worth a try.
  result<tolerance_outcome> run() {
    std::vector<std::vector<std::size_t>> starts = uniform_choices(layers_);
    if (starts.empty()) starts.push_back(cheapest());
    for (const auto& picks : starts) {
      if (const status s = measure(picks); !s.ok()) return s;
      if (stopped_ || best_.holds) break;
    }
    std::vector<std::size_t> picks = best_failed_;
    while (!stopped_ && !picks.empty() && raise(picks)) {
      if (best_.holds && bytes_of(picks) >= best_.choice.bytes) break;
      const bool held = best_.holds;
      const std::int64_t bytes = best_.choice.bytes;
      if (const status s = measure(picks); !s.ok()) return s;
      if (best_.holds && (!held || best_.choice.bytes < bytes)) break;
    }
    best_.completed = !stopped_;
    return std::move(best_);
  }

 private:
  using key = std::vector<layer_choice>;

  static key key_of(key choices) {
    std::sort(choices.begin(), choices.end());
    return choices;
  }

  std::vector<std::size_t> cheapest() const {
    std::vector<std::size_t> picks;
    for (const auto& options : errors_) picks.push_back(useful_options(options).front().candidate);
    return picks;
  }

  std::int64_t bytes_of(std::span<const std::size_t> picks) const {
    std::int64_t bytes = 0;
    for (std::size_t l = 0; l < picks.size(); ++l) bytes += errors_[l][picks[l]].bytes;
    return bytes;
  }

  // Measures a model, or finds it in the table; then compares it with the best.
  status measure(std::span<const std::size_t> picks) {
    if (tried_ == options_.max_trials) return stopped_ = true, status{};
    assignment_trial trial;
    for (std::size_t l = 0; l < picks.size(); ++l)
      trial.choices.push_back({layers_[l].name, layers_[l].candidates[picks[l]].name});
    trial.bytes = bytes_of(picks);
    const auto [at, is_new] = known_.emplace(key_of(trial.choices), table_.assignments.size());
    if (is_new) {
      const double start = wall_seconds();
      const result<double> accuracy(accuracy_(picks));
      trial.seconds = std::max(0.0, wall_seconds() - start);
      if (!accuracy.ok()) return accuracy.why();
      if (!is_amount(std::fabs(*accuracy)))
        return failure(error_code::not_finite, "accuracy", "the callback returned NaN or infinity");
      trial.accuracy = *accuracy;
      table_.assignments.push_back(std::move(trial));
    } else if (const std::int64_t have = table_.assignments[at->second].bytes;
               have != trial.bytes) {
      return mismatch("table", "bytes of an assignment", -1, trial.bytes, have,
                      error_code::invalid_argument);
    }
    consider(picks, table_.assignments[at->second]);
    if (!static_cast<bool>(progress_(++tried_, std::int64_t{0}))) stopped_ = true;
    return {};
  }

  void consider(std::span<const std::size_t> picks, const assignment_trial& trial) {
    const double drop = (options_.reference - trial.accuracy) / options_.reference;
    const bool holds = trial.accuracy >= options_.reference * (1 - options_.tolerance);
    if (!holds && (best_failed_.empty() || trial.accuracy > failed_accuracy_)) {
      best_failed_.assign(picks.begin(), picks.end());
      failed_accuracy_ = trial.accuracy;
    }
    const bool first = best_.choice.candidates.empty();
    const bool cheaper = trial.bytes < best_.choice.bytes;
    const bool same = trial.bytes == best_.choice.bytes;
    const bool finer = trial.accuracy > best_.accuracy;
    const bool equal = trial.accuracy == best_.accuracy;
    const bool better = holds != best_.holds ? holds
                        : holds              ? cheaper || (same && finer)
                                             : finer || (equal && cheaper);
    if (!first && !better) return;
    best_.choice = {};
    for (std::size_t l = 0; l < picks.size(); ++l) best_.choice.error += errors_[l][picks[l]].error;
    best_.choice.candidates.assign(picks.begin(), picks.end());
    best_.choice.bytes = trial.bytes;
    best_.accuracy = trial.accuracy;
    best_.drop = drop;
    best_.holds = holds;
  }

  // Gives the layers with the most error per byte to gain more bytes; false where none has any.
  bool raise(std::vector<std::size_t>& picks) const {
    struct step {
      double gain;
      std::size_t layer, candidate;
    };
    std::vector<step> steps;
    for (std::size_t l = 0; l < picks.size(); ++l) {
      const tuning_option& now = errors_[l][picks[l]];
      step best{0, l, picks[l]};
      for (const tuning_option& then : errors_[l]) {
        if (!(then.error < now.error)) continue;
        const double gain =
            then.bytes <= now.bytes
                ? std::numeric_limits<double>::infinity()
                : (now.error - then.error) / static_cast<double>(then.bytes - now.bytes);
        if (gain > best.gain) best = {gain, l, then.candidate};
      }
      if (best.gain > 0) steps.push_back(best);
    }
    std::sort(steps.begin(), steps.end(), [](const step& a, const step& b) {
      return a.gain != b.gain ? a.gain > b.gain : a.layer < b.layer;
    });
    if (steps.size() > options_.layers_per_step) steps.resize(options_.layers_per_step);
    for (const step& s : steps) picks[s.layer] = s.candidate;
    return !steps.empty();
  }

  std::span<const tuning_layer> layers_;
  const tuning_options& errors_;
  const tolerance_options& options_;
  tuning_table& table_;
  Accuracy& accuracy_;
  Progress& progress_;
  std::map<key, std::size_t> known_;
  tolerance_outcome best_;
  std::vector<std::size_t> best_failed_;
  double failed_accuracy_ = 0;
  std::int64_t tried_ = 0;
  bool stopped_ = false;
};

/// Finds a cheap model whose relative drop of accuracy is at most the tolerance. First each
/// candidate that all layers have, everywhere, by rising bytes, until one holds; then, from the
/// most accurate that failed, layers are raised by the error they gain per byte until it holds too
/// or costs as much. Always returns the best seen: the cheapest that holds, else the most accurate.
/// What `table` holds is neither evaluated nor measured again; new trials are appended. `progress`
/// counts candidates as (done, total), then measured models as (done, 0).
/// Errors: of fill_table; invalid_argument for the options; not_finite for an accuracy; those that
/// the callback returns.
template<LayerEvaluator Evaluate, AccuracyCallback Accuracy,
         ProgressCallback Progress = no_progress>
result<tolerance_outcome> tune_to_accuracy(std::span<const tuning_layer> layers,
                                           Evaluate&& evaluate, Accuracy&& accuracy,
                                           const tolerance_options& options, tuning_table& table,
                                           Progress&& progress = {}) {
  const auto wrong = [](const char* what) {
    return failure(error_code::invalid_argument, "options", what);
  };
  if (!is_amount(options.reference) || options.reference == 0)
    return wrong("reference is not a finite number above 0");
  if (!is_amount(options.tolerance)) return wrong("tolerance is not finite or negative");
  if (options.max_trials < 1) return wrong("max_trials is below 1");
  if (options.layers_per_step < 1) return wrong("layers_per_step is below 1");
  bool goes_on = true;  // a stop after the last candidate stops too: what follows is dear
  const result<bool> filled =
      fill_table(layers, evaluate, table, [&](std::int64_t done, std::int64_t total) {
        return goes_on = static_cast<bool>(progress(done, total));
      });
  if (!filled.ok()) return filled.why();
  if (!goes_on) return tolerance_outcome{};
  const result<tuning_options> errors = options_from(layers, table);
  if (!errors.ok()) return errors.why();
  return accuracy_search(layers, *errors, options, table, accuracy, progress).run();
}

}  // namespace qtl::inline v0
