// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <algorithm>
#include <string_view>

namespace sweep {
namespace {

/// The entries that a list "a,b" or "all" names, each once and in the list's order.
template<class Entry>
std::vector<const Entry*> chosen(std::string_view names, std::span<const Entry> table,
                                 const Entry* (*find)(std::string_view)) {
  std::vector<const Entry*> out;
  if (names == "all") {
    for (const Entry& entry : table) out.push_back(&entry);
    return out;
  }
  for (const std::string& name : common::list_of(names)) {
    const Entry* entry = find(name);
    if (entry == nullptr) {
      std::string known = "all";
      for (const Entry& e : table) known.append(" ").append(e.name);
      throw common::usage_error("expected a list of names, got '" + name + "'; there are " + known);
    }
    if (std::ranges::find(out, entry) == out.end()) out.push_back(entry);
  }
  return out;
}

constexpr std::string_view default_policies =
    "s8,s4_g128,s4_g32,u4_g128,s3_g128,s2_g64,e4m3,mxfp8,mxfp6,mxfp4,nvfp4,e2m1,nf4";
constexpr std::string_view default_methods = "rtn,rtn_clip,hqq,gptq,awq";

void choose_policies(options& o, std::string_view v) {
  o.policies = chosen(v, quantizers::weight_policies(), &quantizers::find_policy);
}
void choose_methods(options& o, std::string_view v) {
  o.methods = chosen(v, quantizers::methods(), &quantizers::find_method);
}

constexpr common::option<options> table[] = {
    {"--model", "FILE", "a .safetensors file; without it, the bundled network and its activations",
     [](options& o, std::string_view v) { o.model = v; }},
    {"--inputs", "FILE", "sample inputs: for each weight a tensor of its name, samples x columns",
     [](options& o, std::string_view v) { o.inputs = v; }},
    {"--policies", "A,B,...", "weight policies, or all", choose_policies},
    {"--methods", "A,B,...", "methods, or all", choose_methods},
    {"--layers", "GLOB", "only weights whose name matches; * and ? are wild",
     [](options& o, std::string_view v) { o.layers = v; }},
    {"--samples", "N", "samples that methods see, and as many others to measure with (256)",
     [](options& o, std::string_view v) { o.samples = common::number_from(1, v); }},
    {"--seed", "N", "of the draw of samples (1)",
     [](options& o, std::string_view v) { o.seed = common::number_from(0, v); }},
    {"--threads", "N", "rows computed at a time (1); results do not depend on it",
     [](options& o, std::string_view v) { o.threads = common::number_from(1, v); }},
    {"--json", "FILE", "write all rows as JSON, rewritten while they come",
     [](options& o, std::string_view v) { o.json = v; }},
    {"--csv", "FILE", "write all rows as CSV", [](options& o, std::string_view v) { o.csv = v; }},
    {"--plots", "FOLDER", "draw SVG pictures into it",
     [](options& o, std::string_view v) { o.plots = v; }},
    {"--resume", "FILE", "as --json, but rows that the file holds already are not computed again",
     [](options& o, std::string_view v) { o.resume = v; }},
    {"--data", "FOLDER", "where the bundled network is (examples/fashion_mnist)",
     [](options& o, std::string_view v) { o.data = v; }},
    {"--help", "", "print this", [](options& o, std::string_view) { o.help = true; }},
};

template<class Entry>
std::string names_of(std::span<const Entry> entries) {
  std::string text;
  std::string line = " ";
  for (const Entry& entry : entries) {
    if (line.size() + entry.name.size() > 98) text += std::exchange(line, " ") + "\n";
    line.append(" ").append(entry.name);
  }
  return text + line + "\n";
}

}  // namespace

options parse_options(std::span<char* const> arguments) {
  options o = common::parse_options<options>(table, arguments);
  if (o.policies.empty()) choose_policies(o, default_policies);
  if (o.methods.empty()) choose_methods(o, default_methods);
  if (!o.inputs.empty() && o.model.empty())
    throw common::usage_error("--inputs: needs --model; the bundled network has its own inputs");
  if (!o.resume.empty() && !o.json.empty())
    throw common::usage_error("--resume: not together with --json; it writes the same rows");
  return o;
}

std::string help_text() {
  return "Quantizes the weights of a model with every policy and method asked for and measures the errors.\n\n"
         "Usage: ./dev sweep [OPTION]...\n\n" +
         common::option_lines<options>(table) +
         "\nPolicies (not told: " + std::string(default_policies) + "):\n" +
         names_of(quantizers::weight_policies()) +
         "\nMethods (not told: " + std::string(default_methods) + "):\n" +
         names_of(quantizers::methods());
}

}  // namespace sweep
