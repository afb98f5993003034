// SPDX-License-Identifier: Apache-2.0
// examples/common/text_table.hpp - a table with aligned columns for the terminal.
// Holds: text_table, formatted, with_commas. Columns marked as text are set left, numbers right; a
// column whose cells are all empty is left out.
#pragma once

#include <string>
#include <vector>

namespace common {

/// `value` with `digits` decimals; "-" for infinities.
std::string formatted(double value, int digits);
/// A number with its thousands set apart: 234,752.
std::string with_commas(long long value);

/// Rows of cells under a heading.
class text_table {
 public:
  struct column {
    std::string title;
    bool is_text = false;
  };

  explicit text_table(std::vector<column> columns) : columns_(std::move(columns)) {}

  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// A thin line between the rows before and after.
  void add_rule() { rows_.emplace_back(); }
  /// The table, every line ended.
  std::string text() const;

 private:
  std::size_t width_of(std::size_t index) const;
  std::string line(const std::vector<std::string>& cells,
                   const std::vector<std::size_t>& widths) const;

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
};

}  // namespace common
