// SPDX-License-Identifier: Apache-2.0
// qtl/io/json.hpp - strict JSON as a stream of events, for texts that somebody else wrote.
// Holds: json_limits, the concept JsonVisitor, parse_json. Not here: a tree of values; writing
// (json_writer.hpp). Stricter than its parser: duplicate keys, NUL bytes, a byte order mark, depth
// and length above a limit are refused. The only file that includes nlohmann/json; it uses the SAX
// interface, which works with exceptions off.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "qtl/base/error.hpp"
#include "qtl/io/utf8.hpp"

namespace qtl::inline v0::io {

/// What parse_json accepts at most.
struct json_limits {
  std::size_t max_bytes = 100'000'000;  ///< length of the text; at most 2^31 - 1
  int max_depth = 16;                   ///< objects and arrays open at once
};

/// Satisfied by a class with one bool function per event; false stops the parsing, and why() then
/// says which rule broke. Numbers arrive as unsigned_number where they have neither sign nor
/// fraction and fit, as negative_number where they have a sign and fit, else as real_number. Views
/// last for the call only.
/// Why: events need no tree, so memory stays near the size of what the caller keeps.
template<class V>
concept JsonVisitor = requires(V& v, const V& c, std::string_view text, std::uint64_t u,
                               std::int64_t i, double d, bool b) {
  { v.begin_object() } -> std::same_as<bool>;
  { v.end_object() } -> std::same_as<bool>;
  { v.begin_array() } -> std::same_as<bool>;
  { v.end_array() } -> std::same_as<bool>;
  { v.key(text) } -> std::same_as<bool>;
  { v.string(text) } -> std::same_as<bool>;
  { v.unsigned_number(u) } -> std::same_as<bool>;
  { v.negative_number(i) } -> std::same_as<bool>;
  { v.real_number(d) } -> std::same_as<bool>;
  { v.boolean(b) } -> std::same_as<bool>;
  { v.null() } -> std::same_as<bool>;
  { c.why() } -> std::same_as<status>;
};

namespace detail {

// The keys of all open objects, to find duplicates when one closes. One arena and eight bytes per
// key: a file of many short keys must not cost many times its size. Sorting, because a hash table
// can be made slow by chosen keys.
class json_open_keys {
 public:
  void open_object() {
    objects_.push_back({static_cast<std::uint32_t>(keys_.size()), text_size()});
  }

  void add(std::string_view key) {
    keys_.push_back({text_size(), static_cast<std::uint32_t>(key.size())});
    text_.append(key);
  }

  // Closes the innermost object; true where no key of it was given twice, else `duplicate` holds
  // the key.
  bool close_object(std::string& duplicate) {
    const mark object = objects_.back();
    const auto first = keys_.begin() + object.keys;
    std::sort(first, keys_.end(), [this](slice a, slice b) { return view(a) < view(b); });
    const auto twice = std::adjacent_find(first, keys_.end(),
                                          [this](slice a, slice b) { return view(a) == view(b); });
    if (twice != keys_.end()) {
      duplicate = view(*twice);
      return false;
    }
    keys_.resize(object.keys);
    text_.resize(object.text);
    objects_.pop_back();
    return true;
  }

 private:
  struct slice {
    std::uint32_t begin, size;
  };
  struct mark {
    std::uint32_t keys, text;
  };
  std::uint32_t text_size() const { return static_cast<std::uint32_t>(text_.size()); }
  std::string_view view(slice s) const { return std::string_view(text_).substr(s.begin, s.size); }

  std::string text_;
  std::vector<slice> keys_;
  std::vector<mark> objects_;
};

// Translates the parser's events to ours and keeps the rules that it does not know. The names are
// the parser's.
template<JsonVisitor V>
class json_sax {
 public:
  json_sax(V& visitor, std::size_t length, int max_depth)
      : visitor_(visitor), length_(length), max_depth_(max_depth) {}

  bool null() { return pass(visitor_.null()); }
  bool boolean(bool value) { return pass(visitor_.boolean(value)); }
  bool number_integer(std::int64_t value) { return pass(visitor_.negative_number(value)); }
  bool number_unsigned(std::uint64_t value) { return pass(visitor_.unsigned_number(value)); }
  bool number_float(double value, const std::string&) { return pass(visitor_.real_number(value)); }
  bool string(const std::string& value) { return pass(visitor_.string(value)); }
  bool binary(const std::vector<std::uint8_t>&) { return false; }  // exists in binary dialects only

  bool key(const std::string& value) {
    keys_.add(value);
    return pass(visitor_.key(value));
  }
  bool start_object(std::size_t) {
    if (!enter()) return false;
    keys_.open_object();
    return pass(visitor_.begin_object());
  }
  bool end_object() {
    --depth_;
    std::string twice;
    if (keys_.close_object(twice)) return pass(visitor_.end_object());
    why_ = failure(error_code::malformed_file, "json", "the key '");
    why_.message.append(std::string_view(twice).substr(0, 64))
        .append("' stands twice in one object");
    return false;
  }
  bool start_array(std::size_t) { return enter() && pass(visitor_.begin_array()); }
  bool end_array() {
    --depth_;
    return pass(visitor_.end_array());
  }

  // `position` counts the bytes read so far, the offending one included.
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& reason) {
    constexpr int number_overflow = 406;  // documented by the parser as out_of_range.406
    const bool whole = seen_value_ && depth_ == 0;
    const std::size_t at = position == 0 ? 0 : position - 1;
    if (reason.id == number_overflow) return refuse("a number is beyond the range of double", at);
    if (whole) return refuse("text follows the JSON value", at);
    if (position > length_) return refuse("the JSON text ends too early", length_);
    return refuse("not valid JSON", at);
  }

  const status& why() const { return why_; }

 private:
  bool enter() {
    seen_value_ = true;
    if (++depth_ <= max_depth_) return true;
    why_ = mismatch("json", "nesting depth", -1, max_depth_, depth_, error_code::malformed_file);
    why_.message.append(" at most");
    return false;
  }
  bool pass(bool accepted) {
    seen_value_ = true;
    if (!accepted) why_ = visitor_.why();
    return accepted;
  }
  bool refuse(std::string_view rule, std::size_t position) {
    why_ = failure(error_code::malformed_file, "json", rule);
    why_.message.append(" at byte ").append(static_cast<std::int64_t>(position));
    why_.actual = static_cast<std::int64_t>(position);
    return false;
  }

  V& visitor_;
  std::size_t length_;
  int max_depth_;
  int depth_ = 0;
  bool seen_value_ = false;
  json_open_keys keys_;
  status why_;
};

}  // namespace detail

/// Parses exactly one JSON value, with JSON whitespace around it, and sends its events to
/// `visitor`. malformed_file with the rule and the byte position, or what the visitor's why() says.
/// Keys are compared after unescaping; that one stands twice is reported when its object closes.
/// Memory: a small multiple of the text.
template<JsonVisitor V>
status parse_json(std::string_view text, V& visitor, const json_limits& limits = {}) {
  constexpr std::size_t most = 0x7FFFFFFF;  // positions are kept in 32 bits
  const std::size_t max_bytes = std::min(limits.max_bytes, most);
  if (text.size() > max_bytes) {
    status s = mismatch("json", "length in bytes", -1, static_cast<std::int64_t>(max_bytes),
                        static_cast<std::int64_t>(text.size()), error_code::malformed_file);
    s.message.append(" at most");
    return s;
  }
  if (!is_utf8(text))
    return failure(error_code::malformed_file, "json", "the text is not valid UTF-8");
  // The parser takes a NUL for the end of the text and skips a byte order mark; JSON has neither.
  if (text.find('\0') != std::string_view::npos)
    return failure(error_code::malformed_file, "json", "the text holds a NUL byte");
  if (text.starts_with("\xEF\xBB\xBF"))
    return failure(error_code::malformed_file, "json", "the text starts with a byte order mark");
  detail::json_sax<V> sax(visitor, text.size(), limits.max_depth);
  if (nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &sax)) return {};
  return sax.why();
}

}  // namespace qtl::inline v0::io
