// SPDX-License-Identifier: Apache-2.0
// examples/common/text_file.hpp - writes a text file whole, or not at all and says why.
#pragma once

#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>

#include "qtl/io/atomic_file.hpp"

namespace common {

/// Replaces a file in one step; what is no regular file, a pipe or a terminal, is written to.
/// Throws naming it.
inline void write_text_file(const std::string& path, const std::string& text) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) || std::filesystem::is_regular_file(path, ignored)) {
    qtl::throw_if_failed(qtl::io::try_replace_file(path, std::as_bytes(std::span(text))));
    return;
  }
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace common
