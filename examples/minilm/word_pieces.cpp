// SPDX-License-Identifier: Apache-2.0
#include "word_pieces.hpp"

#include <algorithm>
#include <stdexcept>

#include "words.hpp"

namespace minilm {

tokenizer::tokenizer(std::istream& vocabulary) {
  std::int32_t id = 0;
  for (std::string line; std::getline(vocabulary, line); ++id) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    ids_.emplace(std::move(line), id);
  }
  first_ = special("[CLS]");
  last_ = special("[SEP]");
  unknown_ = special("[UNK]");
}

std::vector<std::int32_t> tokenizer::encode(std::string_view text, std::size_t most) const {
  std::vector<std::int32_t> ids{first_};
  for (const std::string& word : split_words(text)) append_pieces(word, ids);
  ids.resize(std::min(ids.size(), std::max<std::size_t>(most, 2) - 1));
  ids.push_back(last_);
  return ids;
}

std::int32_t tokenizer::special(std::string_view piece) const {
  const auto found = ids_.find(piece);
  if (found == ids_.end())
    throw std::runtime_error("vocabulary: " + std::string(piece) + " is missing");
  return found->second;
}

// A word that cannot be cut to its end into known pieces, or is very long, is unknown as a whole.
void tokenizer::append_pieces(std::string_view word, std::vector<std::int32_t>& ids) const {
  constexpr std::ptrdiff_t longest_word = 100;
  const auto starts_character = [](char byte) { return (byte & 0xc0) != 0x80; };
  const bool too_long = std::count_if(word.begin(), word.end(), starts_character) > longest_word;
  const std::size_t before = ids.size();
  std::size_t at = too_long ? word.size() + 1 : 0;
  while (at < word.size()) {
    const std::string prefix = at == 0 ? "" : "##";
    auto found = ids_.end();
    std::size_t end = word.size() + 1;
    while (found == ids_.end() && --end > at)
      found = ids_.find(prefix + std::string(word.substr(at, end - at)));
    if (found == ids_.end()) break;
    ids.push_back(found->second);
    at = end;
  }
  if (at == word.size()) return;
  ids.resize(before);
  ids.push_back(unknown_);
}

}  // namespace minilm
