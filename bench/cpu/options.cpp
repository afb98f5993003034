// SPDX-License-Identifier: Apache-2.0
// bench/cpu/options.cpp - the command line.
#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace qtl_bench {

namespace {

constexpr const char* usage =
    "cpu_bench [OPTION VALUE]...\n"
    "  --shapes quick|all  which cases (all)\n"
    "  --filter WORD       only cases with WORD in FAMILY/MxNxK/hot|cold\n"
    "  --threads N         for everybody (1)\n"
    "  --samples N         rounds, of which the median counts (11)\n"
    "  --seconds S         of each sample, at least (0.015)\n"
    "  --json FILE         write the results there, too\n";

bool read_number(std::string_view name, const char* text, double least, double most,
                 double& value) {
  char* end = nullptr;
  value = std::strtod(text, &end);
  if (*text != '\0' && *end == '\0' && value >= least && value <= most) return true;
  std::fprintf(stderr, "--%.*s: got '%s', expected a number from %g to %g\n",
               static_cast<int>(name.size()), name.data(), text, least, most);
  return false;
}

bool read_count(std::string_view name, const char* text, double most, int& count) {
  double value = 0;
  if (!read_number(name, text, 1, most, value)) return false;
  count = static_cast<int>(value);
  return true;
}

bool read_shapes(std::string_view text, extent& e) {
  if (text != "quick" && text != "all") {
    std::fprintf(stderr, "--shapes: got '%s', expected quick or all\n", text.data());
    return false;
  }
  e = text == "quick" ? extent::quick : extent::all;
  return true;
}

bool read_option(std::string_view name, const char* value, options& o) {
  if (name == "shapes") return read_shapes(value, o.shapes);
  if (name == "threads") return read_count(name, value, 1024, o.threads);
  if (name == "samples") return read_count(name, value, 1001, o.work.samples);
  if (name == "seconds") return read_number(name, value, 1e-6, 60, o.work.seconds);
  if (name == "filter") o.filter = value;
  if (name == "json") o.json = value;
  if (name == "filter" || name == "json") return true;
  std::fprintf(stderr, "--%.*s: unknown option\n%s", static_cast<int>(name.size()), name.data(),
               usage);
  return false;
}

}  // namespace

std::optional<options> parse_options(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with("--") || i + 1 == argc) {
      std::fprintf(stderr, "%s: expected --OPTION VALUE\n%s", argv[i], usage);
      return std::nullopt;
    }
    if (!read_option(argument.substr(2), argv[i + 1], o)) return std::nullopt;
  }
  return o;
}

}  // namespace qtl_bench
