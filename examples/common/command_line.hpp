// SPDX-License-Identifier: Apache-2.0
// examples/common/command_line.hpp - a program's options as a table that both parses and explains
// them.
// Holds: option, usage_error, exit_status, parse_options, option_lines, number_from, list_of.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace common {

/// A command line that cannot be understood; what() names the option. main ends with 2.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What main returns: run()'s answer, or 2 or 1 for what it throws, which is said under the
/// program's name.
template<class F>
int exit_status(const char* program, F&& run) {
  try {
    return run();
  } catch (const usage_error& e) {
    std::fprintf(stderr, "%s: %s\n", program, e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", program, e.what());
    return 1;
  }
}

/// A row of the help and of the parser.
template<class Options>
struct option {
  std::string_view name;
  std::string_view value;  ///< how the help calls it; empty: takes none
  std::string_view help;
  void (*apply)(Options& o, std::string_view value);
};

/// `text` as a number from `least` up.
inline int number_from(int least, std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least)
    throw usage_error("expected a number above " + std::to_string(least - 1) + ", got '" +
                      std::string(text) + "'");
  return number;
}

/// The names of a list "a,b,c"; none of them is empty.
inline std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin)
      throw usage_error("expected names with commas between, got '" + std::string(text) + "'");
    names.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

/// The options of main's arguments, program name left out: --name value or --name=value. Throws
/// usage_error.
template<class Options>
Options parse_options(std::span<const option<Options>> table, std::span<char* const> arguments) {
  Options parsed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string name(argument.substr(0, equals));
    const option<Options>* found = nullptr;
    for (const option<Options>& o : table)
      if (o.name == name) found = &o;
    if (found == nullptr) throw usage_error(name + ": no such option; --help lists them");
    std::string_view value;
    if (equals != std::string_view::npos)
      value = argument.substr(equals + 1);
    else if (!found->value.empty() && i + 1 < arguments.size() &&
             !std::string_view(arguments[i + 1]).starts_with("--"))
      value = arguments[++i];
    if (found->value.empty() == !value.empty())
      throw usage_error(name + (value.empty() ? ": needs a value" : ": takes no value"));
    try {
      found->apply(parsed, value);
    } catch (const usage_error& e) {
      throw usage_error(name + ": " + e.what());
    }
  }
  return parsed;
}

/// The table as lines of a help text.
template<class Options>
std::string option_lines(std::span<const option<Options>> table) {
  std::size_t width = 24;
  for (const option<Options>& o : table)
    width = std::max(width, o.name.size() + o.value.size() + 5);
  std::string text;
  for (const option<Options>& o : table) {
    std::string line = "  " + std::string(o.name) + " " + std::string(o.value);
    line.resize(width, ' ');
    text += line + std::string(o.help) + "\n";
  }
  return text;
}

}  // namespace common
