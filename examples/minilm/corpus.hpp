// SPDX-License-Identifier: Apache-2.0
// examples/minilm/corpus.hpp - the texts that everything is measured on.
// Holds: half, load_corpus, for_each_batch. corpus.txt holds sentences from QTL's own documentation, one a line, in random
// order. It is frozen: figures must not move when a page is edited.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "encoder.hpp"
#include "word_pieces.hpp"

namespace minilm {

/// Methods see the lines of one half; what they made is also measured on the other.
enum class half { calibration, held_out };

/// Every second line of a text file, as tokens. Throws std::runtime_error where the file cannot be
/// read or has no lines.
std::vector<token_ids> load_corpus(const std::string& path, const tokenizer& pieces, half which);

/// Calls f(texts, first) for runs of the texts, `first` being the number of texts before.
template<class F>
void for_each_batch(std::span<const token_ids> texts, F&& f) {
  constexpr std::size_t batch = 32;
  for (std::size_t first = 0; first < texts.size(); first += batch)
    f(texts.subspan(first, std::min(batch, texts.size() - first)), first);
}

}  // namespace minilm
