// SPDX-License-Identifier: Apache-2.0
// examples/option_table.hpp - a command line as a table: one row is an option, its help and what it
// does.
// Holds: usage_error, option<Options>, parse_options, option_help, positive_number.
#pragma once

#include <charconv>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace command_line {

/// A command line that cannot be understood; what() names the option.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `apply` puts the option's value into what main works with.
template<class Options>
struct option {
  std::string_view name;
  std::string_view value;  ///< how the help calls it; empty: takes none
  std::string_view help;
  void (*apply)(Options& o, std::string_view value);
};

/// A number above 0. Throws usage_error.
template<class Number>
Number positive_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1)
    throw usage_error("expected a number above 0, got '" + std::string(text) + "'");
  return number;
}

/// What main's arguments, program name left out, ask for. Throws usage_error.
template<class Options>
Options parse_options(std::span<const option<Options>> table, std::span<char* const> arguments) {
  Options parsed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name = arguments[i];
    const option<Options>* found = nullptr;
    for (const option<Options>& row : table)
      if (row.name == name) found = &row;
    if (found == nullptr) throw usage_error(name + ": no such option; --help lists them");
    if (!found->value.empty() && i + 1 == arguments.size())
      throw usage_error(name + ": needs a value");
    try {
      found->apply(parsed, found->value.empty() ? std::string_view() : arguments[++i]);
    } catch (const usage_error& e) {
      throw usage_error(name + ": " + e.what());
    }
  }
  return parsed;
}

/// A line per option.
template<class Options>
std::string option_help(std::span<const option<Options>> table) {
  std::string text;
  for (const option<Options>& row : table) {
    std::string line = "  " + std::string(row.name) + " " + std::string(row.value);
    line.resize(29, ' ');
    text += line + std::string(row.help) + "\n";
  }
  return text;
}

}  // namespace command_line
