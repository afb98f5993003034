// SPDX-License-Identifier: Apache-2.0
// examples/minilm/known_answers.hpp - is the encoder the model that it claims to be?
// Holds: check_known_answers.
#pragma once

#include "encoder.hpp"
#include "word_pieces.hpp"

namespace minilm {

/// Prints the cosine of a few pairs of sentences beside what an independent computation gave, and
/// says whether all agree to 1e-4.
bool check_known_answers(const encoder_weights& weights, const tokenizer& pieces);

}  // namespace minilm
