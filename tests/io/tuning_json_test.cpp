// SPDX-License-Identifier: Apache-2.0
// tests/io/tuning_json_test.cpp - a tuning table survives JSON bit by bit, a run goes on from its
// file, and what is malformed is named. The example of docs/autotune.md stands here.
#include "qtl/io/tuning_json.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/io/atomic_file.hpp"
#include "qtl/io/mapped_file.hpp"
#include "qtl/methods/autotune.hpp"
#include "qtl/methods/gptq.hpp"
#include "qtl/methods/rtn.hpp"

#include "io/io_test_util.hpp"
#include "methods/sample_layers.hpp"

// [doc:budget]
// What may become of a layer: each method with each weight policy that is worth a try.
using s8_channel = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_channel>;
using s4_g32 = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>>;
using u2_g32 = qtl::policy<qtl::u2, qtl::affine, qtl::per_group<32>>;
using tried =
    qtl::type_list<qtl::method_policy<qtl::rtn, s8_channel>, qtl::method_policy<qtl::gptq, s4_g32>,
                   qtl::method_policy<qtl::rtn, s4_g32>, qtl::method_policy<qtl::gptq, u2_g32>>;

// The best mix at 5.5 bits per weight. `table` may hold what an earlier run has tried.
qtl::budget_outcome tune(std::vector<qtl::named_samples> samples, qtl::tuning_table& table) {
  const qtl::sample_evaluator<tried> evaluate(std::move(samples));
  const std::vector<qtl::tuning_layer> layers = qtl::value_or_throw(evaluate.layers());
  return qtl::value_or_throw(
      qtl::tune_to_budget(layers, evaluate, {.bits_per_weight = 5.5}, table));
}
// [doc]

// [doc:resume]
void save(const std::string& path, const qtl::tuning_table& table) {
  const std::string text = qtl::value_or_throw(qtl::io::tuning_to_json(table));
  qtl::throw_if_failed(
      qtl::io::try_replace_file(path, std::as_bytes(std::span(text.data(), text.size()))));
}

qtl::tuning_table load(const std::string& path) {
  const qtl::io::mapped_file file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  return qtl::value_or_throw(qtl::io::try_parse_tuning(text));
}
// [doc]

namespace {

using namespace qtl;

tuning_table sample_table() {
  tuning_table table;
  table.trials = {{"a", "s8", 8, 0.1, 0.25}, {"b \"q\" \n \xC3\xA9", "s4\\", INT64_MAX, 0, 0}};
  table.assignments = {{{{"a", "s8"}, {"b.c", ""}}, 12, -0.0, 1e-300}, {{}, 0, -3.5, 7}};
  return table;
}

// A text, and what its refusal says.
struct malformed {
  std::string_view text;
  std::string_view phrase;
};

constexpr std::string_view head = R"({"version":1,"trials":[)";
constexpr std::string_view tail = R"(],"assignments":[]})";

std::string with_trial(std::string_view trial) {
  return std::string(head) + std::string(trial) + std::string(tail);
}

std::string with_assignment(std::string_view assignment) {
  return R"({"version":1,"trials":[],"assignments":[)" + std::string(assignment) + "]}";
}

void check_refused(const std::string& text, std::string_view phrase) {
  CAPTURE(text);
  const status s = io::try_parse_tuning(text).why();
  CHECK(s.code == error_code::malformed_file);
  CAPTURE(s.message.c_str());
  CHECK(s.message.view().find(phrase) != std::string_view::npos);
}

}  // namespace

TEST_CASE("a tuning table comes back equal from its JSON") {
  for (const tuning_table& table : {sample_table(), tuning_table{}}) {
    const auto text = io::tuning_to_json(table);
    REQUIRE(text.ok());
    const auto back = io::try_parse_tuning(*text);
    CAPTURE(back.why().message.c_str());
    REQUIRE(back.ok());
    CHECK(*back == table);
    CHECK(*io::tuning_to_json(*back) == *text);
  }
  const auto back = io::try_parse_tuning(*io::tuning_to_json(sample_table()));
  CHECK(std::signbit(back->assignments[0].accuracy));
}

TEST_CASE("doubles of a tuning table keep their bits") {
  std::mt19937_64 random(5);
  tuning_table table;
  const auto add = [&](double x) {
    table.trials.push_back({"layer", std::to_string(table.trials.size()), 0, x, x});
  };
  for (const double x : {0.0, 5e-324, 2.2250738585072014e-308, 1e22, 123456789012345680.0, 0.1,
                         std::numeric_limits<double>::max(), 9007199254740993.0, 1.0, 3e15})
    add(x);
  while (table.trials.size() < 20'000) {
    const double x = bit_cast<double>(random() >> 1);
    if (is_amount(x)) add(x);
  }
  const auto back = io::try_parse_tuning(*io::tuning_to_json(table));
  REQUIRE(back.ok());
  REQUIRE(back->trials.size() == table.trials.size());
  std::size_t equal = 0;
  for (std::size_t i = 0; i < table.trials.size(); ++i)
    equal += bit_cast<std::uint64_t>(back->trials[i].error) ==
                     bit_cast<std::uint64_t>(table.trials[i].error)
                 ? 1u
                 : 0u;
  CHECK(equal == table.trials.size());
}

TEST_CASE("what tuning_to_json refuses") {
  tuning_table table = sample_table();
  table.trials[0].error = std::nan("");
  CHECK(io::tuning_to_json(table).why().code == error_code::not_finite);
  table = sample_table();
  table.trials[1] = table.trials[0];
  CHECK(io::tuning_to_json(table).why().code == error_code::invalid_argument);
  table = sample_table();
  table.trials[0].layer = "\xFF";
  CHECK(io::tuning_to_json(table).why().code == error_code::invalid_argument);
  table = sample_table();
  table.assignments[0].choices[1].layer = "a";
  CHECK(io::tuning_to_json(table).why().code == error_code::invalid_argument);
  table = sample_table();
  table.assignments[1].accuracy = std::numeric_limits<double>::infinity();
  CHECK(io::tuning_to_json(table).why().code == error_code::not_finite);
}

TEST_CASE("malformed tuning tables are named") {
  for (const malformed& m : std::initializer_list<malformed>{
           {"", "json"},
           {"3", "object of arrays"},
           {"[]", "object of arrays"},
           {"{}", "the key 'version' is missing"},
           {R"({"version":1,"trials":[]})", "the key 'assignments' is missing"},
           {R"({"version":2,"trials":[],"assignments":[]})", "version is not 1"},
           {R"({"version":1.0,"trials":[],"assignments":[]})", "'version' has a value"},
           {R"({"version":"1","trials":[],"assignments":[]})", "'version' has a value"},
           {R"({"version":[],"trials":[],"assignments":[]})", "'version' has a value"},
           {R"({"version":1,"trials":{},"assignments":[]})", "'trials' has a value"},
           {R"({"version":1,"trials":[],"trials":[],"assignments":[]})", "twice"},
           {R"({"version":1,"trials":[],"assignments":[],"more":1})", "'more' is unknown"},
           {R"({"version":1,"trials":[],"assignments":[]} 1)", "text follows"},
           {R"({"version":1,"trials":[],"assignments":[)", "too early"}})
    check_refused(std::string(m.text), m.phrase);
  for (const malformed& m : std::initializer_list<malformed>{
           {"1", "object of arrays"},
           {"[]", "object of arrays"},
           {R"({"layer":"a","candidate":"b","bytes":1,"error":1})", "'seconds' is missing"},
           {R"({"layer":"a","candidate":"b","bytes":1.5,"error":1,"seconds":1})", "'bytes' has"},
           {R"({"layer":"a","candidate":"b","bytes":-1,"error":1,"seconds":1})", "'bytes' has"},
           {R"({"layer":"a","candidate":"b","bytes":9223372036854775808,"error":1,"seconds":1})",
            "does not fit"},
           {R"({"layer":"a","candidate":"b","bytes":1,"error":-1,"seconds":1})", "negative"},
           {R"({"layer":"a","candidate":"b","bytes":1,"error":null,"seconds":1})", "'error' has"},
           {R"({"layer":"a","candidate":"b","bytes":1,"error":"1","seconds":1})", "'error' has"},
           {R"({"layer":"a","candidate":"b","bytes":1,"error":1e999,"seconds":1})", "range"},
           {R"({"layer":true,"candidate":"b","bytes":1,"error":1,"seconds":1})", "'layer' has"},
           {R"({"layer":{},"candidate":"b","bytes":1,"error":1,"seconds":1})", "'layer' has"},
           {R"({"layer":"a","candidate":"b","bytes":1,"error":1,"seconds":1,"x":0})", "'x' is"}})
    check_refused(with_trial(m.text), m.phrase);
  const std::string trial = R"({"layer":"a","candidate":"b","bytes":1,"error":1,"seconds":1})";
  CHECK(io::try_parse_tuning(with_trial(trial)).ok());
  check_refused(with_trial(trial + "," + trial), "stands twice in the table");
  for (const malformed& m : std::initializer_list<malformed>{
           {R"({"choices":{"a":"b"},"bytes":1,"accuracy":1})", "'seconds' is missing"},
           {R"({"bytes":1,"accuracy":1,"seconds":1})", "'choices' is missing"},
           {R"({"choices":["a"],"bytes":1,"accuracy":1,"seconds":1})", "'choices' has"},
           {R"({"choices":{"a":1},"bytes":1,"accuracy":1,"seconds":1})", "'a' has"},
           {R"({"choices":{"a":{}},"bytes":1,"accuracy":1,"seconds":1})", "'a' has"},
           {R"({"choices":{"a":"b","a":"c"},"bytes":1,"accuracy":1,"seconds":1})", "twice"},
           {R"({"choices":{},"bytes":1,"accuracy":1,"seconds":1,"error":1})", "'error' is"}})
    check_refused(with_assignment(m.text), m.phrase);
  // Every prefix of a good text is refused.
  const auto good = io::tuning_to_json(sample_table());
  for (std::size_t length = 0; length + 2 < good->size(); ++length)
    CHECK(!io::try_parse_tuning(std::string_view(*good).substr(0, length)).ok());
}

TEST_CASE("a run goes on from its file") {
  const qtl_test::sample_layer first = qtl_test::correlated_layer(8, 64, 96, 1);
  const qtl_test::sample_layer second = qtl_test::correlated_layer(16, 32, 96, 3);
  tuning_table table;
  const budget_outcome outcome = tune({{"first", first.samples()}}, table);
  CHECK(outcome.bits_per_weight <= 5.5);
  CHECK(table.trials.size() == 4);
  const temporary_folder folder;
  const std::string path = folder.file("tuning.json");
  save(path, table);
  tuning_table loaded = load(path);
  CHECK(loaded == table);
  const budget_outcome both =
      tune({{"first", first.samples()}, {"second", second.samples()}}, loaded);
  CHECK(both.completed);
  CHECK(both.choice.exact);
  REQUIRE(loaded.trials.size() == 8);
  for (std::size_t i = 0; i < 4; ++i) CHECK(loaded.trials[i] == table.trials[i]);
  int calls = 0;  // a third run asks for nothing
  const sample_evaluator<tried> evaluate({{"first", first.samples()}});
  const auto counting = [&](const tuning_layer& l, const tuning_candidate& c) {
    return ++calls, evaluate(l, c);
  };
  const auto layers = evaluate.layers();
  const auto third = tune_to_budget(*layers, counting, {.bits_per_weight = 5.5}, loaded);
  CHECK(third->choice.candidates == outcome.choice.candidates);
  CHECK(calls == 0);
}
