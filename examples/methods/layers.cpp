// SPDX-License-Identifier: Apache-2.0
#include "layers.hpp"

#include <stdexcept>
#include <string_view>

#include "../fashion_mnist/images.hpp"
#include "../fashion_mnist/network.hpp"

namespace methods {
namespace {

/// A matrix that stays where it is, and a view of it.
qtl::matrix_view<const float> keep(layer_set& set, qtl::matrix<float> m) {
  set.memory.push_back(std::move(m));
  return set.memory.back().view();
}

qtl::matrix_view<const float> keep(layer_set& set, const fashion::matrix& m) {
  auto copy = qtl::value_or_throw(qtl::matrix<float>::make(m.rows(), m.cols()));
  std::copy_n(m.data(), m.size(), copy.data());
  return keep(set, std::move(copy));
}

std::vector<qtl::matrix_view<const float>> inputs_of(layer_set& set,
                                                     const fashion::float_network& network,
                                                     const fashion::matrix& images) {
  std::vector<qtl::matrix_view<const float>> inputs;
  fashion::layer_outputs outputs;
  fashion::forward(
      network, images, outputs,
      [&](const fashion::float_layer& layer, const fashion::matrix& x, fashion::matrix& y) {
        inputs.push_back(keep(set, x));
        layer.run(x, y, {});
      });
  return inputs;
}

/// The norm whose output a layer of a BERT encoder reads, by the names that such files use; empty
/// where there is none.
std::string norm_before(const std::string& layer) {
  constexpr std::string_view start = "encoder.layer.";
  const std::size_t from = layer.find(start);
  if (from == std::string::npos) return {};
  const std::size_t digits = from + start.size();
  const std::size_t dot = layer.find('.', digits);
  const std::string prefix = layer.substr(0, from);
  const std::string number = layer.substr(digits, dot - digits);
  const std::string_view rest = std::string_view(layer).substr(dot + 1);
  if (rest == "intermediate.dense.weight")
    return prefix + std::string(start) + number + ".attention.output.LayerNorm.weight";
  if (!rest.starts_with("attention.self.")) return {};
  if (number == "0") return prefix + "embeddings.LayerNorm.weight";
  return prefix + std::string(start) + std::to_string(std::stoi(number) - 1) +
         ".output.LayerNorm.weight";
}

}  // namespace

layer_set bundled_layers(const std::string& folder) {
  const auto network =
      fashion::load_network(qtl::io::safetensors_file(folder + "/model.safetensors"));
  const auto images = fashion::load_images(folder + "/images.safetensors", INT64_MAX);
  const Eigen::Index count = std::min(images.calibration.rows(), images.test.rows());
  layer_set set;
  const auto seen = inputs_of(set, network, images.calibration);
  const auto unseen = inputs_of(set, network, images.test.topRows(count));
  for (std::size_t i = 0; i < network.size(); ++i)
    set.layers.push_back({network[i].name, keep(set, network[i].weight), seen[i], unseen[i]});
  return set;
}

layer_set read_layers(const std::string& model, const std::string& inputs,
                      const std::string& held_out) {
  const qtl::io::safetensors_file weights(model);
  const qtl::io::safetensors_file seen(inputs);
  const qtl::io::safetensors_file unseen(held_out.empty() ? inputs : held_out);
  layer_set set;
  for (const qtl::io::tensor_info& tensor : seen.tensors()) {
    if (tensor.rank() != 2) continue;
    set.layers.push_back({tensor.name, keep(set, weights.matrix(tensor.name)),
                          keep(set, seen.matrix(tensor.name)),
                          keep(set, unseen.matrix(tensor.name))});
    const std::string norm = norm_before(tensor.name);
    if (norm.empty() || weights.info(norm) == nullptr) continue;
    const auto gamma = keep(set, weights.matrix(norm));
    set.layers.back().norm = {gamma.data, static_cast<std::size_t>(gamma.rows * gamma.cols)};
  }
  if (set.layers.empty()) throw std::runtime_error(inputs + ": no tensor of rank 2");
  return set;
}

}  // namespace methods
