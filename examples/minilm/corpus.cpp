// SPDX-License-Identifier: Apache-2.0
#include "corpus.hpp"

#include <fstream>
#include <stdexcept>

namespace minilm {

std::vector<token_ids> load_corpus(const std::string& path, const tokenizer& pieces, half which) {
  std::ifstream in(path);
  std::vector<token_ids> texts;
  bool wanted = which == half::calibration;
  for (std::string line; std::getline(in, line); wanted = !wanted)
    if (wanted && !line.empty()) texts.push_back(pieces.encode(line));
  if (texts.empty()) throw std::runtime_error(path + ": cannot be read, or has no text");
  return texts;
}

}  // namespace minilm
