// SPDX-License-Identifier: Apache-2.0
// tests/backend/real_kernels_test.cpp - the f32 kernels of every ISA that this machine runs,
// against the reference, within the bound that they state; and what must hold to the bit.
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "backend/kernel_product.hpp"

namespace {

using namespace qtl_test;

/// The kernel of a level that serves the key, or null.
const gemm_kernel* kernel_at(isa_level level, const gemm_key& key) {
  for (const gemm_kernel& kernel : cpu_kernels::at(level))
    if (!kernel.name.view().starts_with("eigen") && kernel.supports(key)) return &kernel;
  return nullptr;
}

/// (k + 2) 2^-23 (sum |x||w| + |bias|)
double bound_at(const gemm_args& g, std::int64_t i, std::int64_t j) {
  double sum = std::fabs(double{g.bias_at(j)});
  for (std::int64_t p = 0; p < g.k(); ++p)
    sum += std::fabs(double{reference::activation_real(g.x, i, p)} *
                     double{reference::weight_real(g.w, j, p)});
  return static_cast<double>(g.k() + 2) * 0x1p-23 * sum;
}

template<class Pair>
void check_pair() {
  for (const shape& s : {shape{1, 1, 1},
                         {1, 70, 300},
                         {2, 64, 32},
                         {3, 33, 31},
                         {4, 20, 129},
                         {5, 65, 128},
                         {13, 100, 260},
                         {245, 17, 33},
                         {0, 3, 4},
                         {3, 0, 4},
                         {3, 4, 0}}) {
    product<typename Pair::weight, typename Pair::activation> p(s);
    for (const isa_level level : real_levels) {
      const gemm_kernel* kernel = kernel_at(level, p.args.key);
      if (!is_available(level)) continue;
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      REQUIRE(kernel != nullptr);
      CAPTURE(kernel->name.c_str());
      CHECK(worst_error(p, *kernel, bound_at) <= 1.0);
    }
  }
}

using s8_g20 = policy_pair<"s8_g20", policy<s8, symmetric, per_group<20>>, a16>;
using u8_a32 = policy_pair<"u8_a32", policy<u8, affine, per_channel>, a32>;
using u4_g5 = policy_pair<"u4_g5", policy<u4, affine, per_group<5>>, a16_bf16>;
using u6_shift = policy_pair<"u6_shift", policy<u6, affine_float_shift, per_group<24>>, a16>;
using shift_u8 = policy_pair<"shift_u8", w4a16_shift::weight, token_u8>;
using fnuz = policy_pair<"fnuz", policy<e4m3fnuz, symmetric, per_channel>, a16>;

TEST_CASE("integer weights agree with the reference within the bound") {
  check_pair<w8a16>();
  check_pair<w4a16>();
  check_pair<w4a16_g32>();
  check_pair<w4a16_affine>();
  check_pair<w4a16_shift>();
  check_pair<w3a16>();
  check_pair<w2a16>();
  check_pair<s8_g20>();
  check_pair<u8_a32>();
  check_pair<u4_g5>();
  check_pair<u6_shift>();
  check_pair<shift_u8>();
}

TEST_CASE("floating-point weights agree with the reference within the bound") {
  check_pair<fp8>();
  check_pair<fp8_e5m2>();
  check_pair<fp8_block>();
  check_pair<w8a16_fp8>();
  check_pair<mxfp8_e5m2>();
  check_pair<mxfp6>();
  check_pair<mxfp6_e3m2>();
  check_pair<mxfp4>();
  check_pair<mxint8>();
  check_pair<nvfp4>();
  check_pair<fnuz>();
}

TEST_CASE("codebook weights agree with the reference within the bound") {
  check_pair<nf4_a16>();
  check_pair<fp4_bnb_a16>();
}

/// One product of 1 and each code of an 8-bit format is the code's value, NaN and Inf too.
template<class F>
void check_codes() {
  using W = policy<F, symmetric, per_tensor>;
  product<W, a32> p({1, 256, 1});
  auto* codes = const_cast<std::byte*>(p.args.w.codes);
  for (std::int64_t j = 0; j < 256; ++j) codes[j * p.args.w.row_bytes] = static_cast<std::byte>(j);
  const float one = 1.0f;
  p.args.x.reals = matrix_view<const float>(&one, 1, 1);
  p.args.bias = nullptr;
  const std::vector<float> expected = p.run(reference::kernel);
  for (const isa_level level : real_levels) {
    if (!is_available(level)) continue;
    const std::vector<float> y = p.run(*kernel_at(level, p.args.key));
    for (std::size_t j = 0; j < 256; ++j) {
      CAPTURE(j);
      CHECK((is_nan(expected[j]) ? is_nan(y[j]) : y[j] == expected[j]));
    }
  }
}

TEST_CASE("every code of an 8-bit float is decoded to its value") {
  check_codes<e4m3>();
  check_codes<e5m2>();
  check_codes<e4m3fnuz>();
  check_codes<e3m4>();
}

TEST_CASE("a token that holds NaN poisons its own outputs only") {
  product<w4a16::weight, a32> p({6, 40, 64});
  std::vector<float> x(6 * 64, 0.5f);
  x[3 * 64 + 5] = std::numeric_limits<float>::quiet_NaN();
  p.args.x.reals = matrix_view<const float>(x.data(), 6, 64);
  for (const isa_level level : real_levels) {
    if (!is_available(level)) continue;
    const std::vector<float> y = p.run(*kernel_at(level, p.args.key));
    for (std::size_t at = 0; at < y.size(); ++at) CHECK(is_nan(y[at]) == (at / 40 == 3));
  }
}

TEST_CASE("the number of threads changes no bit of a product in f32") {
  backwards executor;
  product<w4a16::weight, a32> p({70, 200, 300});
  for (const isa_level level : real_levels) {
    if (!is_available(level)) continue;
    const gemm_kernel& kernel = *kernel_at(level, p.args.key);
    CHECK(p.run(kernel, executor) == p.run(kernel));
  }
}

}  // namespace
