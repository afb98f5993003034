// SPDX-License-Identifier: Apache-2.0
// tests/format/packing_test.cpp - the dense stream, least significant bit first, against a packer
// that moves one bit at a time; published words; nothing outside the stream is touched or read.
#include "qtl/format/packing.hpp"

#include <array>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"

namespace {

template<int Bits>
struct width {
  static constexpr int bits = Bits;
};

#define QTL_TEST_WIDTHS                                                                      \
  width<1>, width<2>, width<3>, width<4>, width<5>, width<6>, width<7>, width<8>, width<16>, \
      width<32>

constexpr std::byte untouched{0xA5};

std::vector<std::uint32_t> some_codes(std::size_t count, int bits, std::uint64_t seed) {
  std::vector<std::uint32_t> codes(count);
  for (std::size_t i = 0; i < count; ++i) codes[i] = qtl::counter_random(seed, i) >> (32 - bits);
  return codes;
}

// Bit b of code i is bit (i * bits + b) of the stream.
std::vector<std::byte> pack_bit_by_bit(const std::vector<std::uint32_t>& codes, int bits) {
  std::vector<std::byte> bytes((codes.size() * static_cast<std::size_t>(bits) + 7) / 8);
  for (std::size_t i = 0; i < codes.size(); ++i)
    for (std::size_t b = 0; b < static_cast<std::size_t>(bits); ++b) {
      const std::size_t n = i * static_cast<std::size_t>(bits) + b;
      if ((codes[i] >> b & 1) != 0) bytes[n / 8] |= static_cast<std::byte>(1u << n % 8);
    }
  return bytes;
}

TEST_CASE_TEMPLATE("pack_codes agrees with the bit-by-bit packer for every length", W,
                   QTL_TEST_WIDTHS) {
  for (std::size_t count = 0; count <= 70; ++count) {
    CAPTURE(count);
    const auto codes = some_codes(count, W::bits, count);
    const auto expected = pack_bit_by_bit(codes, W::bits);
    REQUIRE(qtl::packed_bytes(static_cast<std::int64_t>(count), W::bits) ==
            static_cast<std::int64_t>(expected.size()));
    std::vector<std::byte> bytes(expected.size() + 8, untouched);
    qtl::pack_codes<W::bits>(std::span<const std::uint32_t>(codes), bytes.data() + 4);
    CHECK(std::vector<std::byte>(bytes.begin() + 4, bytes.end() - 4) == expected);
    for (std::size_t i = 0; i < 4; ++i)
      CHECK((bytes[i] == untouched && bytes[bytes.size() - 1 - i] == untouched));
  }
}

TEST_CASE_TEMPLATE("unpacking reads the codes back and no byte beyond the stream", W,
                   QTL_TEST_WIDTHS) {
  for (std::size_t count = 0; count <= 70; ++count) {
    CAPTURE(count);
    const auto codes = some_codes(count, W::bits, 1000 + count);
    const auto packed = pack_bit_by_bit(codes, W::bits);
    // An exact heap block, so that a sanitizer sees a read past its end.
    auto exact = std::make_unique<std::byte[]>(packed.size());
    std::copy(packed.begin(), packed.end(), exact.get());
    std::vector<std::uint32_t> back(count);
    qtl::unpack_codes<W::bits>(exact.get(), std::span<std::uint32_t>(back));
    CHECK(back == codes);
    for (std::size_t i = 0; i < count; ++i)
      CHECK(qtl::load_code<W::bits>(exact.get(), static_cast<std::int64_t>(i)) == codes[i]);
  }
}

TEST_CASE_TEMPLATE("store_code changes one code and leaves its neighbours", W, QTL_TEST_WIDTHS) {
  constexpr std::size_t count = 40;
  for (std::size_t at = 0; at < count; ++at)
    for (bool ones : {false, true}) {
      // Old and new bits are opposites, so a bit too many or too few shows.
      const std::uint32_t all = W::bits == 32 ? ~0u : (1u << (W::bits % 32)) - 1u;
      std::vector<std::uint32_t> codes(count, ones ? 0 : all);
      auto bytes = pack_bit_by_bit(codes, W::bits);
      codes[at] = ones ? all : 0;
      qtl::store_code<W::bits>(bytes.data(), static_cast<std::int64_t>(at), codes[at]);
      CHECK(bytes == pack_bit_by_bit(codes, W::bits));
    }
}

TEST_CASE("packed_bytes does not overflow where the product of bits would") {
  CHECK(qtl::packed_bytes(0, 3) == 0);
  CHECK(qtl::packed_bytes(1, 3) == 1);
  CHECK(qtl::packed_bytes(8, 3) == 3);
  CHECK(qtl::packed_bytes(9, 3) == 4);
  CHECK(qtl::packed_bytes(INT64_MAX, 4) == (std::int64_t{1} << 62));
  CHECK(qtl::packed_bytes(INT64_MAX / 4, 32) == INT64_MAX - 3);
}

template<int Bits, std::size_t N>
constexpr std::uint64_t word_of(const std::array<int, N>& codes) {
  std::array<std::byte, 8> bytes{};
  qtl::pack_codes<Bits>(std::span<const int>(codes), bytes.data());
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return word;
}

TEST_CASE("published words of GPTQ and compressed-tensors") {
  static_assert(word_of<4>(std::array{0, 1, 2, 3, 4, 5, 6, 7}) == 0x76543210);
  static_assert(word_of<2>(std::array{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}) ==
                0xE4E4E4E4);
  static_assert(word_of<8>(std::array{0, 1, 2, 3}) == 0x03020100);
  static_assert(word_of<4>(std::array{8, 8, 8, 8, 8, 8, 8, 8}) == 0x88888888);
  // AWQ interleaves columns 0 2 4 6 1 3 5 7 before it packs.
  static_assert(word_of<4>(std::array{0, 2, 4, 6, 1, 3, 5, 7}) == 0x75316420);
  CHECK(true);
}

TEST_CASE("the 32 three-bit codes k mod 8 fill three words") {
  std::vector<std::uint32_t> codes(32);
  for (std::size_t k = 0; k < 32; ++k) codes[k] = k % 8;
  std::array<std::byte, 12> bytes{};
  qtl::pack_codes<3>(std::span<const std::uint32_t>(codes), bytes.data());
  CHECK(qtl::load_code<32>(bytes.data(), 0) == 0x88FAC688u);
  CHECK(qtl::load_code<32>(bytes.data(), 1) == 0xC688FAC6u);
  CHECK(qtl::load_code<32>(bytes.data(), 2) == 0xFAC688FAu);
}

TEST_CASE("an e2m1 pair as NVFP4 and MXFP4 store it: the first in the low nibble") {
  std::byte byte{};
  qtl::store_code<4>(&byte, 0, qtl::to_bits<qtl::e2m1>(qtl::e2m1::encode(0.5f)));
  qtl::store_code<4>(&byte, 1, qtl::to_bits<qtl::e2m1>(qtl::e2m1::encode(-6.0f)));
  CHECK(byte == std::byte{0xF1});
}

}  // namespace
