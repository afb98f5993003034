// SPDX-License-Identifier: Apache-2.0
// bench/gpu/options.cpp - the command line.
#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace qtl_bench {

namespace {

constexpr const char* usage =
    "gpu_bench [OPTION]...\n"
    "  --shapes SUITE           which cases (quick); an unknown name prints all names\n"
    "  --questions              short for --shapes questions: what bounds everybody\n"
    "  --filter WORD            only cases with WORD in FAMILY/MxNxK\n"
    "  --rounds N               of which medians count (15)\n"
    "  --warm-up SECONDS        before the first case (3)\n"
    "  --json FILE              write the results there\n"
    "  --markdown FILE          write the tables there, too\n"
    "  --list                   print the cases, and the kernels of this device\n"
    "  --explain                print, for every case, what each kernel's choice of tiles costs\n"
    "                           in the model, and time nothing\n"
    "  --device NAME            explain the choices of a100, l40s, h100, b200 or rtx5090 instead of\n"
    "                           this machine's; no GPU is needed\n"
    "  --host-overhead          time the host's side of a layer's run instead of kernels\n";

bool read_number(std::string_view name, const char* text, double least, double most,
                 double& value) {
  char* end = nullptr;
  value = std::strtod(text, &end);
  if (*text != '\0' && *end == '\0' && value >= least && value <= most) return true;
  std::fprintf(stderr, "--%.*s: got '%s', expected a number from %g to %g\n",
               static_cast<int>(name.size()), name.data(), text, least, most);
  return false;
}

bool read_shapes(const std::string& name, std::string& shapes) {
  shapes = name;
  if (list_cases(name)) return true;
  std::fprintf(stderr, "--shapes: got '%s', expected one of %s\n", name.c_str(),
               suite_names().c_str());
  return false;
}

// Options that take no value; whether this is one.
bool read_switch(std::string_view argument, options& o) {
  if (argument == "--list") return o.list = true;
  if (argument == "--explain") return o.explain = true;
  if (argument == "--host-overhead") return o.host_overhead = true;
  if (argument != "--questions") return false;
  o.shapes = "questions";
  return true;
}

bool read_option(std::string_view name, const char* value, options& o) {
  double number = 0;
  if (name == "shapes") return read_shapes(value, o.shapes);
  if (name == "warm-up") return read_number(name, value, 0, 60, o.work.warm_up);
  if (name == "rounds") {
    if (!read_number(name, value, 1, 1001, number)) return false;
    o.work.rounds = static_cast<int>(number);
    return true;
  }
  std::string* text = name == "filter"     ? &o.filter
                      : name == "device"   ? &o.device
                      : name == "json"     ? &o.json
                      : name == "markdown" ? &o.markdown
                                           : nullptr;
  if (text != nullptr) *text = value;
  if (text == nullptr)
    std::fprintf(stderr, "--%.*s: unknown option\n%s", static_cast<int>(name.size()), name.data(),
                 usage);
  return text != nullptr;
}

}  // namespace

std::optional<options> parse_options(int argc, char** argv, int& exit_status) {
  options o;
  exit_status = 2;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") {
      std::fputs(usage, stdout);
      exit_status = 0;
      return std::nullopt;
    }
    if (read_switch(argument, o)) continue;
    if (!argument.starts_with("--") || i + 1 == argc) {
      std::fprintf(stderr, "%s: expected --OPTION VALUE\n%s", argv[i], usage);
      return std::nullopt;
    }
    if (!read_option(argument.substr(2), argv[++i], o)) return std::nullopt;
  }
  return o;
}

}  // namespace qtl_bench
