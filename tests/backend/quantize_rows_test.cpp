// SPDX-License-Identifier: Apache-2.0
// tests/backend/quantize_rows_test.cpp - activations quantized by the vector loops of every ISA,
// against ops/, byte for byte: ties, tiny and huge scales, zeros, NaN, tails.
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/backend/cpu/cpu_backend.hpp"
#include "qtl/base/buffer.hpp"
#include "qtl/nn/activations.hpp"
#include "qtl/policy/presets.hpp"

#include "backend/levels.hpp"

namespace {

using namespace qtl;
using qtl_test::levels;

/// Rows of all that is difficult: noise at many magnitudes, exact ties, constants, zeros, NaN.
std::vector<float> difficult_rows(std::int64_t m, std::int64_t k) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.2f);
  std::vector<float> x(static_cast<std::size_t>(m * k));
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t p = 0; p < k; ++p) {
      float& v = x[static_cast<std::size_t>(i * k + p)];
      const auto half = static_cast<float>(static_cast<int>(random() % 255) - 127) + 0.5f;
      switch (i % 8) {
        case 0:
          v = normal(random);
          break;
        case 1:  // amax 127: a scale of one, and ties
          v = p == 0 ? 127.0f : half > 126.0f ? 1.5f : half;
          break;
        case 2:
          v = std::ldexp(normal(random), -135);
          break;
        case 3:
          v = std::ldexp(normal(random), 120);
          break;
        case 4:
          v = 0.0f;
          break;
        case 5:
          v = p == k / 2 ? std::numeric_limits<float>::quiet_NaN() : normal(random);
          break;
        case 6:  // near ties of a scale that is no power of two
          v = p == 0 ? 3.3f : half * (3.3f / 127.0f);
          break;
        default:
          v = p == k - 1 ? std::numeric_limits<float>::infinity() : 1.0f;
      }
    }
  return x;
}

/// Codes of row i as they lie, their sums, and the zeros behind them.
void check_codes(const activation_operand& slow, const activation_operand& fast, std::int64_t i) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(fast.groups));
  bool equal = true;
  for (std::int64_t p = 0; p < fast.k; ++p) {
    const auto code = static_cast<std::uint8_t>(fast.row(i)[p]);
    equal = equal && static_cast<std::uint8_t>(code + fast.code_shift) ==
                         static_cast<std::uint8_t>(slow.row(i)[p]);
    sums[static_cast<std::size_t>(p / fast.group_cols)] += static_cast<std::int8_t>(code);
  }
  CHECK(equal);
  for (std::int64_t g = 0; g < fast.groups; ++g)
    CHECK(fast.sums[i * fast.groups + g] == sums[static_cast<std::size_t>(g)]);
  for (std::int64_t p = fast.k; p % 64 != 0; ++p) CHECK(fast.row(i)[p] == std::byte{0});
}

/// With the parameters of a static policy; dynamic ones take no notice of them.
template<class A>
void check_policy(const qparams<A>& fixed = {}) {
  const gemm_key key = make_gemm_key(describe_linear<w8a8::weight, A>(), output_kind::as_f32, 77);
  for (const std::int64_t k : {1, 15, 16, 33, 77, 200}) {
    CAPTURE(k);
    const std::int64_t m = 24;
    const std::vector<float> values = difficult_rows(m, k);
    const matrix_view<const float> x(values.data(), m, k);
    const std::int64_t bytes = activation_layout<A>{m, k}.size();
    auto expected = *buffer<std::byte>::make(bytes);
    auto got = *buffer<std::byte>::make(bytes);
    std::memset(expected.data(), 0, static_cast<std::size_t>(bytes));
    const activation_operand slow = prepare_activations<A>(x, fixed, expected.data(), {});
    for (const isa_level level : levels) {
      if (!is_available(level)) continue;
      const gemm_kernel& kernel = cpu_kernels::at(level)[0];
      CAPTURE(kernel.name.c_str());
      std::memset(got.data(), 0, static_cast<std::size_t>(bytes));
      activation_operand fast = prepare_activations<A>(x, fixed, got.data(), {}, &kernel, key);
      REQUIRE(kernel.quantize(key, x, fast, {}));
      for (std::int64_t i = 0; i < m; ++i) {
        CAPTURE(i);
        bool poisoned = false;
        for (std::int64_t g = 0; g < slow.groups; ++g) {
          const float scale = slow.scales[i * slow.groups + g];
          const float other = fast.scales[i * slow.groups + g];
          if (is_nan(scale)) poisoned = true;
          CHECK((is_nan(scale) ? is_nan(other) : float_bits(other) == float_bits(scale)));
          if (slow.zero_points != nullptr)
            CHECK(fast.zero_points[i * slow.groups + g] == slow.zero_points[i * slow.groups + g]);
        }
        if (!poisoned) check_codes(slow, fast, i);
      }
    }
  }
}

TEST_CASE("vector loops give the codes, scales and zero points of the scalar ones") {
  check_policy<token_s8>();
  check_policy<token_u8>();
  check_policy<policy<s8, symmetric, per_group<32>, dynamic>>();
  check_policy<policy<u8, affine, per_group<20>, dynamic>>();
}

TEST_CASE("vector loops give the codes of static activations") {
  using s8_static = policy<s8, symmetric, per_tensor>;
  for (const float scale : {0.5f, 0.0173f, 1e-39f, 1e32f}) {
    check_policy<w8a8_static::activation>({scale, 131});
    check_policy<policy<s8, affine, per_tensor>>({scale, -77});
    check_policy<s8_static>({scale, {}});
  }
}

/// The kernel of a level that serves the key with vector loops of its own, or null.
const gemm_kernel* find_quantizer(isa_level level, const gemm_key& key) {
  if (!is_available(level)) return nullptr;
  for (const gemm_kernel& kernel : cpu_kernels::at(level))
    if (kernel.supports(key)) return kernel.quantize != nullptr ? &kernel : nullptr;
  return nullptr;
}

constexpr isa_level float_levels[] = {isa_level::neon_dot, isa_level::avx2, isa_level::avx512,
                                      isa_level::avx512_bf16};

/// x quantized for fp8 weights by ops/ and by the kernels of every level, into memory of different
/// contents: what either leaves unwritten differs.
template<class A, class Check>
void quantize_both_ways(const matrix_view<const float>& x, const qparams<A>& fixed, Check&& check) {
  const gemm_key key =
      make_gemm_key(describe_linear<mxfp8::weight, A>(), output_kind::as_f32, x.cols);
  const std::int64_t bytes = activation_layout<A>{x.rows, x.cols}.size();
  auto expected = *buffer<std::byte>::make(bytes);
  auto got = *buffer<std::byte>::make(bytes);
  const activation_operand slow = prepare_activations<A>(x, fixed, expected.data(), {});
  for (const isa_level level : float_levels) {
    const gemm_kernel* kernel = find_quantizer(level, key);
    if (kernel == nullptr) continue;
    CAPTURE(kernel->name.c_str());
    std::memset(got.data(), 0xA5, static_cast<std::size_t>(bytes));
    activation_operand fast = prepare_activations<A>(x, fixed, got.data(), {}, kernel, key);
    REQUIRE(kernel->quantize(key, x, fast, {}));
    check(slow, fast);
  }
}

/// Codes and scales in every bit, NaN's and the padding's too.
template<class A>
void check_float_codes(const matrix_view<const float>& x, const qparams<A>& fixed = {}) {
  quantize_both_ways<A>(
      x, fixed, [&](const activation_operand& slow, const activation_operand& fast) {
        std::int64_t wrong = 0;
        for (std::int64_t at = 0; at < x.rows * slow.groups; ++at)
          wrong += float_bits(fast.scales[at]) != float_bits(slow.scales[at]);
        CHECK(wrong == 0);
        for (std::int64_t i = 0; i < x.rows; ++i) {
          CAPTURE(i);
          CHECK(std::memcmp(fast.row(i), slow.row(i), static_cast<std::size_t>(slow.row_bytes)) ==
                0);
        }
      });
}

template<class A>
void check_float_policy(const qparams<A>& fixed = {}) {
  for (const std::int64_t k : {1, 15, 16, 33, 77, 320}) {
    CAPTURE(k);
    const std::vector<float> values = difficult_rows(24, k);
    check_float_codes<A>(matrix_view<const float>(values.data(), 24, k), fixed);
  }
}

/// All values of F, the ties between them, and the floats beside each: twice, with either sign.
/// Beyond its largest value too, infinities last.
template<class F>
std::vector<float> values_and_ties() {
  std::vector<float> x;
  const auto add = [&](float v) {
    for (const std::uint32_t bits : {float_bits(v), float_bits(v) + 1, float_bits(v) - 1}) {
      x.push_back(float_from_bits(bits));
      x.push_back(float_from_bits(bits ^ 0x80000000u));
    }
  };
  for (std::uint32_t code = 0; code < F::max_code; ++code) {
    const float low = F::decode(static_cast<typename F::code>(code));
    const float high = F::decode(static_cast<typename F::code>(code + 1));
    if (code != 0) add(low);
    add(low + (high - low) / 2);
  }
  for (const float beyond : {1.0f, 1.01f, 1.03f, 1.07f, 1.2f, 2.0f, 1000.0f}) add(F::max * beyond);
  for (const float v : {0.0f, -0.0f, smallest_float, largest_float, infinity, -infinity})
    x.push_back(v);
  return x;
}

/// Under a scale of one, and under scales that move ties by a rounding.
template<class F>
void check_ties() {
  using A = policy<F, symmetric, per_tensor>;
  const std::vector<float> ties = values_and_ties<F>();
  const auto count = static_cast<std::int64_t>(ties.size());
  for (const float scale : {1.0f, 0.25f, 3.0f, 0.7f, 0x1p-140f, 0x1p120f, 1e-3f}) {
    CAPTURE(scale);
    std::vector<float> x(ties);
    for (float& v : x) v *= scale;
    check_float_codes<A>(matrix_view<const float>(x.data(), 1, count), {scale, {}});
  }
}

TEST_CASE("vector loops give the codes and scales of small floats") {
  check_float_policy<token_e4m3>();
  check_float_policy<policy<e5m2, symmetric, per_token, dynamic>>();
  check_float_policy<policy<e2m1, symmetric, per_token, dynamic>>();
  check_float_policy<policy<e4m3, symmetric, per_group<64>, dynamic>>();
  check_float_policy<mx<e4m3, dynamic>>();
  check_float_policy<mx<e5m2, dynamic>>();
  check_float_policy<mx<e2m1, dynamic>>();
  for (const float scale : {0.5f, 0.0173f, 1e-39f, 1e32f}) {
    check_float_policy<policy<e4m3, symmetric, per_tensor>>({scale, {}});
    check_float_policy<policy<e5m2, symmetric, per_tensor>>({scale, {}});
    check_float_policy<policy<e2m1, symmetric, per_tensor>>({scale, {}});
  }
}

TEST_CASE("vector loops round to the codes of small floats as encode() does") {
  check_ties<e4m3>();
  check_ties<e5m2>();
  check_ties<e2m1>();
}

/// f16 and bf16 as reals.
template<class F>
void check_rounded() {
  std::vector<float> x = values_and_ties<e4m3>();
  const auto exact = x.size();
  for (const float by : {1.0f + 0x1p-10f, 1.0f + 0x1p-11f, 1.0f + 0x3p-11f, 1.0f + 0x1p-7f,
                         1.0f + 0x1p-8f, 1.0f + 0x3p-8f, 0x1p-16f, 0x1p-17f, 0x3p-17f, 300.0f,
                         0x1p-124f, 0x1p-130f, 0x1p100f, 0x1p119f})
    for (std::size_t at = 0; at < exact; ++at) x.push_back(x[at] * by);
  for (const float v : {65504.0f, 65519.0f, 65520.0f, quiet_nan}) x.push_back(v);
  const auto count = static_cast<std::int64_t>(x.size());
  using A = policy<F, unscaled>;
  quantize_both_ways<A>(matrix_view<const float>(x.data(), 1, count), {},
                        [&](const activation_operand& slow, const activation_operand& fast) {
                          for (std::int64_t p = 0; p < count; ++p) {
                            CAPTURE(x[static_cast<std::size_t>(p)]);
                            CHECK(float_bits(fast.reals(0, p)) == float_bits(slow.reals(0, p)));
                          }
                        });
}

TEST_CASE("vector loops round activations to f16 and bf16") {
  check_rounded<f16>();
  check_rounded<bf16>();
}

TEST_CASE("other policies are left to the scalar loops") {
  const auto takes = []<class A>() {
    const gemm_key key = make_gemm_key(describe_linear<w8a8::weight, A>(), output_kind::as_f32, 4);
    const float value = 1.0f;
    activation_operand to;
    return cpu_kernels::at(isa_level::portable)[0].quantize(
        key, matrix_view<const float>(&value, 0, 1), to, {});
  };
  CHECK(takes.operator()<token_s8>());
  CHECK_FALSE(takes.operator()<policy<s8, symmetric, per_tensor, dynamic>>());
  CHECK_FALSE(takes.operator()<policy<s8, symmetric_full_clamp, per_token, dynamic>>());
  CHECK_FALSE(takes.operator()<policy<s8, symmetric, per_token, dynamic, scaled_by<f16>>>());
  CHECK_FALSE(takes.operator()<policy<s4, symmetric, per_token, dynamic>>());
  CHECK(takes.operator()<w8a8_static::activation>());
  CHECK_FALSE(takes.operator()<policy<s8, affine, per_token, dynamic>>());
}

}  // namespace
