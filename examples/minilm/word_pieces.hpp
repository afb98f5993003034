// SPDX-License-Identifier: Apache-2.0
// examples/minilm/word_pieces.hpp - words cut into the pieces of a vocabulary.
// Holds: tokenizer. The longest piece first, as in WordPiece (Wu et al. 2016).
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace minilm {

/// Turns text into token ids. Pieces that go on with a word begin with "##".
class tokenizer {
 public:
  /// Reads a vocabulary: one piece a line, its id the number of the line from 0. Throws
  /// std::runtime_error where [CLS], [SEP] or [UNK] is missing.
  explicit tokenizer(std::istream& vocabulary);

  /// [CLS], the pieces of the text, [SEP]: at most `most` ids, which cuts the text's end off.
  std::vector<std::int32_t> encode(std::string_view text, std::size_t most = 512) const;

 private:
  std::int32_t special(std::string_view piece) const;
  void append_pieces(std::string_view word, std::vector<std::int32_t>& ids) const;

  std::map<std::string, std::int32_t, std::less<>> ids_;
  std::int32_t first_ = 0;    // [CLS]
  std::int32_t last_ = 0;     // [SEP]
  std::int32_t unknown_ = 0;  // [UNK]
};

}  // namespace minilm
