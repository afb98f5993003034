// SPDX-License-Identifier: Apache-2.0
// qtl/io/utf8.hpp - is this text UTF-8?
// Holds: is_utf8. Names and JSON in files are checked before anything is made of them, so that a
// hostile byte string cannot reach a log, a terminal or another program through us.
#pragma once

#include <cstddef>
#include <string_view>

#include "qtl/base/config.hpp"

namespace qtl::inline v0::io {

namespace detail {

// Length of the well-formed sequence that starts at text[i], or 0. Overlong forms, surrogates and
// values above U+10FFFF are excluded by the range of the second byte, which depends on the first
// (Unicode, table 3-7).
constexpr std::size_t utf8_sequence(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t j) -> unsigned {
    return j < text.size() ? static_cast<unsigned char>(text[j]) : 0u;
  };
  const auto continues = [&](std::size_t j) { return (byte(j) & 0xC0u) == 0x80u; };
  const unsigned first = byte(i);
  const unsigned second = byte(i + 1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(i + 1) ? 2 : 0;
  if ((first & 0xF0u) == 0xE0u) {
    const unsigned low = first == 0xE0 ? 0xA0u : 0x80u;
    const unsigned high = first == 0xED ? 0x9Fu : 0xBFu;
    return second >= low && second <= high && continues(i + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90u : 0x80u;
    const unsigned high = first == 0xF4 ? 0x8Fu : 0xBFu;
    return second >= low && second <= high && continues(i + 2) && continues(i + 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace detail

/// True where `text` is well-formed UTF-8. Zero bytes count as characters.
constexpr bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = detail::utf8_sequence(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace qtl::inline v0::io
