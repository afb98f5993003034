// SPDX-License-Identifier: Apache-2.0
#include "cosines.hpp"

#include <algorithm>
#include <cstdio>

#include "qtl/cpu.hpp"

#include "../common/text_table.hpp"
#include "activations.hpp"
#include "corpus.hpp"

namespace minilm {
namespace {

/// The presets of the table: every kind once. Each is compiled, so the list is kept short.
using presets = qtl::type_list<qtl::w8a8, qtl::w8a8_static, qtl::w4a8, qtl::w8a16, qtl::w4a16,
                               qtl::w4a16_g32, qtl::w3a16, qtl::w2a16, qtl::fp8, qtl::mxfp8,
                               qtl::mxfp4, qtl::nvfp4, qtl::nf4_a16>;

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  qtl::for_each_type(presets{}, [&]<class Pair>() { names.emplace_back(Pair::name.view()); });
  return names;
}

/// All linear layers under a preset, the pooler's too.
std::vector<qtl::any_linear> quantize(const encoder_weights& weights,
                                      std::span<const qtl::value_range> ranges,
                                      const std::string& preset) {
  const qtl::linear_desc desc = qtl::value_or_throw(qtl::preset_by_name(preset));
  std::vector<qtl::any_linear> layers;
  for (std::size_t i = 0; i < weights.linears.size(); ++i) {
    const linear& layer = weights.linears[i];
    const auto n = static_cast<std::size_t>(layer.bias.size());
    layers.push_back(qtl::value_or_throw(qtl::try_make_linear(
        presets{}, desc, qtl::as_view(layer.weight), {layer.bias.data(), n}, ranges[i])));
  }
  return layers;
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
                          std::span<const token_ids> texts, std::vector<std::string> names,
                          const qtl::executor_ref& executor) {
  if (std::find(names.begin(), names.end(), "all") != names.end()) names = preset_names();
  const std::vector<qtl::value_range> ranges = collect_ranges(weights, calibration);
  const matrix expected = embed_all(weights, texts, float_linears(weights));
  common::text_table table({{"preset", true}, {"mean cosine"}, {"least cosine"}, {"kernel", true}});
  for (const std::string& name : names) {
    const std::vector<qtl::any_linear> layers = quantize(weights, ranges, name);
    const cosine_summary cosine = compare_embeddings(
        expected, embed_all(weights, texts, quantized_linears(layers, executor)));
    table.add_row({name, common::formatted(cosine.mean, 5), common::formatted(cosine.least, 5),
                   layers.front().kernel_name()});
  }
  std::printf("%td texts, embedded with all linear layers quantized\n\n%s", expected.rows(),
              table.text().c_str());
}

}  // namespace minilm
