// SPDX-License-Identifier: Apache-2.0
// examples/methods/main.cpp - every quantization method against plain rounding, on real layers with
// their real inputs. Run it as ./dev methods; docs/accuracy.md shows what it prints.
#include <cstdio>

#include "../common/command_line.hpp"
#include "../thread_pool.hpp"
#include "layers.hpp"
#include "policies.hpp"
#include "tables.hpp"

namespace methods {
namespace {

struct options {
  table_options tables;
  std::string model;  ///< empty: the bundled network
  std::string inputs;
  std::string held_out;
  std::string data = "examples/fashion_mnist";
  int threads = 1;
  bool help = false;
};

constexpr common::option<options> table[] = {
    {"--policy", "NAME", "compare under this policy only; may be given several times",
     [](options& o, std::string_view v) { o.tables.policies.emplace_back(v); }},
    {"--method", "WORDS", "only methods whose names contain the words",
     [](options& o, std::string_view v) { o.tables.method = v; }},
    {"--per-layer", "", "print a row per layer and method too",
     [](options& o, std::string_view) { o.tables.per_layer = true; }},
    {"--model", "FILE", "weights, as safetensors; needs --inputs (the bundled network)",
     [](options& o, std::string_view v) { o.model = v; }},
    {"--inputs", "FILE", "for each weight sample inputs under the same name",
     [](options& o, std::string_view v) { o.inputs = v; }},
    {"--held-out", "FILE", "other inputs, which methods never see",
     [](options& o, std::string_view v) { o.held_out = v; }},
    {"--data", "FOLDER", "where the bundled network is (examples/fashion_mnist)",
     [](options& o, std::string_view v) { o.data = v; }},
    {"--threads", "N", "threads of the pool (1)",
     [](options& o, std::string_view v) { o.threads = common::number_from(1, v); }},
    {"--help", "", "print this", [](options& o, std::string_view) { o.help = true; }},
};

void print_help() {
  std::string policies;
  for (const char* name : compared_policies) policies.append(" ").append(name);
  std::printf(
      "Compares quantization methods with plain rounding by the output error of real layers.\n\n"
      "Usage: ./dev methods [OPTION]...\n\n%s\nPolicies:%s\n\n"
      "The exit status is 1 where a method has more error than plain rounding on samples it saw.\n",
      common::option_lines<options>(table).c_str(), policies.c_str());
}

/// False where a method breaks its promise.
bool run(const options& o) {
  if (o.model.empty() != o.inputs.empty())
    throw common::usage_error("--model, --inputs: one needs the other");
  const layer_set set =
      o.model.empty() ? bundled_layers(o.data) : read_layers(o.model, o.inputs, o.held_out);
  thread_pool pool(o.threads);
  const std::string complaints = print_tables(set.layers, o.tables, pool);
  std::fputs(complaints.c_str(), stderr);
  return complaints.empty();
}

}  // namespace
}  // namespace methods

int main(int argc, char** argv) {
  return common::exit_status("methods", [&] {
    const auto o = common::parse_options<methods::options>(methods::table, {argv + 1, argv + argc});
    if (o.help) {
      methods::print_help();
      return 0;
    }
    return methods::run(o) ? 0 : 1;
  });
}
