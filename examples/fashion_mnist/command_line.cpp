// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <string_view>

namespace fashion {
namespace {

int count(std::string_view text) { return common::number_from(1, text); }

constexpr common::option<options> table[] = {
    {"--policy", "NAME", "run this preset only; may be given several times",
     [](options& o, std::string_view v) { o.policies.emplace_back(v); }},
    {"--method", "NAME", "quantize with this method (rtn), or all; may be given several times",
     [](options& o, std::string_view v) { o.methods.emplace_back(v); }},
    {"--threads", "N", "threads of the pool (1)",
     [](options& o, std::string_view v) { o.threads = count(v); }},
    {"--backend", "NAME",
     "cpu, gpu, or emulated: the GPU's kernels, run on the CPU thread by thread",
     [](options& o, std::string_view v) { o.backend = v; }},
    {"--images", "N", "use the first N of the 2000 test images (all; 16 where emulated)",
     [](options& o, std::string_view v) { o.images = count(v); }},
    {"--repetitions", "N", "timed runs, of which the median counts (7; 1 where emulated)",
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

}  // namespace

options parse_options(std::span<char* const> arguments) {
  options o = common::parse_options<options>(table, arguments);
  const bool is_emulated = o.backend == "emulated";
  if (o.images == 0) o.images = is_emulated ? 16 : 2000;
  if (o.repetitions == 0) o.repetitions = is_emulated ? 1 : 7;
  return o;
}

std::string help_text() {
  return "Quantizes a small network under every preset of QTL and measures what is left of it on Fashion-MNIST.\n\n"
         "Usage: ./dev demo [OPTION]...\n\n" +
         common::option_lines<options>(table) +
         "\nThe exit status is 1 where a reloaded checkpoint does not give the same bits.\n";
}

}  // namespace fashion
