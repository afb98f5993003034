// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <charconv>
#include <string_view>

namespace fashion {
namespace {

/// A row of the help and of the parser.
struct option {
  std::string_view name;
  std::string_view value;  ///< how the help calls it; empty: takes none
  std::string_view help;
  void (*apply)(options& o, std::string_view value);
};

int count(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1)
    throw usage_error("expected a number above 0, got '" + std::string(text) + "'");
  return number;
}

constexpr option table[] = {
    {"--policy", "NAME", "run this preset only; may be given several times",
     [](options& o, std::string_view v) { o.policies.emplace_back(v); }},
    {"--threads", "N", "threads of the pool (1)",
     [](options& o, std::string_view v) { o.threads = count(v); }},
    {"--images", "N", "use the first N of the 2000 test images",
     [](options& o, std::string_view v) { o.images = count(v); }},
    {"--repetitions", "N", "timed runs, of which the median counts (7)",
     [](options& o, std::string_view v) { o.repetitions = count(v); }},
    {"--json", "FILE", "write the table as JSON",
     [](options& o, std::string_view v) { o.json = v; }},
    {"--csv", "FILE", "write the table as CSV", [](options& o, std::string_view v) { o.csv = v; }},
    {"--plot", "FILE", "draw accuracy and SQNR against bits per weight, as SVG",
     [](options& o, std::string_view v) { o.plot = v; }},
    {"--save", "FOLDER", "keep the quantized checkpoints there",
     [](options& o, std::string_view v) { o.save = v; }},
    {"--model", "FILE", "report on the weights of this .safetensors file instead",
     [](options& o, std::string_view v) { o.model = v; }},
    {"--data", "FOLDER", "where model and images are (examples/fashion_mnist)",
     [](options& o, std::string_view v) { o.data = v; }},
    {"--help", "", "print this", [](options& o, std::string_view) { o.help = true; }},
};

const option& find_option(std::string_view name) {
  for (const option& o : table)
    if (o.name == name) return o;
  throw usage_error(std::string(name) + ": no such option; --help lists them");
}

}  // namespace

options parse_options(std::span<char* const> arguments) {
  options parsed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');  // --name=value or --name value
    const option& found = find_option(argument.substr(0, equals));
    std::string_view value;
    if (equals != std::string_view::npos)
      value = argument.substr(equals + 1);
    else if (!found.value.empty() && i + 1 < arguments.size())
      value = arguments[++i];
    if (found.value.empty() == !value.empty())
      throw usage_error(std::string(found.name) +
                        (value.empty() ? ": needs a value" : ": takes no value"));
    try {
      found.apply(parsed, value);
    } catch (const usage_error& e) {
      throw usage_error(std::string(found.name) + ": " + e.what());
    }
  }
  return parsed;
}

std::string help_text() {
  std::string text =
      "Quantizes a small network under every preset of QTL and measures what is left of it on Fashion-MNIST.\n\n"
      "Usage: ./dev demo [OPTION]...\n\n";
  for (const option& o : table) {
    std::string line = "  " + std::string(o.name) + " " + std::string(o.value);
    line.resize(24, ' ');
    text += line + std::string(o.help) + "\n";
  }
  return text + "\nThe exit status is 1 where a reloaded checkpoint does not give the same bits.\n";
}

}  // namespace fashion
