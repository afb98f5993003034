// SPDX-License-Identifier: Apache-2.0
// examples/minilm/words.hpp - text as the lower-case words and punctuation marks of BERT's
// "uncased" models.
// Holds: split_words. Latin-1 letters lose their accents; of other scripts only Greek becomes lower case, where the original
// knows all of Unicode. Not here: pieces of words (word_pieces.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace minilm {

/// The words of a UTF-8 text; every punctuation mark and every CJK ideograph is a word by itself.
/// Control characters and bytes that are not UTF-8 are left out.
std::vector<std::string> split_words(std::string_view text);

}  // namespace minilm
