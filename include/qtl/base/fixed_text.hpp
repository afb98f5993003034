// SPDX-License-Identifier: Apache-2.0
// qtl/base/fixed_text.hpp - text of bounded length that needs no allocation.
// Holds: fixed_text<N>, a structural type: names in policy_desc, reasons in concepts, sentences in status.
// Not here: std::string; it enters at the top floors only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "qtl/base/config.hpp"

namespace qtl::inline v0 {

/// Text of at most N - 1 characters, zero-terminated; what does not fit is cut. Structural, so
/// usable as a template argument and comparable with ==.
template<std::size_t N>
struct fixed_text {
  char characters[N]{};

  constexpr fixed_text() = default;

  // Implicit on purpose: a string literal is the natural argument.
  template<std::size_t M>
    requires(M <= N)
  constexpr fixed_text(const char (&literal)[M]) {
    for (std::size_t i = 0; i < M; ++i) characters[i] = literal[i];
  }

  /// Copies `text`, cut to N - 1 characters.
  explicit constexpr fixed_text(std::string_view text) { append(text); }

  constexpr std::size_t size() const {
    std::size_t length = 0;
    while (length + 1 < N && characters[length] != '\0') ++length;
    return length;
  }
  constexpr bool empty() const { return characters[0] == '\0'; }
  constexpr const char* c_str() const { return characters; }
  constexpr std::string_view view() const { return {characters, size()}; }

  /// Appends `text`, cut to what still fits.
  constexpr fixed_text& append(std::string_view text) {
    std::size_t length = size();
    for (char c : text) {
      if (length + 1 >= N) break;
      characters[length++] = c;
    }
    return *this;
  }

  /// Appends a decimal number.
  constexpr fixed_text& append(std::int64_t number) {
    char digits[24]{};
    std::size_t used = sizeof digits;
    std::uint64_t rest =
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    do {
      digits[--used] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (number < 0) digits[--used] = '-';
    return append(std::string_view(digits + used, sizeof digits - used));
  }

  // Zeros follow the text, so bytes tell; a loop over them would cost what a small product does.
  friend constexpr bool operator==(const fixed_text& a, const fixed_text& b) {
    if (!std::is_constant_evaluated()) return std::memcmp(a.characters, b.characters, N) == 0;
    return std::string_view(a.characters, N) == std::string_view(b.characters, N);
  }
  // A template, so that a literal does not hesitate between string_view and fixed_text.
  template<class Text>
    requires std::is_convertible_v<const Text&, std::string_view>
  friend constexpr bool operator==(const fixed_text& a, const Text& b) {
    return a.view() == std::string_view(b);
  }
};

template<std::size_t M>
fixed_text(const char (&)[M]) -> fixed_text<M>;

/// A short name: a format's, a scheme's, a kernel's.
using short_name = fixed_text<32>;

}  // namespace qtl::inline v0
