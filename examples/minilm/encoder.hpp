// SPDX-License-Identifier: Apache-2.0
// examples/minilm/encoder.hpp - a BERT encoder that leaves its linear layers to somebody else.
// Holds: token_ids, run_linear, float_linears, encode, embed. Several texts run as one ragged batch: the rows of all of them
// lie below each other, and only attention looks at where one ends. No padding, no masks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "weights.hpp"

namespace minilm {

/// One text.
using token_ids = std::vector<std::int32_t>;

/// Computes linear layer `index` of encoder_weights on the rows of x. `y` comes with its extents.
using run_linear = std::function<void(std::size_t index, const matrix& x, matrix& y)>;

/// The layers as they are, by Eigen.
run_linear float_linears(const encoder_weights& weights);

/// The last hidden state of every token: one row each, text after text. Throws
/// std::invalid_argument for an id outside the vocabulary or a text that is empty or too long.
matrix encode(const encoder_weights& weights, std::span<const token_ids> texts,
              const run_linear& run);

/// The sentence embeddings, one row per text: the mean over its tokens, of length 1.
matrix embed(const encoder_weights& weights, std::span<const token_ids> texts,
             const run_linear& run);

/// The pooler's inputs: the state of each text's first token.
matrix first_rows(const matrix& states, std::span<const token_ids> texts);

}  // namespace minilm
