// SPDX-License-Identifier: Apache-2.0
// examples/common/json_text.hpp - values as JSON spells them.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "qtl/io/json_writer.hpp"

namespace common {

/// A number with all that matters of it; JSON knows no infinity, so that becomes null.
inline std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// A string, quotes and escapes included.
inline std::string json_quoted(std::string_view text) {
  qtl::io::json_writer json;
  json.string(text);
  return json.take();
}

}  // namespace common
