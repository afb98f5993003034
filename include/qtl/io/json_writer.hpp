// SPDX-License-Identifier: Apache-2.0
// qtl/io/json_writer.hpp - compact JSON, one event at a time.
// Holds: json_writer. Commas and escapes are its business; that begins and ends match is the
// caller's.
// Not here: reading (json.hpp). Writing needs no JSON library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "qtl/base/config.hpp"

namespace qtl::inline v0::io {

/// Builds one JSON text without whitespace. Precondition: texts are UTF-8, and calls come in an
/// order JSON allows.
class json_writer {
 public:
  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }

  /// The key of the next value.
  json_writer& key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    needs_comma_ = false;
    return *this;
  }
  json_writer& string(std::string_view value) {
    separate();
    quote(value);
    return *this;
  }
  json_writer& number(std::int64_t value) {
    separate();
    text_ += std::to_string(value);
    return *this;
  }
  json_writer& boolean(bool value) {
    separate();
    text_ += value ? "true" : "false";
    return *this;
  }

  /// The text so far.
  const std::string& text() const { return text_; }
  /// Takes the text out.
  std::string take() { return std::move(text_); }

 private:
  json_writer& open(char bracket) {
    separate();
    text_ += bracket;
    needs_comma_ = false;
    return *this;
  }
  json_writer& close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
    return *this;
  }
  void separate() {
    if (needs_comma_) text_ += ',';
    needs_comma_ = true;
  }

  void quote(std::string_view value) {
    text_ += '"';
    for (const char c : value) append_escaped(c);
    text_ += '"';
  }

  // JSON asks for escapes of the quote, the backslash and the characters below space; all else may
  // stand as it is.
  void append_escaped(char c) {
    constexpr std::string_view plain = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    constexpr std::string_view digits = "0123456789abcdef";
    if (const std::size_t at = plain.find(c); at != std::string_view::npos) {
      text_ += '\\';
      text_ += letters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      const auto value = static_cast<unsigned char>(c);
      text_ += "\\u00";
      text_ += digits[value >> 4];
      text_ += digits[value & 15u];
    } else {
      text_ += c;
    }
  }

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace qtl::inline v0::io
