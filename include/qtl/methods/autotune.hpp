// SPDX-License-Identifier: Apache-2.0
// qtl/methods/autotune.hpp - chooses policy and method of every layer, under a budget or an accuracy tolerance.
// Holds: tune_to_budget, and sample_evaluator, which tries a list of (method, policy) pairs on sample inputs. Brings
// tune_to_accuracy with it. docs/autotune.md is its page.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "qtl/base/type_list.hpp"
#include "qtl/methods/autotune_budget.hpp"
#include "qtl/methods/autotune_table.hpp"
#include "qtl/methods/autotune_tolerance.hpp"
#include "qtl/methods/output_error.hpp"
#include "qtl/policy/descriptor.hpp"

namespace qtl::inline v0 {

/// How large all layers may be: one of the two.
///     tuning_budget{.bits_per_weight = 4.25}
struct tuning_budget {
  std::int64_t bytes = -1;      ///< of all layers
  double bits_per_weight = -1;  ///< on average over all layers' elements
};

/// How tune_to_budget chooses.
struct budget_options {
  bool exact = true;                             ///< choose_exact; else choose_greedy
  std::int64_t max_states = default_max_states;  ///< of the exact search
  bool allow_greedy =
      false;  ///< where the exact search would need more: choice.exact is then false
};

/// What tune_to_budget found.
struct budget_outcome {
  tuning_choice choice;        ///< without candidates where it stopped too early for any
  double bits_per_weight = 0;  ///< of the choice; 0 where elements are not given
  bool completed = false;      ///< false where the progress callback stopped it
};

/// The elements of all layers.
inline double total_elements(std::span<const tuning_layer> layers) {
  double sum = 0;
  for (const tuning_layer& l : layers) sum += static_cast<double>(l.elements);
  return sum;
}

/// The budget in bytes. invalid_argument where not exactly one of the two is given, or elements are
/// needed and missing.
inline result<std::int64_t> budget_bytes(std::span<const tuning_layer> layers,
                                         const tuning_budget& budget) {
  const auto wrong = [](const char* what) {
    return failure(error_code::invalid_argument, "budget", what);
  };
  const bool in_bits = budget.bits_per_weight != -1;
  if ((budget.bytes != -1) == in_bits) return wrong("give either bytes or bits_per_weight");
  if (!in_bits) {
    if (budget.bytes < 0) return wrong("bytes is negative");
    return budget.bytes;
  }
  if (!is_amount(budget.bits_per_weight)) return wrong("bits_per_weight is not finite or negative");
  for (const tuning_layer& l : layers)
    if (l.elements == 0)
      return tuning_failure(error_code::invalid_argument, "layers", l.name, "",
                            "elements is 0, and the budget is in bits per weight");
  const double bytes = std::floor(budget.bits_per_weight * total_elements(layers) / 8);
  return bytes < 9e18 ? static_cast<std::int64_t>(bytes) : INT64_MAX;
}

/// The exact or the greedy choice, as `how` says.
inline result<tuning_choice> choose_within(const tuning_options& options, std::int64_t budget,
                                           const budget_options& how) {
  if (!how.exact) return choose_greedy(options, budget);
  result<tuning_choice> choice = choose_exact(options, budget, how.max_states);
  if (!choice.ok() && choice.why().code == error_code::fallback_refused && how.allow_greedy)
    return choose_greedy(options, budget);
  return choice;
}

/// Evaluates what `table` does not hold yet, then chooses one candidate per layer: the least sum of
/// importance times error within the budget. Stopped by `progress`, it chooses among what is known,
/// if that is enough. Errors: of fill_table, budget_bytes and choose_exact; a budget below what is
/// possible names the least (before anything is evaluated).
template<LayerEvaluator Evaluate, ProgressCallback Progress = no_progress>
result<budget_outcome> tune_to_budget(std::span<const tuning_layer> layers, Evaluate&& evaluate,
                                      const tuning_budget& budget, tuning_table& table,
                                      const budget_options& how = {}, Progress&& progress = {}) {
  if (const status s = check_layers(layers); !s.ok()) return s;
  const result<std::int64_t> bytes = budget_bytes(layers, budget);
  if (!bytes.ok()) return bytes.why();
  tuning_options sizes(layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l)
    for (const tuning_candidate& c : layers[l].candidates) sizes[l].push_back({c.bytes, 0, 0});
  if (const auto possible = within_budget(sizes, *bytes); !possible.ok()) return possible.why();
  const result<bool> filled = fill_table(layers, evaluate, table, progress);
  if (!filled.ok()) return filled.why();
  const result<tuning_options> options = options_from(layers, table);
  if (!options.ok()) return options.why();
  budget_outcome outcome;
  outcome.completed = *filled;
  if (!*filled && !within_budget(*options, *bytes).ok()) return outcome;
  result<tuning_choice> choice = choose_within(*options, *bytes, how);
  if (!choice.ok()) return choice.why();
  outcome.choice = *std::move(choice);
  outcome.choice.exact = outcome.choice.exact && outcome.completed;
  const double elements = total_elements(layers);
  if (elements > 0)
    outcome.bits_per_weight = 8 * static_cast<double>(outcome.choice.bytes) / elements;
  return outcome;
}

/// A method and the weight policy that it quantizes to: an entry of sample_evaluator's list. A name
/// is needed only where two entries would else have the same.
template<Method M, QuantPolicy P, fixed_text Name = "">
  requires WeightIsStatic<P>
struct method_policy {
  using method = M;
  using policy = P;

  /// "rtn s4 symmetric per_group<128>", or the name given.
  static std::string name() {
    if constexpr (!Name.empty())
      return std::string(Name.view());
    else
      return std::string(short_name(M::name).view()) + " " +
             std::string(to_text(describe<P>()).view());
  }
};

/// A layer with what methods know of it; it borrows the matrices.
struct named_samples {
  std::string name;
  layer_samples samples;
  double importance = 1;
};

/// An evaluator over sample inputs: `List` is a type_list of method_policy.
template<class List>
class sample_evaluator;

/// The error of a candidate is output_error of the layer quantized by its entry. Counted bytes are
/// the tensor's; what is folded elsewhere is not in them.
template<class... Entries>
class sample_evaluator<type_list<Entries...>> {
 public:
  using methods = std::tuple<typename Entries::method...>;

  /// `options`: the method of each entry, where its defaults will not do.
  explicit sample_evaluator(std::vector<named_samples> samples, methods options = {},
                            const executor_ref& executor = {})
      : samples_(std::move(samples)), methods_(std::move(options)), executor_(executor) {}

  /// The layers, each with every entry as a candidate. Errors: of make_layout.
  result<std::vector<tuning_layer>> layers() const {
    std::vector<tuning_layer> all;
    status wrong;
    for (const named_samples& s : samples_) {
      const matrix_view<const float>& w = s.samples.weight;
      tuning_layer layer{s.name, w.rows * w.cols, s.importance, {}};
      for_each_type(type_list<Entries...>{}, [&]<class Entry>() {
        using P = typename Entry::policy;
        const result<tensor_layout> layout = make_layout<P>(w.rows, w.cols);
        if (!layout.ok()) return void(wrong = layout.why());
        const std::int64_t bytes = layout->bytes() + (P::scale::two_levels ? 4 : 0);
        const auto elements = static_cast<double>(layer.elements);
        const double bits =
            elements > 0 ? 8 * static_cast<double>(bytes) / elements : P::format::bits;
        layer.candidates.push_back({Entry::name(), bits, bytes});
      });
      if (!wrong.ok()) return wrong;
      all.push_back(std::move(layer));
    }
    return all;
  }

  /// Quantizes and compares. not_found for names that layers() does not give; errors of the method
  /// and of output_error.
  result<double> operator()(const tuning_layer& layer, const tuning_candidate& candidate) const {
    for (const named_samples& s : samples_)
      if (s.name == layer.name)
        return error_of(s.samples, candidate.name, std::index_sequence_for<Entries...>{});
    return failure(error_code::not_found, "layer", "the evaluator has no samples of it");
  }

 private:
  template<std::size_t... I>
  result<double> error_of(const layer_samples& samples, const std::string& name,
                          std::index_sequence<I...>) const {
    result<double> error =
        failure(error_code::not_found, "candidate", "the evaluator has no such entry");
    const auto visit = [&]<class Entry>(const auto& method) {
      using P = typename Entry::policy;
      if (Entry::name() != name) return false;
      const result<method_result<P>> quantized = method.template apply<P>(samples);
      error = quantized.ok() ? output_error(samples, *quantized, executor_)
                             : result<double>(quantized.why());
      return true;
    };
    (void)(visit.template operator()<Entries>(std::get<I>(methods_)) || ...);
    return error;
  }

  std::vector<named_samples> samples_;
  methods methods_;
  executor_ref executor_;
};

}  // namespace qtl::inline v0
