// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <cstdint>

namespace minilm {
namespace {

constexpr char32_t invalid = 0xfffd;

/// Takes the first code point off `text`; `invalid`, and one byte, where it is not UTF-8.
char32_t next_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  char32_t point = length < 2 ? first : first & (0x7fu >> length);
  bool good = length != 0 && length <= text.size();
  for (std::size_t i = 1; good && i < length; ++i) {
    good = (byte(i) & 0xc0) == 0x80;
    point = point << 6 | (byte(i) & 0x3fu);
  }
  text.remove_prefix(good ? length : 1);
  return good ? point : invalid;
}

void append_utf8(std::string& to, char32_t point) {
  const auto put = [&](char32_t byte) { to += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xe0 | point >> 12);
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3f));
    }
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool is_space(char32_t c) {
  return c == ' ' || within(c, '\t', '\n') || c == '\r' || c == 0xa0 || c == 0x1680 ||
         within(c, 0x2000, 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

/// Whether a code point is left out: controls, format characters, combining accents.
bool is_dropped(char32_t c) {
  return c == invalid || c < 0x20 || within(c, 0x7f, 0x9f) || c == 0xad ||
         within(c, 0x300, 0x36f) || within(c, 0x200b, 0x200f) || within(c, 0x202a, 0x202e) ||
         within(c, 0x2060, 0x206f) || c == 0xfeff;
}

/// ASCII that is neither letter nor digit, and the common rest of Unicode's punctuation.
bool is_punctuation(char32_t c) {
  const bool ascii =
      within(c, '!', '/') || within(c, ':', '@') || within(c, '[', '`') || within(c, '{', '~');
  const bool latin =
      c == 0xa1 || c == 0xa7 || c == 0xab || c == 0xb6 || c == 0xb7 || c == 0xbb || c == 0xbf;
  return ascii || latin || within(c, 0x2010, 0x2027) || within(c, 0x2030, 0x205e) ||
         within(c, 0x2308, 0x230b) || within(c, 0x3001, 0x3003) || within(c, 0x3008, 0x3011);
}

bool is_ideograph(char32_t c) {
  return within(c, 0x3400, 0x4dbf) || within(c, 0x4e00, 0x9fff) || within(c, 0xf900, 0xfaff) ||
         within(c, 0x20000, 0x2fa1f);
}

/// Lower case and without its accent, for ASCII and Latin-1; lower case for Greek.
char32_t plain_letter(char32_t c) {
  if (within(c, 'A', 'Z') || within(c, 0x391, 0x3a9)) return c + 0x20;
  if (!within(c, 0xc0, 0xff)) return c;
  // Code points 0xe0 to 0xff; a dot: the letter has no accent to lose.
  constexpr char base[] = "aaaaaa.ceeeeiiii.nooooo..uuuuy.y";
  const char32_t lower = c < 0xe0 && c != 0xd7 && c != 0xdf ? c + 0x20 : c;
  if (lower < 0xe0) return lower;  // the multiplication sign, and sharp s
  const char plain = base[lower - 0xe0];
  return plain == '.' ? lower : static_cast<char32_t>(plain);
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool open = false;  // whether the next letter goes on with the last word
  while (!text.empty()) {
    const char32_t c = next_code_point(text);
    if (is_space(c)) {
      open = false;
    } else if (!is_dropped(c)) {
      const bool alone = is_punctuation(c) || is_ideograph(c);
      if (alone || !open) words.emplace_back();
      append_utf8(words.back(), plain_letter(c));
      open = !alone;
    }
  }
  return words;
}

}  // namespace minilm
