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
      const activation_operand fast =
          prepare_activations<A>(x, fixed, got.data(), {}, &kernel, key);
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
        if (!poisoned)
          CHECK(std::memcmp(fast.row(i), slow.row(i), static_cast<std::size_t>(k)) == 0);
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

TEST_CASE("other policies are left to the scalar loops") {
  const auto takes = []<class A>() {
    const gemm_key key = make_gemm_key(describe_linear<w8a8::weight, A>(), output_kind::as_f32, 4);
    const float value = 1.0f;
    return cpu_kernels::at(isa_level::portable)[0].quantize(
        key, matrix_view<const float>(&value, 0, 1), {}, {});
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
