// SPDX-License-Identifier: Apache-2.0
// tests/gpu/instructions/arithmetic_test.cpp - one rounding each: floats against the CPU's own,
// pairs of 16-bit floats against sums of exact integers.
#include "qtl/gpu/ptx/arithmetic.cuh"

#include <cmath>
#include <random>

#include "qtl/format/minifloat.hpp"

#include "gpu/instructions/apply.hpp"

namespace {

using qtl::gpu::ptx::words4;
namespace ptx = qtl::gpu::ptx;

// A number as a whole multiple of 2^-100: all that 16-bit floats of moderate size can make.
constexpr int unit = -100;
__extension__ typedef __int128 exact;  // no part of C++, and said so

exact exact_of(float x) {
  int exponent = 0;
  const auto significand = static_cast<std::int64_t>(std::ldexp(std::frexp(x, &exponent), 24));
  const int shift = exponent - 24 - unit;
  // Bits below the unit are zeros: callers choose x so.
  return shift >= 0 ? static_cast<exact>(significand) * (static_cast<exact>(1) << shift)
                    : static_cast<exact>(significand >> -shift);
}

/// The code nearest to the value, ties to even. A zero takes its sign from `negative_zero`.
template<class F>
std::uint16_t rounded(exact value, bool negative_zero) {
  if (value == 0) return negative_zero ? 0x8000 : 0;
  const bool negative = value < 0;
  const exact size = negative ? -value : value;
  int top = 0;
  while ((size >> top) > 1) ++top;
  const int least = F::min_exponent - F::mantissa_bits;
  const int step = std::max(top + unit - F::mantissa_bits, least) - unit;  // of the code, in units
  exact steps = size, rest = 0, half = 0;
  if (step > 0) {
    steps = size >> step;
    rest = size - (steps << step);
    half = static_cast<exact>(1) << (step - 1);
  }
  if (rest > half || (rest == half && half != 0 && (steps & 1) != 0)) ++steps;
  const float result =
      std::ldexp(static_cast<float>(static_cast<std::int64_t>(steps)), std::max(step, 0) + unit);
  return F::encode(negative ? -result : result);
}

/// Random codes of F with exponents in [least, most], and small whole numbers that make ties.
template<class F>
std::uint16_t random_code(std::mt19937& random, int least, int most) {
  std::uniform_int_distribution<int> exponent(least, most);
  const auto mantissa = static_cast<float>(random() % (1u << F::mantissa_bits));
  const float size = std::ldexp(1.0f + std::ldexp(mantissa, -F::mantissa_bits), exponent(random));
  return F::encode((random() & 1u) != 0 ? size : -size);
}

/// (a, b, c, -) where the product is of moderate size and c is of any: far above it, beside it, so
/// small that it only decides a tie, or zero.
template<class F>
std::vector<words4> operands() {
  constexpr bool wide = F::exponent_bits == 8;
  std::mt19937 random(11);
  std::vector<words4> all;
  for (int i = 0; i < 40000; ++i) {
    words4 pair{};
    for (int half = 0; half < 2; ++half) {
      const int shift = 16 * half;
      const bool subnormal_product = !wide && i % 4 == 3;
      const int most = subnormal_product ? -8 : 4;
      const auto a = random_code<F>(random, subnormal_product ? -14 : -4, most);
      const auto b = random_code<F>(random, subnormal_product ? -14 : -4, most);
      auto c = random_code<F>(random, wide ? -90 : -14, wide ? 20 : 14);
      if (i % 7 == 0) c = static_cast<std::uint16_t>(c & 0x8000u);
      pair.w[0] |= static_cast<std::uint32_t>(a) << shift;
      pair.w[1] |= static_cast<std::uint32_t>(b) << shift;
      pair.w[2] |= static_cast<std::uint32_t>(c) << shift;
    }
    all.push_back(pair);
  }
  return all;
}

struct f16_pairs {
  using format = qtl::f16;
  QTL_DEVICE static std::uint32_t fma(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    return ptx::fma_f16x2(a, b, c);
  }
  QTL_DEVICE static std::uint32_t mul(std::uint32_t a, std::uint32_t b) {
    return ptx::mul_f16x2(a, b);
  }
  QTL_DEVICE static std::uint32_t add(std::uint32_t a, std::uint32_t b) {
    return ptx::add_f16x2(a, b);
  }
  QTL_DEVICE static std::uint32_t sub(std::uint32_t a, std::uint32_t b) {
    return ptx::sub_f16x2(a, b);
  }
};
struct bf16_pairs {
  using format = qtl::bf16;
  QTL_DEVICE static std::uint32_t fma(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    return ptx::fma_bf16x2(a, b, c);
  }
  QTL_DEVICE static std::uint32_t mul(std::uint32_t a, std::uint32_t b) {
    return ptx::mul_bf16x2(a, b);
  }
  QTL_DEVICE static std::uint32_t add(std::uint32_t a, std::uint32_t b) {
    return ptx::add_bf16x2(a, b);
  }
  QTL_DEVICE static std::uint32_t sub(std::uint32_t a, std::uint32_t b) {
    return ptx::sub_bf16x2(a, b);
  }
};

/// All four operations at once: fma, mul, add, sub.
template<class Pairs>
struct four_results {
  using input = words4;
  using output = words4;
  QTL_DEVICE static output of(const input& x) {
    return {{Pairs::fma(x.w[0], x.w[1], x.w[2]), Pairs::mul(x.w[0], x.w[1]),
             Pairs::add(x.w[0], x.w[2]), Pairs::sub(x.w[0], x.w[2])}};
  }
};

bool minus(float x) { return std::signbit(x); }

template<class F>
void check_half(const words4& given, const words4& got, int shift, int (&differences)[4]) {
  const auto code = [shift](std::uint32_t w) { return static_cast<std::uint16_t>(w >> shift); };
  const float a = F::decode(code(given.w[0])), b = F::decode(code(given.w[1])),
              c = F::decode(code(given.w[2]));
  const exact product = exact_of(a * b);  // 16-bit factors: a float holds it
  const bool product_minus = minus(a) != minus(b);
  const std::uint16_t expected[4] = {rounded<F>(product + exact_of(c), product_minus && minus(c)),
                                     rounded<F>(product, product_minus),
                                     rounded<F>(exact_of(a) + exact_of(c), minus(a) && minus(c)),
                                     rounded<F>(exact_of(a) - exact_of(c), minus(a) && !minus(c))};
  for (int i = 0; i < 4; ++i) differences[i] += code(got.w[i]) == expected[i] ? 0 : 1;
}

TEST_CASE_TEMPLATE("pairs of 16-bit floats are rounded once", Pairs, f16_pairs, bf16_pairs) {
  const auto given = operands<typename Pairs::format>();
  const auto got = qtl_test::apply<four_results<Pairs>>(given);
  int differences[4] = {};
  for (std::size_t i = 0; i < given.size(); ++i)
    for (const int shift : {0, 16})
      check_half<typename Pairs::format>(given[i], got[i], shift, differences);
  CHECK(differences[0] == 0);
  CHECK(differences[1] == 0);
  CHECK(differences[2] == 0);
  CHECK(differences[3] == 0);
}

TEST_CASE("a tie of bf16 is decided by what double would have dropped") {
  const std::uint32_t a = qtl::bf16::encode(1.0f + 0x1p-4f);
  const std::uint32_t b = qtl::bf16::encode(1.0f + 0x1p-4f);  // 1 + 2^-3 + 2^-8: a tie
  const std::uint32_t up = qtl::bf16::encode(0x1p-100f), down = qtl::bf16::encode(-0x1p-100f);
  const auto got = qtl_test::apply<four_results<bf16_pairs>>({{{a, b, up, 0}}, {{a, b, down, 0}}});
  CHECK(qtl::bf16::decode(static_cast<std::uint16_t>(got[0].w[0])) == 1.125f + 0x1p-7f);
  CHECK(qtl::bf16::decode(static_cast<std::uint16_t>(got[1].w[0])) == 1.125f);
}

TEST_CASE_TEMPLATE("pairs know infinity, NaN and the signs of zero", Pairs, f16_pairs, bf16_pairs) {
  using F = typename Pairs::format;
  const std::uint32_t infinite = F::encode(qtl::infinity), nan = F::nan_code, one = F::encode(1.0f);
  const std::uint32_t largest = F::max_code, minus_zero = 0x8000u;
  const auto got = qtl_test::apply<four_results<Pairs>>({
      {{infinite, one, infinite, 0}},
      {{infinite, 0, one, 0}},
      {{nan, one, one, 0}},
      {{largest, largest, largest, 0}},
      {{minus_zero, one, minus_zero, 0}},
      {{one, one, one, 0}},
  });
  const auto low = [](std::uint32_t w) { return w & 0xFFFFu; };
  CHECK(low(got[0].w[0]) == infinite);
  CHECK(low(got[0].w[3]) == nan);  // inf - inf
  CHECK(low(got[1].w[1]) == nan);  // inf * 0
  for (const std::uint32_t w : got[2].w) CHECK(low(w) == nan);
  CHECK(low(got[3].w[1]) == infinite);
  CHECK(low(got[3].w[2]) == infinite);
  CHECK(low(got[3].w[3]) == 0);
  CHECK(low(got[4].w[0]) == minus_zero);
  CHECK(low(got[4].w[1]) == minus_zero);
  CHECK(low(got[4].w[2]) == minus_zero);
  CHECK(low(got[4].w[3]) == 0);
  CHECK(low(got[5].w[3]) == 0);
}

/// Quotient, product, sum, fused: the bits of each.
struct float_results {
  using input = words4;
  using output = words4;
  QTL_DEVICE static output of(const input& x) {
    const float a = qtl::float_from_bits(x.w[0]), b = qtl::float_from_bits(x.w[1]),
                c = qtl::float_from_bits(x.w[2]);
    return {{qtl::float_bits(ptx::divide_rn(a, b)), qtl::float_bits(ptx::multiply_rn(a, b)),
             qtl::float_bits(ptx::add_rn(ptx::multiply_rn(a, b), c)),
             qtl::float_bits(ptx::fused_multiply_add(a, b, c))}};
  }
};

bool same(std::uint32_t bits, float expected) {
  return qtl::is_nan(expected) ? qtl::is_nan(qtl::float_from_bits(bits))
                               : bits == qtl::float_bits(expected);
}

TEST_CASE("arithmetic on floats is IEEE 754's, of any bit patterns") {
  std::mt19937 random(3);
  std::vector<words4> given;
  for (int i = 0; i < 50000; ++i) {
    words4 x{};
    for (int j = 0; j < 3; ++j) x.w[j] = static_cast<std::uint32_t>(random());
    if (i % 2 == 0)  // of like size, so that sums and quotients are not trivial
      for (int j = 0; j < 3; ++j) x.w[j] = (x.w[j] & 0x83FFFFFFu) | 0x3C000000u;
    given.push_back(x);
  }
  const auto got = qtl_test::apply<float_results>(given);
  int differences = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const float a = qtl::float_from_bits(given[i].w[0]), b = qtl::float_from_bits(given[i].w[1]),
                c = qtl::float_from_bits(given[i].w[2]);
    const volatile float product = a * b;  // volatile: no compiler contracts it with the sum
    differences += same(got[i].w[0], a / b) && same(got[i].w[1], product) &&
                           same(got[i].w[2], product + c) && same(got[i].w[3], std::fma(a, b, c))
                       ? 0
                       : 1;
  }
  CHECK(differences == 0);
}

}  // namespace
