// SPDX-License-Identifier: Apache-2.0
// qtl/io/file_error.hpp - the sentences of this floor: which file, which tensor, which rule.
// Holds: file_failure, file_mismatch. A path is shortened from the left, so that the rule stays
// readable in the 256 characters of a status; bytes of names that a terminal would interpret are
// replaced, since files are hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "qtl/base/error.hpp"

namespace qtl::inline v0::io {

namespace detail {

// Appends the last `limit` bytes of `name` with "..." before a cut, unprintable bytes as '?'.
inline void append_shortened(fixed_text<256>& text, std::string_view name, std::size_t limit) {
  if (name.size() > limit) {
    text.append("...");
    name.remove_prefix(name.size() - (limit - 3));
  }
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const char shown = byte < 0x20 || byte == 0x7F ? '?' : c;
    text.append(std::string_view(&shown, 1));
  }
}

// "file 'path', tensor 'name': "; an empty name leaves its part out.
inline void append_place(fixed_text<256>& text, std::string_view path, std::string_view tensor) {
  if (!path.empty()) {
    text.append("file '");
    append_shortened(text, path, 72);
    text.append("'");
  }
  if (!tensor.empty()) {
    text.append(path.empty() ? "tensor '" : ", tensor '");
    append_shortened(text, tensor, 56);
    text.append("'");
  }
  if (!text.empty()) text.append(": ");
}

}  // namespace detail

/// The failure "file 'path', tensor 'name': rule". An empty path or tensor leaves its part out.
inline status file_failure(error_code code, std::string_view path, std::string_view tensor,
                           std::string_view rule) {
  status s{code, "file", -1, 0, 0, {}};
  detail::append_place(s.message, path, tensor);
  s.message.append(rule);
  return s;
}

/// The failure "file 'path', tensor 'name': what is <actual>, expected <expected>"; both numbers
/// are kept in the status.
inline status file_mismatch(error_code code, std::string_view path, std::string_view tensor,
                            std::string_view what, std::int64_t expected, std::int64_t actual) {
  status s{code, "file", -1, expected, actual, {}};
  detail::append_place(s.message, path, tensor);
  s.message.append(what).append(" is ").append(actual).append(", expected ").append(expected);
  return s;
}

}  // namespace qtl::inline v0::io
