// SPDX-License-Identifier: Apache-2.0
// tests/gpu/instructions/bits_test.cpp - lop3, prmt and dp4a, against arithmetic on single bits and
// bytes.
#include "qtl/gpu/ptx/bits.cuh"

#include <random>

#include "gpu/instructions/apply.hpp"

namespace {

using qtl::gpu::ptx::words4;
namespace ptx = qtl::gpu::ptx;

std::vector<words4> random_words(int count) {
  std::mt19937 random(7);
  std::vector<words4> all;
  for (int i = 0; i < count; ++i)
    all.push_back({{static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                    static_cast<std::uint32_t>(random()), 0}});
  return all;
}

template<int Table>
struct logic {
  using input = words4;
  using output = std::uint32_t;
  static constexpr int table = Table;
  QTL_DEVICE static output of(const input& x) { return ptx::lop3<Table>(x.w[0], x.w[1], x.w[2]); }
};

constexpr int and_or = (ptx::lop3_a & ptx::lop3_b) | ptx::lop3_c;
constexpr int and_xor = (ptx::lop3_a & ptx::lop3_b) ^ ptx::lop3_c;
static_assert(and_or == 0xEA && and_xor == 0x6A);

TEST_CASE_TEMPLATE("lop3 is its truth table on every bit", Function, logic<and_or>, logic<and_xor>,
                   logic<0>, logic<0x01>, logic<0x53>, logic<0xFF>) {
  const auto words = random_words(500);
  const auto results = qtl_test::apply<Function>(words);
  int differences = 0;
  for (std::size_t i = 0; i < words.size(); ++i)
    for (unsigned bit = 0; bit < 32; ++bit) {
      const std::uint32_t row = (words[i].w[0] >> bit & 1u) << 2 |
                                (words[i].w[1] >> bit & 1u) << 1 | (words[i].w[2] >> bit & 1u);
      const auto expected = static_cast<std::uint32_t>(Function::table) >> row & 1u;
      differences += (results[i] >> bit & 1u) == expected ? 0 : 1;
    }
  CHECK(differences == 0);
}

struct permute {
  using input = words4;
  using output = std::uint32_t;
  QTL_DEVICE static output of(const input& x) { return ptx::prmt(x.w[0], x.w[1], x.w[2]); }
};

TEST_CASE("prmt picks bytes, and copies of signs, for every selector") {
  std::vector<words4> inputs;
  for (std::uint32_t selector = 0; selector < 0x10000; ++selector)
    inputs.push_back({{0x83427F80u, 0x1100FE95u, selector | 0xABCD0000u, 0}});
  const auto results = qtl_test::apply<permute>(inputs);
  const std::uint8_t bytes[8] = {0x80, 0x7F, 0x42, 0x83, 0x95, 0xFE, 0x00, 0x11};
  const std::uint8_t signs[8] = {0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x00, 0x00};
  int differences = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (unsigned byte = 0; byte < 4; ++byte) {
      const unsigned nibble = static_cast<unsigned>(i) >> 4 * byte & 15u;
      const std::uint8_t expected = nibble < 8 ? bytes[nibble] : signs[nibble - 8];
      differences += (results[i] >> 8 * byte & 0xFFu) == expected ? 0 : 1;
    }
  CHECK(differences == 0);
}

struct dot_s8 {
  using input = words4;
  using output = std::int32_t;
  static constexpr bool signed_a = true;
  QTL_DEVICE static output of(const input& x) {
    return ptx::dp4a_s8(x.w[0], x.w[1], static_cast<std::int32_t>(x.w[2]));
  }
};
struct dot_u8s8 {
  using input = words4;
  using output = std::int32_t;
  static constexpr bool signed_a = false;
  QTL_DEVICE static output of(const input& x) {
    return ptx::dp4a_u8s8(x.w[0], x.w[1], static_cast<std::int32_t>(x.w[2]));
  }
};

TEST_CASE_TEMPLATE("dp4a is a dot product of four bytes that wraps", Function, dot_s8, dot_u8s8) {
  auto words = random_words(1000);
  words.push_back({{0x80808080u, 0x80808080u, 0x7FFFFFFFu, 0}});
  words.push_back({{0xFFFFFFFFu, 0x80808080u, 0x80000000u, 0}});
  const auto results = qtl_test::apply<Function>(words);
  int differences = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::int64_t sum = static_cast<std::int32_t>(words[i].w[2]);
    for (unsigned byte = 0; byte < 4; ++byte) {
      const auto raw = static_cast<std::uint8_t>(words[i].w[0] >> 8 * byte);
      const int a = Function::signed_a ? static_cast<std::int8_t>(raw) : raw;
      sum += a * static_cast<std::int8_t>(words[i].w[1] >> 8 * byte);
    }
    differences +=
        static_cast<std::uint32_t>(results[i]) == static_cast<std::uint32_t>(sum) ? 0 : 1;
  }
  CHECK(differences == 0);
}

}  // namespace
