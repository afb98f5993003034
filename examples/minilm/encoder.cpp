// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace minilm {
namespace {

Eigen::Index count_rows(std::span<const token_ids> texts) {
  Eigen::Index rows = 0;
  for (const token_ids& text : texts) rows += std::ssize(text);
  return rows;
}

/// Each row to mean 0 and variance 1, then times gamma plus beta. BERT's epsilon is 1e-12.
void normalize(matrix& x, const norm& n) {
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    auto row = x.row(i).array();
    row -= row.mean();
    row /= std::sqrt(row.square().mean() + 1e-12f);
    row = row * n.gamma.array() + n.beta.array();
  }
}

/// x times the standard normal distribution's share below x.
void apply_gelu(matrix& x) {
  x = x.unaryExpr([](float v) { return 0.5f * v * (1.0f + std::erf(v * 0.70710678f)); });
}

/// Each row e^x over its sum.
void apply_softmax(matrix& x) {
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    auto row = x.row(i).array();
    row = (row - row.maxCoeff()).exp();
    row /= row.sum();
  }
}

void check_text(const embedding_tables& tables, const token_ids& text) {
  if (text.empty() || std::ssize(text) > tables.position.rows())
    throw std::invalid_argument("texts: one has " + std::to_string(text.size()) +
                                " tokens, expected 1 to " + std::to_string(tables.position.rows()));
  for (const std::int32_t id : text)
    if (id < 0 || id >= tables.word.rows())
      throw std::invalid_argument("texts: token " + std::to_string(id) +
                                  " is outside the vocabulary of " +
                                  std::to_string(tables.word.rows()));
}

matrix look_up(const encoder_weights& w, std::span<const token_ids> texts) {
  matrix x(count_rows(texts), w.hidden());
  Eigen::Index row = 0;
  for (const token_ids& text : texts) {
    check_text(w.embeddings, text);
    for (Eigen::Index at = 0; at < std::ssize(text); ++at)
      x.row(row++) = w.embeddings.word.row(text[static_cast<std::size_t>(at)]) +
                     w.embeddings.position.row(at) + w.embeddings.token_type.row(0);
  }
  normalize(x, w.embedding_norm);
  return x;
}

/// What every head gathers from the values of its own text.
matrix attend(const matrix& q, const matrix& k, const matrix& v, std::span<const token_ids> texts,
              Eigen::Index heads) {
  matrix gathered(q.rows(), q.cols());
  const Eigen::Index width = q.cols() / heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  Eigen::Index row = 0;
  for (const token_ids& text : texts) {
    const Eigen::Index rows = std::ssize(text);
    for (Eigen::Index h = 0; h < heads; ++h) {
      const auto of = [&](const matrix& m) { return m.block(row, h * width, rows, width); };
      matrix scores = scale * of(q) * of(k).transpose();
      apply_softmax(scores);
      gathered.block(row, h * width, rows, width) = scores * of(v);
    }
    row += rows;
  }
  return gathered;
}

/// One encoder layer; `x` goes in and comes out.
void run_layer(const encoder_weights& w, std::size_t layer, std::span<const token_ids> texts,
               const run_linear& run, matrix& x) {
  const auto apply = [&](linear_role role, const matrix& in) {
    const std::size_t index = roles * layer + role;
    matrix out(in.rows(), w.linears[index].weight.rows());
    run(index, in, out);
    return out;
  };
  const matrix q = apply(query, x);
  const matrix k = apply(key, x);
  const matrix v = apply(value, x);
  x += apply(attention_output, attend(q, k, v, texts, w.heads));
  normalize(x, w.attention_norms[layer]);
  matrix wide = apply(intermediate, x);
  apply_gelu(wide);
  x += apply(output, wide);
  normalize(x, w.output_norms[layer]);
}

}  // namespace

run_linear float_linears(const encoder_weights& weights) {
  return [&weights](std::size_t index, const matrix& x, matrix& y) {
    const linear& layer = weights.linears[index];
    y.noalias() = x * layer.weight.transpose();
    y.rowwise() += layer.bias;
  };
}

matrix encode(const encoder_weights& weights, std::span<const token_ids> texts,
              const run_linear& run) {
  matrix x = look_up(weights, texts);
  for (std::size_t layer = 0; layer < weights.layers(); ++layer)
    run_layer(weights, layer, texts, run, x);
  return x;
}

matrix embed(const encoder_weights& weights, std::span<const token_ids> texts,
             const run_linear& run) {
  const matrix states = encode(weights, texts, run);
  matrix embeddings(std::ssize(texts), weights.hidden());
  Eigen::Index row = 0;
  for (Eigen::Index i = 0; i < embeddings.rows(); ++i) {
    const Eigen::Index rows = std::ssize(texts[static_cast<std::size_t>(i)]);
    embeddings.row(i) = states.middleRows(row, rows).colwise().mean().normalized();
    row += rows;
  }
  return embeddings;
}

matrix first_rows(const matrix& states, std::span<const token_ids> texts) {
  matrix firsts(std::ssize(texts), states.cols());
  Eigen::Index row = 0;
  for (Eigen::Index i = 0; i < firsts.rows(); ++i) {
    firsts.row(i) = states.row(row);
    row += std::ssize(texts[static_cast<std::size_t>(i)]);
  }
  return firsts;
}

}  // namespace minilm
