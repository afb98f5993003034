// SPDX-License-Identifier: Apache-2.0
#include "weights.hpp"

#include <array>
#include <utility>

namespace minilm {
namespace {

constexpr std::array<const char*, roles> role_names{
    "attention.self.query",   "attention.self.key", "attention.self.value",
    "attention.output.dense", "intermediate.dense", "output.dense"};

linear load_linear(const qtl::io::safetensors_file& file, const std::string& name) {
  const matrix bias = file.matrix(name + ".bias");
  return {name + ".weight", file.matrix(name + ".weight"), bias.row(0)};
}

norm load_norm(const qtl::io::safetensors_file& file, const std::string& name) {
  const matrix gamma = file.matrix(name + ".weight");
  const matrix beta = file.matrix(name + ".bias");
  return {gamma.row(0), beta.row(0)};
}

}  // namespace

encoder_weights load_weights(const qtl::io::safetensors_file& file) {
  encoder_weights w;
  w.embeddings = {file.matrix("embeddings.word_embeddings.weight"),
                  file.matrix("embeddings.position_embeddings.weight"),
                  file.matrix("embeddings.token_type_embeddings.weight")};
  w.embedding_norm = load_norm(file, "embeddings.LayerNorm");
  for (std::size_t i = 0;; ++i) {
    const std::string layer = "encoder.layer." + std::to_string(i) + ".";
    if (file.info(layer + "output.dense.weight") == nullptr) break;
    for (const char* role : role_names) w.linears.push_back(load_linear(file, layer + role));
    w.attention_norms.push_back(load_norm(file, layer + "attention.output.LayerNorm"));
    w.output_norms.push_back(load_norm(file, layer + "output.LayerNorm"));
  }
  w.linears.push_back(load_linear(file, "pooler.dense"));
  w.heads = w.hidden() / 32;
  return w;
}

}  // namespace minilm
