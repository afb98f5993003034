// SPDX-License-Identifier: Apache-2.0
// examples/minilm/main.cpp - a real sentence encoder, its real activations, and what quantization
// leaves of it. Run it as ./dev minilm; docs/accuracy.md shows what it prints.
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "qtl/io/safetensors_writer.hpp"

#include "../common/command_line.hpp"
#include "../thread_pool.hpp"
#include "activations.hpp"
#include "corpus.hpp"
#include "cosines.hpp"
#include "known_answers.hpp"

namespace minilm {
namespace {

struct options {
  bool check = false;
  bool help = false;
  std::string activations;           ///< file to write; empty: none
  std::vector<std::string> presets;  ///< to run the encoder with; "all" stands for each
  bool held_out = false;             ///< write the activations of the other half of the corpus
  std::size_t samples = 1024;
  int threads = 1;
  std::string model = "build/models/minilm";
  std::string corpus = "examples/minilm/corpus.txt";
};

constexpr common::option<options> table[] = {
    {"--check", "", "compare cosines of sentence pairs with an independent computation's",
     [](options& o, std::string_view) { o.check = true; }},
    {"--write-activations", "FILE", "write real inputs of every linear layer, as safetensors",
     [](options& o, std::string_view v) { o.activations = v; }},
    {"--held-out", "", "write those of the other half of the texts",
     [](options& o, std::string_view) { o.held_out = true; }},
    {"--samples", "N", "rows per layer (1024)",
     [](options& o, std::string_view v) {
       o.samples = static_cast<std::size_t>(common::number_from(1, v));
     }},
    {"--quantize", "PRESET", "embed with quantized layers; 'all', or several times",
     [](options& o, std::string_view v) { o.presets.emplace_back(v); }},
    {"--threads", "N", "threads of the pool (1)",
     [](options& o, std::string_view v) { o.threads = common::number_from(1, v); }},
    {"--model", "FOLDER", "where model.safetensors and vocab.txt are (build/models/minilm)",
     [](options& o, std::string_view v) { o.model = v; }},
    {"--corpus", "FILE", "texts, one a line (examples/minilm/corpus.txt)",
     [](options& o, std::string_view v) { o.corpus = v; }},
    {"--help", "", "print this", [](options& o, std::string_view) { o.help = true; }},
};

void print_help() {
  std::printf(
      "Runs the sentence encoder all-MiniLM-L6-v2 and measures what quantization leaves of it.\n\n"
      "Usage: ./dev minilm [OPTION]...\n\n%s\n"
      "The exit status is 1 where --check finds a difference.\n",
      common::option_lines<options>(table).c_str());
}

tokenizer load_tokenizer(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read; ./dev fetch-models brings it");
  return tokenizer(in);
}

void write_activations(const options& o, const encoder_weights& weights,
                       std::span<const token_ids> texts) {
  constexpr std::uint64_t seed = 1;
  const std::vector<matrix> inputs = collect_inputs(weights, texts, o.samples, seed);
  qtl::io::safetensors_writer out;
  for (std::size_t i = 0; i < inputs.size(); ++i) out.add(weights.linears[i].name, inputs[i]);
  out.save(o.activations);
  std::printf("%s: inputs of %zu layers, %td rows each, the pooler's %td\n", o.activations.c_str(),
              inputs.size(), inputs.front().rows(), inputs.back().rows());
}

/// False where the check fails.
bool run(const options& o) {
  const tokenizer pieces = load_tokenizer(o.model + "/vocab.txt");
  const encoder_weights weights =
      load_weights(qtl::io::safetensors_file(o.model + "/model.safetensors"));
  if (o.check && !check_known_answers(weights, pieces)) return false;
  const auto calibration = load_corpus(o.corpus, pieces, half::calibration);
  const auto held_out = load_corpus(o.corpus, pieces, half::held_out);
  if (!o.activations.empty()) write_activations(o, weights, o.held_out ? held_out : calibration);
  thread_pool pool(o.threads);
  if (!o.presets.empty()) print_preset_cosines(weights, calibration, held_out, o.presets, pool);
  return true;
}

}  // namespace
}  // namespace minilm

int main(int argc, char** argv) {
  return common::exit_status("minilm", [&] {
    const auto o = common::parse_options<minilm::options>(minilm::table, {argv + 1, argv + argc});
    if (o.help || argc == 1) {
      minilm::print_help();
      return 0;
    }
    return minilm::run(o) ? 0 : 1;
  });
}
