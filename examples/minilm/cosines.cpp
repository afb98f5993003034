// SPDX-License-Identifier: Apache-2.0
#include "cosines.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "../fashion_mnist/policies.hpp"
#include "../fashion_mnist/text_table.hpp"
#include "activations.hpp"
#include "corpus.hpp"

namespace minilm {
namespace {

struct quantized_encoder {
  std::vector<qtl::any_linear> layers;
  std::int64_t bytes = 0;
};

quantized_encoder quantize(const encoder_weights& weights, std::span<const qtl::value_range> ranges,
                           const fashion::policy_entry& preset) {
  quantized_encoder made;
  for (std::size_t i = 0; i < weights.linears.size(); ++i) {
    qtl::io::safetensors_writer unused;
    const linear& layer = weights.linears[i];
    fashion::quantized_layer one =
        preset.quantize({layer.name, layer.weight, layer.bias}, ranges[i], unused);
    made.layers.push_back(std::move(one.linear));
    made.bytes += one.bytes;
  }
  return made;
}

double count_weights(const encoder_weights& weights) {
  double count = 0;
  for (const linear& layer : weights.linears) count += static_cast<double>(layer.weight.size());
  return count;
}

const fashion::policy_entry& find_preset(const std::string& name) {
  if (const fashion::policy_entry* found = fashion::find_policy(name)) return *found;
  throw std::invalid_argument("--quantize: no preset is called '" + name + "'");
}

}  // namespace

matrix embed_all(const encoder_weights& weights, std::span<const token_ids> texts,
                 const run_linear& run) {
  matrix all(std::ssize(texts), weights.hidden());
  for_each_batch(texts, [&](std::span<const token_ids> batch, std::size_t first) {
    all.middleRows(static_cast<Eigen::Index>(first), std::ssize(batch)) =
        embed(weights, batch, run);
  });
  return all;
}

cosine_summary compare_embeddings(const matrix& expected, const matrix& got) {
  cosine_summary summary;
  for (Eigen::Index i = 0; i < expected.rows(); ++i) {
    const double cosine = expected.row(i).cast<double>().dot(got.row(i).cast<double>());
    summary.mean += cosine / static_cast<double>(expected.rows());
    summary.least = std::min(summary.least, cosine);
  }
  return summary;
}

run_linear quantized_linears(std::span<const qtl::any_linear> layers,
                             const qtl::executor_ref& executor) {
  return [=, workspace = std::vector<std::byte>()](std::size_t index, const matrix& x,
                                                   matrix& y) mutable {
    const qtl::any_linear& layer = layers[index];
    workspace.resize(static_cast<std::size_t>(layer.workspace_size(x.rows(), executor.threads())));
    qtl::throw_if_failed(
        layer.run(qtl::as_view(x), {y.data(), y.rows(), y.cols()}, {workspace, executor}));
  };
}

void print_preset_cosines(const encoder_weights& weights, std::span<const token_ids> calibration,
                          std::span<const token_ids> texts, std::vector<std::string> presets,
                          const qtl::executor_ref& executor) {
  if (std::find(presets.begin(), presets.end(), "all") != presets.end()) {
    presets.clear();
    for (const fashion::policy_entry& entry : fashion::policies()) presets.emplace_back(entry.name);
  }
  const std::vector<qtl::value_range> ranges = collect_ranges(weights, calibration);
  const matrix expected = embed_all(weights, texts, float_linears(weights));
  fashion::text_table table(
      {{"preset", true}, {"bits/weight"}, {"mean cosine"}, {"least cosine"}, {"kernel", true}});
  for (const std::string& name : presets) {
    const quantized_encoder encoder = quantize(weights, ranges, find_preset(name));
    const cosine_summary cosine = compare_embeddings(
        expected, embed_all(weights, texts, quantized_linears(encoder.layers, executor)));
    table.add_row(
        {name,
         fashion::formatted(8 * static_cast<double>(encoder.bytes) / count_weights(weights), 2),
         fashion::formatted(cosine.mean, 5), fashion::formatted(cosine.least, 5),
         encoder.layers.front().kernel_name()});
  }
  std::printf("%td texts, embedded with all linear layers quantized\n\n%s", expected.rows(),
              table.text().c_str());
}

}  // namespace minilm
