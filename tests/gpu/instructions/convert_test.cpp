// SPDX-License-Identifier: Apache-2.0
// tests/gpu/instructions/convert_test.cpp - conversions of pairs against qtl's formats, code by
// code. The emulator runs the bit arithmetic that sm_80 runs; a GPU from sm_89 on runs its
// instructions.
#include "qtl/gpu/ptx/convert.cuh"

#include <cmath>

#include "gpu/instructions/apply.hpp"

namespace {

using qtl::gpu::ptx::words2;
namespace ptx = qtl::gpu::ptx;

/// Every upper half of a float with the lower halves around ties, and NaNs of all kinds.
std::vector<float> floats() {
  std::vector<float> all;
  for (std::uint32_t top = 0; top < 0x10000; ++top)
    for (const std::uint32_t low : {0u, 1u, 0x0FFFu, 0x1000u, 0x1001u, 0x8000u, 0x8001u, 0xFFFFu})
      all.push_back(qtl::float_from_bits(top << 16 | low));
  return all;
}

/// Neighbours in the list as pairs, so that both places of a pair see every value.
std::vector<words2> pairs_of(const std::vector<float>& values) {
  std::vector<words2> pairs;
  for (std::size_t i = 0; i < values.size(); ++i)
    pairs.push_back(
        {{qtl::float_bits(values[i]), qtl::float_bits(values[(i + 5) % values.size()])}});
  return pairs;
}

template<class F>
std::uint32_t expected_pair(const words2& pair) {
  const auto low = static_cast<std::uint32_t>(F::encode(qtl::float_from_bits(pair.w[0])));
  const auto high = static_cast<std::uint32_t>(F::encode(qtl::float_from_bits(pair.w[1])));
  return high << F::bits | low;
}

struct to_f16x2 {
  using input = words2;
  using output = std::uint32_t;
  using format = qtl::f16;
  QTL_DEVICE static output of(const input& x) {
    return ptx::f16x2_from_floats(qtl::float_from_bits(x.w[0]), qtl::float_from_bits(x.w[1]));
  }
};
struct to_bf16x2 {
  using input = words2;
  using output = std::uint32_t;
  using format = qtl::bf16;
  QTL_DEVICE static output of(const input& x) {
    return ptx::bf16x2_from_floats(qtl::float_from_bits(x.w[0]), qtl::float_from_bits(x.w[1]));
  }
};
struct to_e4m3x2 {
  using input = words2;
  using output = std::uint16_t;
  using format = qtl::e4m3;
  QTL_DEVICE static output of(const input& x) {
    return ptx::e4m3x2_from_floats(qtl::float_from_bits(x.w[0]), qtl::float_from_bits(x.w[1]));
  }
};
struct to_e5m2x2 {
  using input = words2;
  using output = std::uint16_t;
  using format = qtl::e5m2;
  QTL_DEVICE static output of(const input& x) {
    return ptx::e5m2x2_from_floats(qtl::float_from_bits(x.w[0]), qtl::float_from_bits(x.w[1]));
  }
};

TEST_CASE_TEMPLATE("a pair of floats becomes the codes of qtl's format", Function, to_f16x2,
                   to_bf16x2, to_e4m3x2, to_e5m2x2) {
  const std::vector<words2> pairs = pairs_of(floats());
  const auto codes = qtl_test::apply<Function>(pairs);
  int differences = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    differences += codes[i] == expected_pair<typename Function::format>(pairs[i]) ? 0 : 1;
  CHECK(differences == 0);
}

std::vector<std::uint16_t> all_of_16_bits() {
  std::vector<std::uint16_t> all;
  for (std::uint32_t code = 0; code < 0x10000; ++code)
    all.push_back(static_cast<std::uint16_t>(code));
  return all;
}

struct from_e4m3x2 {
  using input = std::uint16_t;
  using output = std::uint32_t;
  using format = qtl::e4m3;
  QTL_DEVICE static output of(input x) { return ptx::f16x2_from_e4m3x2(x); }
};
struct from_e5m2x2 {
  using input = std::uint16_t;
  using output = std::uint32_t;
  using format = qtl::e5m2;
  QTL_DEVICE static output of(input x) { return ptx::f16x2_from_e5m2x2(x); }
};

TEST_CASE_TEMPLATE("every pair of FP8 codes becomes f16", Function, from_e4m3x2, from_e5m2x2) {
  using F = typename Function::format;
  const auto codes = all_of_16_bits();
  const auto halves = qtl_test::apply<Function>(codes);
  int differences = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto low = qtl::f16::encode(F::decode(static_cast<std::uint8_t>(codes[i])));
    const auto high = qtl::f16::encode(F::decode(static_cast<std::uint8_t>(codes[i] >> 8)));
    differences += halves[i] == (static_cast<std::uint32_t>(high) << 16 | low) ? 0 : 1;
  }
  CHECK(differences == 0);
}

struct from_f16x2 {
  using input = std::uint32_t;
  using output = words2;
  using format = qtl::f16;
  QTL_DEVICE static output of(input x) {
    float low, high;
    ptx::floats_from_f16x2(x, low, high);
    return {{qtl::float_bits(low), qtl::float_bits(high)}};
  }
};
struct from_bf16x2 {
  using input = std::uint32_t;
  using output = words2;
  using format = qtl::bf16;
  QTL_DEVICE static output of(input x) {
    float low, high;
    ptx::floats_from_bf16x2(x, low, high);
    return {{qtl::float_bits(low), qtl::float_bits(high)}};
  }
};

bool same_value(std::uint32_t bits, float expected) {
  return qtl::is_nan(expected) ? qtl::is_nan(qtl::float_from_bits(bits))
                               : bits == qtl::float_bits(expected);
}

TEST_CASE_TEMPLATE("every code of 16 bits becomes its float", Function, from_f16x2, from_bf16x2) {
  using F = typename Function::format;
  std::vector<std::uint32_t> pairs;
  for (const std::uint32_t code : all_of_16_bits()) pairs.push_back((0xFFFFu - code) << 16 | code);
  const auto values = qtl_test::apply<Function>(pairs);
  int differences = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const float low = F::decode(static_cast<std::uint16_t>(pairs[i]));
    const float high = F::decode(static_cast<std::uint16_t>(pairs[i] >> 16));
    differences += same_value(values[i].w[0], low) && same_value(values[i].w[1], high) ? 0 : 1;
  }
  CHECK(differences == 0);
}

struct to_integer {
  using input = float;
  using output = std::int32_t;
  QTL_DEVICE static output of(input x) { return ptx::float_to_int_rne(x); }
};

std::int32_t nearest_integer(float x) {
  if (qtl::is_nan(x)) return 0;
  const double rounded = std::nearbyint(static_cast<double>(x));
  if (rounded >= 2147483647.0) return INT32_MAX;
  if (rounded <= -2147483648.0) return INT32_MIN;
  return static_cast<std::int32_t>(rounded);
}

TEST_CASE("a float becomes the nearest integer, ties to even, and saturates") {
  std::vector<float> values = floats();
  for (int i = -2000; i <= 2000; ++i) values.push_back(static_cast<float>(i) / 2);
  for (const float x : {8388607.5f, 4194303.75f, 16777217.0f, 2147483520.0f, 2147483648.0f, 3e9f}) {
    values.push_back(x);
    values.push_back(-x);
  }
  const auto integers = qtl_test::apply<to_integer>(values);
  int differences = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    differences += integers[i] == nearest_integer(values[i]) ? 0 : 1;
  CHECK(differences == 0);
}

}  // namespace
