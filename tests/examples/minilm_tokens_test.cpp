// SPDX-License-Identifier: Apache-2.0
// tests/examples/minilm_tokens_test.cpp - words of the sentence encoder's tokenizer, and their
// pieces in a tiny vocabulary.
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../../examples/minilm/word_pieces.hpp"
#include "../../examples/minilm/words.hpp"

namespace {

using minilm::split_words;
using minilm::tokenizer;
using words = std::vector<std::string>;
using ids = std::vector<std::int32_t>;

TEST_CASE("words: case, punctuation, white space") {
  CHECK(split_words("Hello,  World!") == words{"hello", ",", "world", "!"});
  CHECK(split_words("a\tb\nc\r\nd") == words{"a", "b", "c", "d"});
  CHECK(split_words("don't x_y") == words{"don", "'", "t", "x", "_", "y"});
  CHECK(split_words("2.5%") == words{"2", ".", "5", "%"});
  CHECK(split_words("").empty());
  CHECK(split_words(" \n ").empty());
}

TEST_CASE("words: accents, Greek, ideographs, other marks") {
  CHECK(split_words("El Niño ÉCOLE façade") == words{"el", "nino", "ecole", "facade"});
  CHECK(split_words("Straße Ærø") == words{"straße", "ærø"});
  CHECK(split_words("Σa²") == words{"σa²"});
  CHECK(split_words("a—b “c” ⌊d⌋") == words{"a", "—", "b", "“", "c", "”", "⌊", "d", "⌋"});
  CHECK(split_words("日本x") == words{"日", "本", "x"});
  CHECK(split_words("3×4") == words{"3×4"});
  CHECK(split_words("e\u0301") == words{"e"});  // a combining accent
}

TEST_CASE("words: bytes that are not UTF-8 and controls are left out") {
  CHECK(split_words("a\x01"
                    "b\x7f") == words{"ab"});
  CHECK(split_words("a\xff\xc0\x80"
                    "b") == words{"ab"});
  CHECK(split_words("a\xe2\x82") == words{"a"});  // cut within a character
}

tokenizer tiny(const std::string& extra = "") {
  std::istringstream in("[PAD]\n[UNK]\n[CLS]\n[SEP]\nquant\n##ize\n##izer\n##s\n,\nun\n##quant\n" +
                        extra);
  return tokenizer(in);
}

TEST_CASE("pieces: the longest first, unknown as a whole") {
  const tokenizer pieces = tiny();
  CHECK(pieces.encode("Quantizers, quantize") == ids{2, 4, 6, 7, 8, 4, 5, 3});
  CHECK(pieces.encode("unquant") == ids{2, 9, 10, 3});
  CHECK(pieces.encode("quantum") == ids{2, 1, 3});
  CHECK(pieces.encode("") == ids{2, 3});
}

TEST_CASE("pieces: the end is cut, the last stays") {
  const tokenizer pieces = tiny();
  CHECK(pieces.encode("quant quant quant quant", 4) == ids{2, 4, 4, 3});
  std::string text;
  for (int i = 0; i < 600; ++i) text += "quant ";
  CHECK(pieces.encode(text).size() == 512);
  CHECK(pieces.encode(text).back() == 3);
}

TEST_CASE("pieces: a word above 100 characters is unknown") {
  const tokenizer pieces = tiny("x\n##x\n");
  CHECK(pieces.encode(std::string(100, 'x')).size() == 102);
  CHECK(pieces.encode(std::string(101, 'x')) == ids{2, 1, 3});
}

TEST_CASE("a vocabulary without a special piece is refused by name") {
  std::istringstream in("[CLS]\n[SEP]\n");
  CHECK_THROWS_WITH_AS(tokenizer{in}, "vocabulary: [UNK] is missing", std::runtime_error);
}

}  // namespace
