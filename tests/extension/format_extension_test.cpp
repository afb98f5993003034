// SPDX-License-Identifier: Apache-2.0
// tests/extension/format_extension_test.cpp - three number formats made outside the library,
// without touching it. The code between the [doc] marks is quoted by docs/extend/format.md.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"

#include "format/conformance.hpp"

namespace stranger {

// [doc:scratch]
/// Zero and the powers of two from 1/64 to 1, with a sign, in four bits.
struct log4 {
  static constexpr qtl::short_name name = "log4";
  static constexpr int bits = 4;
  static constexpr float max = 1.0f;
  static constexpr float decode(std::uint8_t code) {
    const float power = code % 8 == 0 ? 0.0f : qtl::power_of_two(code % 8 - 7);
    return code < 8 ? power : -power;
  }
  // The nearest; a tie goes to the smaller magnitude.
  static constexpr std::uint8_t encode(float x) {
    const float target = qtl::magnitude(x) < max ? qtl::magnitude(x) : max;
    std::uint8_t code = 0;
    while (code < 7 && target - decode(code) > decode(code + 1) - target) ++code;
    return static_cast<std::uint8_t>(x < 0 ? code + 8 : code);
  }
};
// [doc]

// [doc:codebook]
struct quarters_table {
  static constexpr qtl::short_name name = "quarters";
  static constexpr std::array<float, 4> values = {-1.0f, -0.25f, 0.25f, 1.0f};
};
using quarters = qtl::codebook<2, quarters_table>;
// [doc]

// [doc:minifloat]
using e2m5 = qtl::minifloat<2, 5, qtl::special_values::finite>;
// [doc]

}  // namespace stranger

namespace {

using stranger::e2m5;
using stranger::log4;
using stranger::quarters;

static_assert(qtl::NumberFormat<log4> && qtl::NumberFormat<quarters> && qtl::NumberFormat<e2m5>);
static_assert(qtl::kind_of<log4> == qtl::format_kind::custom);
static_assert(qtl::kind_of<quarters> == qtl::format_kind::codebook);
static_assert(qtl::kind_of<e2m5> == qtl::format_kind::floating_point);
static_assert(qtl::is_signed_format<log4> && qtl::is_signed_format<quarters> &&
              qtl::is_signed_format<e2m5>);
static_assert(!qtl::has_rounding<log4> && !qtl::has_rounding<quarters> && qtl::has_rounding<e2m5>);
static_assert(!qtl::list_contains<log4, qtl::shipped_formats>);

TEST_CASE_TEMPLATE("a stranger's format keeps the promises of NumberFormat", F, log4, quarters,
                   e2m5) {
  auto fault = qtl_test::find_format_fault<F>();
  CAPTURE(fault.bits);
  CHECK(std::string(fault.rule) == "");
}

TEST_CASE("their values, by hand") {
  CHECK(qtl::value_table<log4>[1] == 1.0f / 64);
  CHECK(qtl::value_table<log4>[7] == 1.0f);
  CHECK(qtl::value_table<log4>[15] == -1.0f);
  CHECK(log4::encode(0.76f) == 7);
  CHECK(log4::encode(0.74f) == 6);
  CHECK(log4::encode(-1e9f) == 15);
  CHECK(log4::encode(qtl::quiet_nan) == 7);
  CHECK(qtl::value_table<quarters>[2] == 0.25f);
  CHECK(quarters::encode(0.625f) == 2);
  CHECK(quarters::encode(0.626f) == 3);
  CHECK(e2m5::max == 7.875f);
  CHECK(e2m5::smallest == 0.03125f);
  CHECK(e2m5::name == "e2m5finite");
}

TEST_CASE("uniform access: encode_with falls back where a format knows no rounding") {
  const qtl::rounding down = qtl::rounding_mode::toward_zero;
  CHECK(qtl::encode_with<e2m5>(1.05f, down) == e2m5::encode(1.03125f));
  CHECK(qtl::encode_with<log4>(0.9f, down) == log4::encode(0.9f));
}

TEST_CASE_TEMPLATE("their codes pack and unpack", F, log4, quarters, e2m5) {
  std::vector<std::uint32_t> raw;
  for (int i = -50; i <= 50; ++i)
    raw.push_back(qtl::to_bits<F>(F::encode(F::max * static_cast<float>(i) / 50.0f)));
  const auto count = static_cast<std::int64_t>(raw.size());
  std::vector<std::byte> bytes(static_cast<std::size_t>(qtl::packed_bytes(count, F::bits)));
  qtl::pack_codes<F::bits>(std::span<const std::uint32_t>(raw), bytes.data());
  std::vector<std::uint32_t> back(raw.size());
  qtl::unpack_codes<F::bits>(bytes.data(), std::span<std::uint32_t>(back));
  CHECK(back == raw);
}

// What is missing is said, not guessed.
struct half_a_format {
  static constexpr qtl::short_name name = "half";
  static constexpr int bits = 4;
  static constexpr std::uint8_t encode(float) { return 0; }
};
static_assert(!qtl::NumberFormat<half_a_format>);
static_assert(!qtl::NumberFormat<float>);

}  // namespace
