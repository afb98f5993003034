// SPDX-License-Identifier: Apache-2.0
// qtl/io/npy_dict_parser.hpp - the one Python expression that a .npy header may hold.
// Holds: npy_dict_parser. Accepts a dict with the keys descr (a string), fortran_order (True or
// False) and shape (a tuple of integers), each once, in any order, with Python's optional commas
// and spaces; nothing else of Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "qtl/base/error.hpp"

namespace qtl::inline v0::io {

/// Parses one header text. After a failure rule() says what is wrong and position() where.
class npy_dict_parser {
 public:
  static constexpr std::size_t max_rank = 64;  ///< NumPy's own limit since version 2

  explicit npy_dict_parser(std::string_view text) : text_(text) {}

  /// Fills the three fields and returns true, or returns false.
  bool parse(std::string& descr, bool& fortran_order, std::vector<std::int64_t>& shape) {
    if (text_.empty() || text_.back() != '\n') {
      at_ = text_.size();
      return refuse("the header does not end in a newline");
    }
    if (!accept('{')) return refuse("the header must be a dict");
    bool seen[3] = {};
    while (!accept('}')) {
      int field = 0;
      if (!key(field)) return false;
      if (seen[field]) return refuse(twice[field]);
      seen[field] = true;
      if (!accept(':')) return refuse("a colon must follow the key");
      const bool good = field == 0   ? parse_descr(descr)
                        : field == 1 ? parse_bool(fortran_order)
                                     : parse_shape(shape);
      if (!good) return false;
      if (!accept(',') && peek() != '}')
        return refuse("a comma or the dict's end must follow the value");
    }
    skip_space();
    if (at_ != text_.size()) return refuse("text follows the dict");
    for (int field = 0; field < 3; ++field)
      if (!seen[field]) return refuse(missing[field]);
    return true;
  }

  const char* rule() const { return rule_; }
  error_code code() const { return code_; }
  std::int64_t position() const { return static_cast<std::int64_t>(at_); }

 private:
  static constexpr std::string_view names[3] = {"descr", "fortran_order", "shape"};
  static constexpr const char* twice[3] = {"the key descr stands twice",
                                           "the key fortran_order stands twice",
                                           "the key shape stands twice"};
  static constexpr const char* missing[3] = {
      "the key descr is missing", "the key fortran_order is missing", "the key shape is missing"};

  bool refuse(const char* rule, error_code code = error_code::malformed_file) {
    rule_ = rule;
    code_ = code;
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
      ++at_;
  }
  // The next character that is no space, or NUL at the end (a NUL in the text is accepted nowhere,
  // so they may mix).
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool key(int& field) {
    if (peek() != '\'' && peek() != '"') return refuse("a key must be a string");
    const std::size_t start = at_;
    std::string_view name;
    if (!string(name)) return false;
    for (field = 0; field < 3; ++field)
      if (names[field] == name) return true;
    at_ = start;
    return refuse("a key is none of descr, fortran_order and shape");
  }

  // A quoted string without escapes, on one line. Precondition: peek() is a quote.
  bool string(std::string_view& value) {
    const char quote = text_[at_];
    const std::size_t start = at_ + 1;
    for (std::size_t i = start; i < text_.size(); ++i) {
      if (text_[i] == '\\') return refuse("a string holds a backslash");
      if (text_[i] == '\n') break;
      if (text_[i] != quote) continue;
      value = text_.substr(start, i - start);
      at_ = i + 1;
      return true;
    }
    return refuse("a string is not closed");
  }

  bool parse_descr(std::string& descr) {
    const char c = peek();
    if (c == '[' || c == '(')
      return refuse("descr is a structured type, which is not supported", error_code::unsupported);
    if (c != '\'' && c != '"') return refuse("descr must be a string");
    std::string_view value;
    if (!string(value)) return false;
    descr = value;
    return true;
  }

  bool parse_bool(bool& value) {
    skip_space();
    for (const std::string_view word : {std::string_view("True"), std::string_view("False")}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      value = word == "True";
      at_ += word.size();
      return true;
    }
    return refuse("fortran_order must be True or False");
  }

  bool parse_shape(std::vector<std::int64_t>& shape) {
    if (!accept('(')) return refuse("shape must be a tuple");
    bool comma = false;
    while (!accept(')')) {
      if (!shape.empty() && !comma)
        return refuse("a comma or the tuple's end must follow an extent");
      if (shape.size() == max_rank) return refuse("the rank is above the limit of 64");
      std::int64_t extent = 0;
      if (!integer(extent)) return false;
      shape.push_back(extent);
      comma = accept(',');
    }
    // (3) is a number in Python, (3,) a tuple.
    if (shape.size() == 1 && !comma) return refuse("a shape of one extent needs a comma");
    return true;
  }

  bool integer(std::int64_t& value) {
    const char first = peek();
    if (first == '-') return refuse("an extent is negative");
    const std::size_t start = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const int digit = text_[at_] - '0';
      if (value > (INT64_MAX - digit) / 10) return refuse("an extent does not fit 63 bits");
      value = value * 10 + digit;
    }
    if (at_ == start) return refuse("an extent must be an integer");
    if (first == '0' && at_ - start > 1) return refuse("an extent starts with a zero");
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const char* rule_ = "";
  error_code code_ = error_code::malformed_file;
};

}  // namespace qtl::inline v0::io
