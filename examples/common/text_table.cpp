// SPDX-License-Identifier: Apache-2.0
#include "text_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace common {
namespace {

constexpr std::size_t gap = 2;

std::string repeated(std::string_view mark, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += mark;
  return text;
}

}  // namespace

std::string formatted(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string with_commas(long long value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool between_thousands = i > 0 && (digits.size() - i) % 3 == 0;
    if (between_thousands && digits[i - 1] != '-') text += ',';
    text += digits[i];
  }
  return text;
}

// The width of a column; 0 where it is left out.
std::size_t text_table::width_of(std::size_t index) const {
  std::size_t width = 0;
  for (const auto& row : rows_)
    if (!row.empty()) width = std::max(width, row[index].size());
  return width == 0 ? 0 : std::max(width, columns_[index].title.size());
}

std::string text_table::line(const std::vector<std::string>& cells,
                             const std::vector<std::size_t>& widths) const {
  std::string out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string padding(widths[i] - cells[i].size(), ' ');
    if (!out.empty()) out += std::string(gap, ' ');
    out += columns_[i].is_text ? cells[i] + padding : padding + cells[i];
  }
  return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
}

std::string text_table::text() const {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    widths.push_back(width_of(i));
    if (widths[i] != 0) total += widths[i] + (total == 0 ? 0 : gap);
  }
  std::string out = line(titles, widths) + repeated("─", total) + "\n";
  for (const auto& row : rows_)
    out += row.empty() ? repeated("╌", total) + "\n" : line(row, widths);
  return out;
}

}  // namespace common
