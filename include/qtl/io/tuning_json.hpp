// SPDX-License-Identifier: Apache-2.0
// qtl/io/tuning_json.hpp - autotune's table as JSON, both ways, so that a run goes on from its file.
// Holds: tuning_to_json, try_parse_tuning, tuning_visitor. Doubles come back with the same bits.
// {"version":1, "trials":[{layer, candidate, bytes, error, seconds}],
// "assignments":[{choices:{LAYER:CANDIDATE}, bytes, accuracy, seconds}]}: every key is required,
// none other is allowed.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "qtl/io/json.hpp"
#include "qtl/io/json_writer.hpp"
#include "qtl/io/utf8.hpp"
#include "qtl/methods/autotune_table.hpp"

namespace qtl::inline v0::io {

/// Appends the shortest decimal that reads back as x, always with a point or an exponent, so that
/// readers see a real number (and -0.0 keeps its sign). Precondition: x is finite.
inline void append_real(std::string& text, double x) {
  char digits[32];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, x);
  const std::string_view shown(digits, static_cast<std::size_t>(end.ptr - digits));
  text += shown;
  if (shown.find_first_of(".e") == std::string_view::npos) text += ".0";
}

/// A JSON string, quotes and escapes included.
inline std::string json_quoted(std::string_view value) {
  json_writer json;
  return json.string(value).take();
}

/// The fields that both kinds of trial end with.
inline void append_measured(std::string& text, std::int64_t bytes, std::string_view key,
                            double value, double seconds) {
  text += ",\"bytes\":" + std::to_string(bytes) + ",\"" + std::string(key) + "\":";
  append_real(text, value);
  text += ",\"seconds\":";
  append_real(text, seconds);
  text += '}';
}

/// The table as JSON, one trial a line. Errors: of check_table; invalid_argument for a name that is
/// not UTF-8, or a layer twice in an assignment.
inline result<std::string> tuning_to_json(const tuning_table& table) {
  if (const status s = check_table(table); !s.ok()) return s;
  bool names_are_utf8 = true;
  const auto quoted = [&](std::string_view name) {
    names_are_utf8 = names_are_utf8 && is_utf8(name);
    return json_quoted(name);
  };
  std::string text = "{\"version\":1,\"trials\":[";
  std::string_view separator = "\n";
  for (const tuning_trial& t : table.trials) {
    text += separator;
    text += "{\"layer\":" + quoted(t.layer) + ",\"candidate\":" + quoted(t.candidate);
    append_measured(text, t.bytes, "error", t.error, t.seconds);
    separator = ",\n";
  }
  text += "],\n\"assignments\":[";
  separator = "\n";
  for (const assignment_trial& a : table.assignments) {
    std::map<std::string_view, int> seen;
    text += separator;
    text += "{\"choices\":{";
    for (const layer_choice& c : a.choices) {
      if (seen.size() != 0) text += ',';
      if (++seen[c.layer] > 1)
        return tuning_failure(error_code::invalid_argument, "table", c.layer, c.candidate,
                              "the layer stands twice in an assignment");
      text += quoted(c.layer) + ":" + quoted(c.candidate);
    }
    text += '}';
    append_measured(text, a.bytes, "accuracy", a.accuracy, a.seconds);
    separator = ",\n";
  }
  if (!names_are_utf8)
    return failure(error_code::invalid_argument, "table", "a name is not valid UTF-8");
  return text + "]}\n";
}

/// Reads the events of one table; a JsonVisitor.
class tuning_visitor {
 public:
  bool begin_object() {
    switch (where_) {
      case place::start:
        return enter(place::root);
      case place::trials:
        return table.trials.emplace_back(), enter(place::trial);
      case place::assignments:
        return table.assignments.emplace_back(), enter(place::assignment);
      case place::assignment:
        return key_ == "choices" ? enter(place::choices) : unexpected();
      default:
        return unexpected();
    }
  }
  bool end_object() {
    switch (where_) {
      case place::root:
        return complete(root_keys) && leave(place::done);
      case place::trial:
        return complete(trial_keys) && leave(place::trials);
      case place::assignment:
        return complete(assignment_keys) && leave(place::assignments);
      default:
        return seen_ = assignment_seen_, leave(place::assignment);
    }
  }
  bool begin_array() {
    if (where_ != place::root || key_ == "version") return unexpected();
    root_seen_ = seen_;
    return enter(key_ == "trials" ? place::trials : place::assignments);
  }
  bool end_array() { return seen_ = root_seen_, leave(place::root); }

  bool key(std::string_view name) {
    key_ = name;
    switch (where_) {
      case place::root:
        return mark(root_keys);
      case place::trial:
        return mark(trial_keys);
      case place::assignment:
        return mark(assignment_keys);
      default:
        return true;
    }
  }
  bool string(std::string_view value) {
    if (where_ == place::choices)
      return table.assignments.back().choices.push_back({key_, std::string(value)}), true;
    if (where_ != place::trial || (key_ != "layer" && key_ != "candidate")) return unexpected();
    (key_ == "layer" ? table.trials.back().layer : table.trials.back().candidate) = value;
    return true;
  }
  bool unsigned_number(std::uint64_t value) {
    const bool of_trial = where_ == place::trial, of_assignment = where_ == place::assignment;
    if (where_ == place::root && key_ == "version")
      return value == 1 || refuse("the version is not 1");
    if ((of_trial || of_assignment) && key_ == "bytes") {
      if (value > INT64_MAX) return refuse("bytes does not fit 64 bits");
      (of_trial ? table.trials.back().bytes : table.assignments.back().bytes) =
          static_cast<std::int64_t>(value);
      return true;
    }
    return real_number(static_cast<double>(value));
  }
  bool negative_number(std::int64_t value) { return real_number(static_cast<double>(value)); }
  bool real_number(double value) {
    if (where_ == place::trial && key_ == "error") return table.trials.back().error = value, true;
    if (where_ == place::trial && key_ == "seconds")
      return table.trials.back().seconds = value, true;
    if (where_ == place::assignment && key_ == "accuracy")
      return table.assignments.back().accuracy = value, true;
    if (where_ == place::assignment && key_ == "seconds")
      return table.assignments.back().seconds = value, true;
    return unexpected();
  }
  bool boolean(bool /*value*/) { return unexpected(); }
  bool null() { return unexpected(); }
  status why() const { return why_; }

  tuning_table table;  ///< as far as it was read

 private:
  enum class place : std::uint8_t {
    start,
    root,
    trials,
    trial,
    assignments,
    assignment,
    choices,
    done
  };
  using key_names = std::span<const std::string_view>;
  static constexpr std::string_view root_keys[] = {"version", "trials", "assignments"};
  static constexpr std::string_view trial_keys[] = {"layer", "candidate", "bytes", "error",
                                                    "seconds"};
  static constexpr std::string_view assignment_keys[] = {"choices", "bytes", "accuracy", "seconds"};

  bool enter(place inner) {
    if (inner == place::choices) assignment_seen_ = seen_;
    seen_ = 0;
    where_ = inner;
    return true;
  }
  bool leave(place outer) {
    where_ = outer;
    return true;
  }
  bool mark(key_names names) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == key_) return seen_ |= 1u << i, true;
    return refuse_key("is unknown");
  }
  bool complete(key_names names) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if ((seen_ >> i & 1u) == 0) return key_ = names[i], refuse_key("is missing");
    return true;
  }
  bool refuse(std::string_view rule) {
    why_ = failure(error_code::malformed_file, "json", rule);
    return false;
  }
  bool refuse_key(std::string_view rule) {
    why_ = failure(error_code::malformed_file, "json", "the key '");
    why_.message.append(std::string_view(key_).substr(0, 64)).append("' ").append(rule);
    return false;
  }
  bool unexpected() {
    if (where_ == place::start || where_ == place::trials || where_ == place::assignments)
      return refuse("a tuning table is an object of arrays of objects");
    return refuse_key("has a value of the wrong kind");
  }

  place where_ = place::start;
  std::string key_;
  unsigned seen_ = 0, root_seen_ = 0, assignment_seen_ = 0;
  status why_;
};

/// The table that a JSON text holds. malformed_file for what is not JSON, not of this form, or
/// against check_table.
inline result<tuning_table> try_parse_tuning(std::string_view text) {
  tuning_visitor visitor;
  if (const status s = parse_json(text, visitor, {.max_depth = 5}); !s.ok()) return s;
  if (status s = check_table(visitor.table); !s.ok()) {
    s.code = error_code::malformed_file;
    return s;
  }
  return std::move(visitor.table);
}

}  // namespace qtl::inline v0::io
