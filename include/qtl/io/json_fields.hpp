// SPDX-License-Identifier: Apache-2.0
// qtl/io/json_fields.hpp - a small JSON object as a flat list of fields: "weight.format" is "s4".
// Holds: json_field, read_json_fields. For configurations of a few dozen fields; large files keep to events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "qtl/io/json.hpp"

namespace qtl::inline v0::io {

/// One value and where it stands: keys joined by dots, elements of arrays by their index.
struct json_field {
  enum class type : std::uint8_t { text, whole, real, flag, null };

  std::string path;
  type kind = type::null;
  std::string text;        ///< of a string
  std::int64_t whole = 0;  ///< of a number without fraction
  double real = 0;         ///< of any number
  bool flag = false;       ///< of a boolean
};

/// Collects the fields.
class json_field_collector {
 public:
  bool begin_object() { return open(false); }
  bool end_object() { return close(); }
  bool begin_array() { return open(true); }
  bool end_array() { return close(); }
  bool key(std::string_view name) {
    levels_.back().key = name;
    return true;
  }
  bool string(std::string_view value) {
    field(json_field::type::text).text = value;
    return true;
  }
  bool unsigned_number(std::uint64_t value) {
    if (value > INT64_MAX) return real_number(static_cast<double>(value));
    return negative_number(static_cast<std::int64_t>(value));
  }
  bool negative_number(std::int64_t value) {
    json_field& f = field(json_field::type::whole);
    f.whole = value;
    f.real = static_cast<double>(value);
    return true;
  }
  bool real_number(double value) {
    field(json_field::type::real).real = value;
    return true;
  }
  bool boolean(bool value) {
    field(json_field::type::flag).flag = value;
    return true;
  }
  bool null() {
    field(json_field::type::null);
    return true;
  }
  status why() const { return {}; }

  std::vector<json_field> fields;

 private:
  struct level {
    bool is_array;
    std::string key;
    std::int64_t next = 0;
  };

  // The name of the next value in the innermost object or array, which it uses up.
  std::string path() {
    std::string joined;
    for (level& l : levels_) {
      if (!joined.empty()) joined += '.';
      joined += l.is_array ? std::to_string(l.next) : l.key;
    }
    return joined;
  }
  void advance() {
    if (!levels_.empty() && levels_.back().is_array) ++levels_.back().next;
  }
  json_field& field(json_field::type kind) {
    fields.push_back({path(), kind, {}, 0, 0, false});
    advance();
    return fields.back();
  }
  bool open(bool is_array) {
    levels_.push_back({is_array, {}, 0});
    return true;
  }
  bool close() {
    levels_.pop_back();
    advance();
    return true;
  }

  std::vector<level> levels_;
};

/// The fields of one JSON value of at most 1 MiB and 8 levels. malformed_file as parse_json.
inline result<std::vector<json_field>> read_json_fields(std::string_view text) {
  json_field_collector collector;
  const status s = parse_json(text, collector, {.max_bytes = 1 << 20, .max_depth = 8});
  if (!s.ok()) return s;
  return std::move(collector.fields);
}

}  // namespace qtl::inline v0::io
