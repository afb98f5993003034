// SPDX-License-Identifier: Apache-2.0
// tests/backend/epilogue_test.cpp - outputs of every kind and function from the kernels of every
// ISA, byte for byte those of the reference.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "backend/kernel_product.hpp"

namespace {

using namespace qtl_test;

constexpr activation_function functions_of_layers[] = {
    activation_function::none, activation_function::relu, activation_function::gelu,
    activation_function::gelu_tanh, activation_function::silu};

/// A product of one step whose sums are 0: its outputs are the biases, whatever those are.
struct outputs_of_biases {
  product<w8a8::weight, token_s8> p;
  std::vector<float> values;

  explicit outputs_of_biases(std::vector<float> biases)
      : p({2, static_cast<std::int64_t>(biases.size()), 1}), values(std::move(biases)) {
    for (std::int64_t i = 0; i < 2; ++i) p.activations[i * p.args.x.row_bytes] = std::byte{0};
    p.args.bias = values.data();
  }

  /// What the kernel writes, `width` bytes an output, where only every col_stride-th place is one.
  std::vector<std::byte> run(const gemm_kernel& kernel, output_operand y, std::int64_t width) {
    gemm_args& g = p.args;
    std::vector<std::byte> out(static_cast<std::size_t>(2 * y.row_stride * width), std::byte{0x5A});
    auto packed = *buffer<std::byte>::make(
        kernel.packed_size != nullptr ? kernel.packed_size(g.key, g.w) : 0);
    if (kernel.packed_size != nullptr) kernel.pack(g.key, g.w, packed.data());
    auto workspace =
        *buffer<std::byte>::make(kernel.workspace_size(g.key, {g.m(), g.n(), g.k(), 1}));
    g.packed = packed.data();
    g.workspace = workspace.span();
    g.y = y;
    g.y.data = out.data();
    kernel.run(g);
    return out;
  }
};

/// Floats of every exponent, of both signs, next to where f16 and bf16 change their steps and to
/// ties; zeros, NaN and Inf.
std::vector<float> difficult_values() {
  std::vector<float> values;
  for (std::uint32_t exponent = 0; exponent < 256;
       exponent += exponent > 95 && exponent < 150 ? 1 : 7)
    for (const std::uint32_t mantissa :
         {0u, 1u, 0xFFFu, 0x1000u, 0x1001u, 0x3000u, 0x7FFFu, 0x8000u, 0x8001u, 0x18000u, 0x5A5A5Au,
          0x7FEFFFu, 0x7FF000u, 0x7FFFFFu})
      for (const std::uint32_t sign : {0u, 0x80000000u})
        values.push_back(float_from_bits(sign | exponent << 23 | mantissa));
  for (int step = -640; step <= 640; ++step) values.push_back(static_cast<float>(step) * 0.25f);
  return values;
}

bool same_floats(const std::vector<std::byte>& a, const std::vector<std::byte>& b) {
  for (std::size_t at = 0; at < a.size(); at += 4) {
    float x, y;
    std::memcpy(&x, a.data() + at, 4);
    std::memcpy(&y, b.data() + at, 4);
    if (float_bits(x) != float_bits(y) && !(is_nan(x) && is_nan(y))) return false;
  }
  return true;
}

template<class Check>
void on_every_level(const gemm_key& key, Check&& check) {
  for (const isa_level level : levels) {
    if (!is_available(level)) continue;
    const gemm_kernel& kernel = cpu_kernels::at(level)[0];
    REQUIRE(kernel.supports(key));
    CAPTURE(kernel.name.c_str());
    check(kernel);
  }
}

TEST_CASE("functions and roundings to f16 and bf16 are those of the reference on every ISA") {
  outputs_of_biases o(difficult_values());
  const std::int64_t n = o.p.args.n();
  for (const activation_function f : functions_of_layers)
    for (const output_kind kind :
         {output_kind::as_f32, output_kind::as_f16, output_kind::as_bf16}) {
      CAPTURE(to_string(f));
      CAPTURE(to_string(kind));
      const std::int64_t width = kind == output_kind::as_f32 ? 4 : 2;
      const output_operand y{nullptr, n + 3, 1, kind, {}, f};
      const auto expected = o.run(reference::kernel, y, width);
      on_every_level(o.p.args.key, [&](const gemm_kernel& kernel) {
        const auto got = o.run(kernel, y, width);
        CHECK((width == 4 ? same_floats(got, expected) : got == expected));
      });
    }
}

template<class P>
void check_codes(const qparams<P>& params) {
  outputs_of_biases o(difficult_values());
  const std::int64_t n = o.p.args.n();
  for (const activation_function f : {activation_function::none, activation_function::silu}) {
    const output_operand y{nullptr, n, 1, output_kind::as_codes, make_requantizer<P>(params), f};
    const auto expected = o.run(reference::kernel, y, 1);
    on_every_level(o.p.args.key,
                   [&](const gemm_kernel& kernel) { CHECK(o.run(kernel, y, 1) == expected); });
  }
}

TEST_CASE("requantized codes are those of the reference on every ISA") {
  check_codes<token_s8>({0.5f, {}});
  check_codes<token_s8>({0.0173f, {}});
  check_codes<token_s8>({1e-38f, {}});
  check_codes<policy<u8, affine, per_tensor>>({0.25f, 131});
  check_codes<policy<s8, affine, per_tensor>>({3.1f, -77});
  check_codes<policy<s8, symmetric_full_range, per_tensor>>({-0.11f, {}});
  check_codes<policy<s8, symmetric, per_tensor, round_toward_zero>>({0.5f, {}});
  check_codes<policy<e4m3, symmetric, per_tensor>>({0.5f, {}});
}

TEST_CASE("outputs that do not lie side by side are rounded alike") {
  outputs_of_biases o({-1.5f, 0.0f, 2.5f, 1e9f, -3.25f, 0.1f});
  const std::int64_t n = o.p.args.n();
  for (const output_kind kind : {output_kind::as_f32, output_kind::as_f16}) {
    const output_operand y{nullptr, 2 * n, 2, kind, {}, activation_function::gelu};
    const std::int64_t width = kind == output_kind::as_f32 ? 4 : 2;
    const auto expected = o.run(reference::kernel, y, width);
    on_every_level(o.p.args.key,
                   [&](const gemm_kernel& kernel) { CHECK(o.run(kernel, y, width) == expected); });
  }
}

}  // namespace
