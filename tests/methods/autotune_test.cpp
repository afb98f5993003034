// SPDX-License-Identifier: Apache-2.0
// tests/methods/autotune_test.cpp - runs under a budget and under a tolerance stop, go on, and name
// what is wrong.
#include "qtl/methods/autotune.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/methods/rtn.hpp"

#include "methods/sample_layers.hpp"

namespace {

using namespace qtl;

bool names(const status& s, std::string_view phrase) {
  return s.message.view().find(phrase) != std::string_view::npos;
}

// Three layers with the candidates s2, s4 and s8 at 2, 4 and 8 bytes.
std::vector<tuning_layer> three_layers() {
  std::vector<tuning_layer> layers;
  for (const char* name : {"a", "b", "c"})
    layers.push_back({name, 8, 1, {{"s8", 8, 8}, {"s2", 2, 2}, {"s4", 4, 4}}});
  return layers;
}

// a suffers most, then b, then c.
double model_error(const tuning_layer& layer, const tuning_candidate& candidate) {
  const double sensitivity = layer.name == "a" ? 9 : layer.name == "b" ? 3 : 1;
  return sensitivity * std::exp2(-static_cast<double>(candidate.bytes));
}

struct counting_evaluator {
  int calls = 0;
  double operator()(const tuning_layer& layer, const tuning_candidate& candidate) {
    ++calls;
    return model_error(layer, candidate);
  }
};

// 1 less what the layers lose together.
struct synthetic_accuracy {
  const std::vector<tuning_layer>* layers;
  int calls = 0;
  double operator()(std::span<const std::size_t> picks) {
    ++calls;
    double loss = 0;
    for (std::size_t l = 0; l < picks.size(); ++l)
      loss += model_error((*layers)[l], (*layers)[l].candidates[picks[l]]);
    return 1 - loss / 10;
  }
};

std::string shown(const std::vector<tuning_layer>& layers, const tuning_choice& choice) {
  std::string text;
  for (std::size_t l = 0; l < choice.candidates.size(); ++l)
    text += layers[l].candidates[choice.candidates[l]].name + " ";
  return text;
}

}  // namespace

TEST_CASE("a limit on states is an error, or the greedy choice where that is allowed") {
  const std::vector<tuning_layer> layers = three_layers();
  tuning_table table;
  const tuning_budget budget{.bytes = 13};
  const auto refused = tune_to_budget(layers, model_error, budget, table, {.max_states = 1});
  CHECK(refused.why().code == error_code::fallback_refused);
  CHECK(names(refused.why(), "more than 1 states"));
  CHECK(table.trials.size() == 9);
  const auto greedy =
      tune_to_budget(layers, model_error, budget, table, {.max_states = 1, .allow_greedy = true});
  REQUIRE(greedy.ok());
  CHECK(!greedy->choice.exact);
  CHECK(greedy->choice.bytes <= 13);
}

TEST_CASE("budgets in bytes and in bits per weight") {
  std::vector<tuning_layer> layers = three_layers();
  tuning_table table;
  const auto bytes = tune_to_budget(layers, model_error, {.bytes = 10}, table);
  REQUIRE(bytes.ok());
  CHECK(shown(layers, bytes->choice) == "s4 s4 s2 ");
  CHECK(bytes->completed);
  CHECK(bytes->choice.exact);
  CHECK(bytes->bits_per_weight == 10.0 * 8 / 24);
  const auto bits = tune_to_budget(layers, model_error, {.bits_per_weight = 3.5}, table);
  REQUIRE(bits.ok());
  CHECK(bits->choice.candidates == bytes->choice.candidates);  // floor(3.5 * 24 / 8) = 10
  layers[2].importance = 100;
  const auto important = tune_to_budget(layers, model_error, {.bytes = 10}, table);
  REQUIRE(important.ok());
  CHECK(shown(layers, important->choice) == "s4 s2 s4 ");
  CHECK(important->choice.error == 9 * std::exp2(-4) + 3 * std::exp2(-2) + 100 * std::exp2(-4));
}

TEST_CASE("what tune_to_budget refuses") {
  std::vector<tuning_layer> layers = three_layers();
  counting_evaluator evaluate;
  tuning_table table;
  const auto why = [&](const tuning_budget& budget) {
    return tune_to_budget(layers, evaluate, budget, table).why();
  };
  CHECK(names(why({.bytes = 5}), "5 bytes are too few, the least possible is 6"));
  CHECK(names(why({}), "either"));
  CHECK(names(why({.bytes = 9, .bits_per_weight = 4}), "either"));
  CHECK(names(why({.bytes = -2}), "negative"));
  CHECK(names(why({.bits_per_weight = std::nan("")}), "not finite"));
  layers[1].elements = 0;
  CHECK(names(why({.bits_per_weight = 4}), "layer 'b': elements is 0"));
  layers = three_layers();
  layers[1].name = "a";
  CHECK(names(why({.bytes = 9}), "layer 'a': the name is given twice"));
  layers = three_layers();
  layers[0].candidates[1].name = "s8";
  CHECK(names(why({.bytes = 9}), "layer 'a', candidate 's8': the name is given twice"));
  layers[0].candidates.clear();
  CHECK(names(why({.bytes = 9}), "there is no candidate"));
  layers = three_layers();
  layers[0].importance = -1;
  CHECK(names(why({.bytes = 9}), "importance"));
  layers = three_layers();
  for (tuning_layer& l : layers) l.candidates[0].bytes = INT64_MAX / 2;
  CHECK(why({.bytes = 9}).code == error_code::overflow);
  layers.clear();
  CHECK(why({.bytes = 9}).code == error_code::invalid_argument);
  CHECK(evaluate.calls == 0);
}

TEST_CASE("errors that are no errors are refused by name, and what was tried before stays") {
  const std::vector<tuning_layer> layers = three_layers();
  for (const double bad : {std::nan(""), -1.0, std::numeric_limits<double>::infinity()}) {
    tuning_table table;
    const auto evaluate = [&](const tuning_layer& l, const tuning_candidate& c) {
      return l.name == "b" && c.name == "s4" ? bad : 1.0;
    };
    const status s = tune_to_budget(layers, evaluate, {.bytes = 9}, table).why();
    CHECK(s.code == error_code::not_finite);
    CHECK(names(s, "layer 'b', candidate 's4'"));
    CHECK(table.trials.size() == 5);
  }
  tuning_table table;
  const auto fails = [](const tuning_layer&, const tuning_candidate&) -> result<double> {
    return failure(error_code::out_of_memory, "weight", "no room");
  };
  const status s = tune_to_budget(layers, fails, {.bytes = 9}, table).why();
  CHECK(s.code == error_code::out_of_memory);
  CHECK(names(s, "layer 'a', candidate 's8': weight: no room"));
}

TEST_CASE("a cancelled run keeps its table, and the next evaluates only the rest") {
  const std::vector<tuning_layer> layers = three_layers();
  tuning_table table;
  counting_evaluator evaluate;
  std::int64_t seen = 0;
  const auto after = [&](std::int64_t limit) {
    return [&seen, limit](std::int64_t done, std::int64_t total) {
      CHECK(total == 9);
      return seen = done, done < limit;
    };
  };
  auto outcome = tune_to_budget(layers, evaluate, {.bytes = 14}, table, {}, after(4));
  REQUIRE(outcome.ok());
  CHECK(!outcome->completed);
  CHECK(outcome->choice.candidates.empty());  // nothing is known of c
  CHECK(evaluate.calls == 4);
  CHECK(seen == 4);
  outcome = tune_to_budget(layers, evaluate, {.bytes = 14}, table, {}, after(8));
  REQUIRE(outcome.ok());
  CHECK(!outcome->completed);
  CHECK(shown(layers, outcome->choice) == "s8 s4 s2 ");  // the best of what is known
  CHECK(!outcome->choice.exact);
  CHECK(evaluate.calls == 8);
  outcome = tune_to_budget(layers, evaluate, {.bytes = 14}, table, {}, after(100));
  REQUIRE(outcome.ok());
  CHECK(outcome->completed);
  CHECK(evaluate.calls == 9);
  CHECK(tune_to_budget(layers, evaluate, {.bytes = 14}, table)->choice.candidates ==
        outcome->choice.candidates);
  CHECK(evaluate.calls == 9);
  table.trials[3].bytes += 1;
  CHECK(names(tune_to_budget(layers, evaluate, {.bytes = 14}, table).why(), "in the table"));
  table.trials[3] = table.trials[2];
  CHECK(names(tune_to_budget(layers, evaluate, {.bytes = 14}, table).why(), "twice"));
}

TEST_CASE("tolerance: uniform candidates by cost, then layers raised by sensitivity") {
  const std::vector<tuning_layer> layers = three_layers();
  tuning_table table;
  synthetic_accuracy accuracy{&layers};
  // s2 loses 0.325, s4 0.08125; s8 on a alone brings s4 to about 0.0285.
  auto outcome = tune_to_accuracy(layers, model_error, accuracy, {.tolerance = 0.05}, table);
  REQUIRE(outcome.ok());
  CHECK(outcome->holds);
  CHECK(outcome->completed);
  CHECK(shown(layers, outcome->choice) == "s8 s4 s4 ");
  CHECK(outcome->drop <= 0.05);
  CHECK(outcome->drop == doctest::Approx(1 - outcome->accuracy));
  REQUIRE(table.assignments.size() == 4);  // s2, s4, s8, then the mix
  CHECK(table.assignments[0].bytes == 6);
  CHECK(table.assignments[1].bytes == 12);
  CHECK(table.assignments[2].bytes == 24);
  CHECK(table.assignments[3].bytes == 16);
  CHECK(accuracy.calls == 4);
  const tuning_table before = table;
  const auto again = tune_to_accuracy(layers, model_error, accuracy, {.tolerance = 0.05}, table);
  REQUIRE(again.ok());
  CHECK(again->choice.candidates == outcome->choice.candidates);
  CHECK(accuracy.calls == 4);
  CHECK(table == before);
  // The cheapest holds at once.
  outcome = tune_to_accuracy(layers, model_error, accuracy, {.tolerance = 0.4}, table);
  REQUIRE(outcome.ok());
  CHECK(shown(layers, outcome->choice) == "s2 s2 s2 ");
  CHECK(accuracy.calls == 4);
}

TEST_CASE("tolerance that cannot hold: the most accurate seen") {
  const std::vector<tuning_layer> layers = three_layers();
  tuning_table table;
  synthetic_accuracy accuracy{&layers};
  auto outcome = tune_to_accuracy(layers, model_error, accuracy, {.tolerance = 0}, table);
  REQUIRE(outcome.ok());
  CHECK(!outcome->holds);
  CHECK(outcome->completed);
  CHECK(shown(layers, outcome->choice) == "s8 s8 s8 ");
  outcome =
      tune_to_accuracy(layers, model_error, accuracy, {.tolerance = 0, .max_trials = 2}, table);
  REQUIRE(outcome.ok());
  CHECK(!outcome->completed);
  CHECK(shown(layers, outcome->choice) == "s4 s4 s4 ");
}

TEST_CASE("tolerance without a candidate in common starts from the cheapest") {
  std::vector<tuning_layer> layers = three_layers();
  for (tuning_layer& l : layers)
    for (tuning_candidate& c : l.candidates) c.name += l.name;
  tuning_table table;
  synthetic_accuracy accuracy{&layers};
  const auto outcome = tune_to_accuracy(layers, model_error, accuracy, {.tolerance = 0.05}, table);
  REQUIRE(outcome.ok());
  CHECK(outcome->holds);
  CHECK(table.assignments.front().bytes == 6);
  for (std::size_t i = 1; i < table.assignments.size(); ++i)
    CHECK(table.assignments[i].bytes > table.assignments[i - 1].bytes);
  CHECK(table.assignments.back().bytes == outcome->choice.bytes);
  tuning_table faster;
  const auto steps = tune_to_accuracy(layers, model_error, accuracy,
                                      {.tolerance = 0.05, .layers_per_step = 3}, faster);
  REQUIRE(steps.ok());
  CHECK(steps->holds);
  CHECK(faster.assignments.size() < table.assignments.size());
}

TEST_CASE("tolerance: cancel, resume, and what is refused") {
  const std::vector<tuning_layer> layers = three_layers();
  tuning_table table;
  counting_evaluator evaluate;
  synthetic_accuracy accuracy{&layers};
  const tolerance_options options{.tolerance = 0.05};
  auto outcome = tune_to_accuracy(layers, evaluate, accuracy, options, table,
                                  [](std::int64_t done, std::int64_t) { return done < 5; });
  REQUIRE(outcome.ok());
  CHECK(!outcome->completed);
  CHECK(outcome->choice.candidates.empty());
  CHECK(accuracy.calls == 0);
  outcome = tune_to_accuracy(layers, evaluate, accuracy, options, table,
                             [](std::int64_t done, std::int64_t) { return done < 9; });
  REQUIRE(outcome.ok());
  CHECK(!outcome->completed);
  CHECK(evaluate.calls == 9);
  CHECK(accuracy.calls == 0);
  outcome =
      tune_to_accuracy(layers, evaluate, accuracy, options, table,
                       [](std::int64_t done, std::int64_t total) { return total > 0 || done < 2; });
  REQUIRE(outcome.ok());
  CHECK(!outcome->completed);
  CHECK(shown(layers, outcome->choice) == "s4 s4 s4 ");
  outcome = tune_to_accuracy(layers, evaluate, accuracy, options, table);
  REQUIRE(outcome.ok());
  CHECK(shown(layers, outcome->choice) == "s8 s4 s4 ");
  CHECK(evaluate.calls == 9);
  CHECK(accuracy.calls == 4);

  const auto nan = [](std::span<const std::size_t>) { return std::nan(""); };
  tuning_table fresh;
  CHECK(tune_to_accuracy(layers, model_error, nan, options, fresh).why().code ==
        error_code::not_finite);
  CHECK(fresh.assignments.empty());
  const auto why = [&](const tolerance_options& o) {
    return tune_to_accuracy(layers, model_error, accuracy, o, fresh).why().code;
  };
  CHECK(why({.reference = 0}) == error_code::invalid_argument);
  CHECK(why({.tolerance = -0.1}) == error_code::invalid_argument);
  CHECK(why({.max_trials = 0}) == error_code::invalid_argument);
  CHECK(why({.layers_per_step = 0}) == error_code::invalid_argument);
  table.assignments[0].bytes += 1;
  CHECK(why({}) == error_code::ok);
  CHECK(names(tune_to_accuracy(layers, model_error, accuracy, options, table).why(), "assignment"));
}

TEST_CASE("the ready-made evaluator quantizes and measures") {
  using s8_channel = policy<s8, symmetric, per_channel>;
  using s4_g32 = policy<s4, symmetric, per_group<32>>;
  using pairs = type_list<method_policy<rtn, s8_channel>, method_policy<rtn, s4_g32>,
                          method_policy<rtn, s4_g32, "clipped">>;
  const qtl_test::sample_layer first = qtl_test::correlated_layer(8, 64, 24, 1);
  const qtl_test::sample_layer second = qtl_test::correlated_layer(16, 32, 24, 3);
  const sample_evaluator<pairs> evaluate({{"first", first.samples()}, {"second", second.samples()}},
                                         {rtn{}, rtn{}, rtn{.clip_search = true}});
  const auto layers = evaluate.layers();
  REQUIRE(layers.ok());
  REQUIRE(layers->size() == 2);
  REQUIRE((*layers)[0].candidates.size() == 3);
  CHECK((*layers)[0].elements == 8 * 64);
  CHECK((*layers)[0].candidates[1].name == "rtn s4 symmetric per_group<32>");
  CHECK((*layers)[0].candidates[1].bytes == 8 * 64 / 2 + 8 * 2 * 4);
  CHECK((*layers)[0].candidates[1].bits_per_weight == 5);
  CHECK((*layers)[0].candidates[2].name == "clipped");
  const auto expected = output_error(second.samples(), *rtn{}.apply<s8_channel>(second.samples()));
  REQUIRE(expected.ok());
  CHECK(*evaluate((*layers)[1], (*layers)[1].candidates[0]) == *expected);
  CHECK(evaluate({"third", 0, 1, {}}, {}).why().code == error_code::not_found);
  CHECK(evaluate((*layers)[1], {}).why().code == error_code::not_found);
  tuning_table table;
  const auto outcome = tune_to_budget(*layers, evaluate, {.bits_per_weight = 6.5}, table);
  REQUIRE(outcome.ok());
  CHECK(outcome->bits_per_weight <= 6.5);
  CHECK(table.trials.size() == 6);
}
