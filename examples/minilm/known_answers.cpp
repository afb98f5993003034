// SPDX-License-Identifier: Apache-2.0
#include "known_answers.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace minilm {
namespace {

struct sentence_pair {
  const char* first;
  const char* second;
  double cosine;
};

// From a computation that shares nothing with this one: numpy in float64, written from the model's
// description, on ids of the Python package `tokenizers` and its own tokenizer.json:
//     ids = Tokenizer.from_file("tokenizer.json").encode(sentence).ids
//     e = layers(look_up(ids)).mean(0); e /= numpy.linalg.norm(e); cosine = e_first @ e_second
constexpr std::array<sentence_pair, 5> pairs{{
    {"A cat sleeps on the warm window sill.", "The kitten is napping by the window.", 0.6682401},
    {"A cat sleeps on the warm window sill.", "Interest rates rose again in the third quarter.",
     -0.0037575},
    {"How do I reset my password?", "I forgot my password; how can I change it?", 0.8913089},
    {"Weights are rounded to four bits.", "Each parameter is stored in half a byte.", 0.2836484},
    {"El Niño raised sea-surface temperatures in 1997-98.",
     "The 1997/98 El Nino warmed the Pacific ocean.", 0.8469722},
}};

}  // namespace

bool check_known_answers(const encoder_weights& weights, const tokenizer& pieces) {
  bool good = true;
  std::printf("   cosine  expected\n");
  for (const sentence_pair& pair : pairs) {
    const std::array<token_ids, 2> texts{pieces.encode(pair.first), pieces.encode(pair.second)};
    const matrix e = embed(weights, texts, float_linears(weights));
    const double cosine = e.row(0).cast<double>().dot(e.row(1).cast<double>());
    const bool same = std::fabs(cosine - pair.cosine) <= 1e-4;
    std::printf("%9.6f %9.6f  %s | %s%s\n", cosine, pair.cosine, pair.first, pair.second,
                same ? "" : "  DIFFERS");
    good = good && same;
  }
  return good;
}

}  // namespace minilm
