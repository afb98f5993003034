// SPDX-License-Identifier: Apache-2.0
// tests/backend/bf16_kernels_test.cpp - the products of bf16 pairs against the reference, within
// the bound that they state.
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "backend/kernel_product.hpp"

namespace {

using namespace qtl_test;

constexpr isa_level bf16_level = isa_level::avx512_bf16;

/// The bf16 kernel where it serves the key, or null.
const gemm_kernel* find_bf16(const gemm_key& key) {
  for (const gemm_kernel& kernel : cpu_kernels::at(bf16_level))
    if (kernel.name.view().starts_with("bf16_") && kernel.supports(key)) return &kernel;
  return nullptr;
}

/// (k + 2) 2^-23 (sum |x||w| + |bias|) + 2^-125 sum s (1 + |x'| + |w'|)
double bound_at(const gemm_args& g, std::int64_t i, std::int64_t j) {
  double sum = std::fabs(double{g.bias_at(j)});
  double lost = 0;
  for (std::int64_t p = 0; p < g.k(); ++p) {
    const double x = std::fabs(double{reference::activation_real(g.x, i, p)});
    const double w = std::fabs(double{reference::weight_real(g.w, j, p)});
    const double x_scale = g.x.codes == nullptr ? 1 : double{g.x.block_at(i, p).scale};
    const double w_scale = g.w.block_at(j, p).scale;
    sum += x * w;
    lost += x_scale * w_scale + x * w_scale + w * x_scale;
  }
  return static_cast<double>(g.k() + 2) * 0x1p-23 * sum + 0x1p-125 * lost;
}

template<class W, class A>
void check() {
  for (const shape& s : {shape{1, 1, 1},
                         {1, 70, 300},
                         {2, 64, 32},
                         {3, 33, 31},
                         {5, 65, 130},
                         {17, 20, 129},
                         {50, 70, 530},
                         {245, 5, 33},
                         {0, 3, 4},
                         {3, 0, 4},
                         {3, 4, 0}}) {
    product<W, A> p(s);
    CAPTURE(s.m);
    CAPTURE(s.n);
    CAPTURE(s.k);
    const gemm_kernel* kernel = find_bf16(p.args.key);
    REQUIRE(kernel != nullptr);
    CHECK(worst_error(p, *kernel, bound_at) <= 1.0);
  }
}

template<class Pair>
void check_pair() {
  check<typename Pair::weight, typename Pair::activation>();
}

bool is_missing() { return !is_available(bf16_level); }

TEST_CASE("bf16 products of two 8-bit floats are within the bound") {
  if (is_missing()) return;
  check_pair<fp8>();
  check_pair<fp8_e5m2>();
  check_pair<fp8_block>();
  check_pair<mxfp8>();
  check_pair<mxfp6>();
  check<policy<e4m3fnuz, symmetric, per_channel>,
        policy<e5m2fnuz, symmetric, per_token, dynamic>>();
}

TEST_CASE("bf16 products of other formats are within the bound") {
  if (is_missing()) return;
  check_pair<mxfp4>();
  check_pair<nvfp4>();
  check_pair<mxint8>();
  check<fp8::weight, token_s8>();
  check<policy<s8, symmetric, per_group<20>>, policy<e4m3, symmetric, per_group<40>, dynamic>>();
  check<policy<s4, symmetric, per_group<24>>, policy<e4m3, symmetric, per_group<12>, dynamic>>();
}

TEST_CASE("bf16 products of integer weights and bf16 activations are within the bound") {
  if (is_missing()) return;
  check<w8a16_fp8::weight, a16_bf16>();
  check<w8a16::weight, a16_bf16>();
  check<w4a16::weight, a16_bf16>();
  check<w4a16_affine::weight, a16_bf16>();
  check<policy<s4, affine, per_group<20>>, a16_bf16>();
  check<policy<s3, affine, per_channel>, a16_bf16>();
  check<w2a16::weight, a16_bf16>();
  check<w3a16::weight, a16_bf16>();
}

TEST_CASE("what is not exact in bf16 is left to other kernels") {
  if (is_missing()) return;
  const auto is_left = []<class W, class A>() {
    return find_bf16(make_gemm_key(describe_linear<W, A>(), output_kind::as_f32, 64)) == nullptr;
  };
  CHECK(is_left.operator()<fp8::weight, a32>());
  CHECK(is_left.operator()<fp8::weight, a16>());
  CHECK(is_left.operator()<fp8::weight, token_u8>());
  CHECK(is_left.operator()<nf4_a16::weight, a16_bf16>());
  CHECK(is_left.operator()<fp4_bnb_a16::weight, a16_bf16>());
  CHECK(is_left.operator()<policy<u8, affine, per_channel>, a16_bf16>());
  CHECK(is_left.operator()<w4a16_shift::weight, a16_bf16>());
  CHECK(is_left.operator()<w8a8::weight, token_s8>());
  using w_of_20 = policy<e4m3, symmetric, per_group<20>>;
  CHECK(is_left.operator()<w_of_20, policy<e4m3, symmetric, per_group<32>, dynamic>>());
  CHECK_FALSE(is_left.operator()<w_of_20, a16_bf16>());
}

TEST_CASE("a level's bf16 kernel is what a layer takes") {
  if (is_missing()) return;
  const auto name_at = [](const auto& kernels, const gemm_key& key) {
    for (const gemm_kernel& kernel : kernels)
      if (kernel.supports(key)) return kernel.name;
    return short_name();
  };
  const gemm_key key =
      make_gemm_key(describe_linear<fp8::weight, fp8::activation>(), output_kind::as_f32, 64);
  CHECK(name_at(cpu_kernels::best(), key).view() == "bf16_avx512_bf16");
  CHECK(name_at(cpu_kernels::at(bf16_level), key).view() == "bf16_avx512_bf16");
  CHECK(name_at(cpu_kernels::at(isa_level::avx512_vnni), key).view() == "real_avx512");
}

/// A product of mx tensors in which codes and scales are overwritten.
template<class Pair>
struct mx_product : product<typename Pair::weight, typename Pair::activation> {
  explicit mx_product(const shape& s)
      : product<typename Pair::weight, typename Pair::activation>(s) {
    this->args.bias = nullptr;  // no output is so large that it hides another's loss
  }

  void set_row(std::int64_t i, std::byte codes, float scale) {
    const activation_operand& to = this->args.x;
    std::memset(this->activations.data() + i * to.row_bytes, static_cast<int>(codes),
                static_cast<std::size_t>(to.k * to.elements.bits / 8));
    for (std::int64_t g = 0; g < to.groups; ++g)
      const_cast<float*>(to.scales)[i * to.groups + g] = scale;
  }
  /// Of all blocks in row j.
  void set_weights(std::int64_t j, std::byte codes, float scale) {
    const weight_operand& w = this->args.w;
    std::memset(const_cast<std::byte*>(w.row(j)), static_cast<int>(codes),
                static_cast<std::size_t>(w.k * w.elements.bits / 8));
    for (std::int64_t p = 0; p < w.k; p += 32)
      const_cast<std::byte*>(w.scales)[w.grid.index(j, p)] =
          static_cast<std::byte>(e8m0::encode(scale));
  }
  bool is_within_bound() { return worst_error(*this, *find_bf16(this->args.key), bound_at) <= 1.0; }
};

/// Rows of codes of 0.5 whose scales leave bf16 no normal number stand among others; the other side
/// brings sums back to where f32 has normal numbers.
template<class Pair>
void check_extreme_scales(std::byte half) {
  constexpr float least = 0x1p-126f;
  for (const std::int64_t m : {7, 60}) {
    mx_product<Pair> rows({m, 70, 290});
    rows.set_row(3, half, least);
    for (const std::int64_t j : {2, 66}) rows.set_weights(j, half, 0x1p60f);
    CHECK(rows.is_within_bound());
    mx_product<Pair> columns({m, 70, 290});
    for (const std::int64_t j : {2, 66}) columns.set_weights(j, half, least);
    columns.set_row(3, half, 0x1p20f);
    CHECK(columns.is_within_bound());
    columns.set_row(4, half, 0x1p60f);
    CHECK(columns.is_within_bound());
    mx_product<Pair> sums({m, 70, 290});  // every operand is normal in bf16, their products are not
    for (const std::int64_t j : {2, 66}) sums.set_weights(j, half, 0x1p-63f);
    sums.set_row(3, half, 0x1p-63f);
    CHECK(sums.is_within_bound());
  }
}

TEST_CASE("bf16 products of scales that are powers of two are within the bound, extreme ones too") {
  if (is_missing()) return;
  check_extreme_scales<mxfp8>(std::byte{0x30});
  check_extreme_scales<mxfp8_e5m2>(std::byte{0x38});
  check_extreme_scales<mxfp4>(std::byte{0x11});
  check_extreme_scales<mxint8>(std::byte{0x20});
}

TEST_CASE("codes of mx tensors that are no numbers stay what they are") {
  if (is_missing()) return;
  const auto check_code = [](int code) {
    product<mxfp8_e5m2::weight, mxfp8_e5m2::activation> p({40, 70, 64});
    p.activations[2 * p.args.x.row_bytes + 40] = static_cast<std::byte>(code);
    const_cast<std::byte*>(p.args.w.codes)[66 * p.args.w.row_bytes + 3] =
        static_cast<std::byte>(code);
    const std::vector<float> expected = p.run(reference::kernel);
    const std::vector<float> y = p.run(*find_bf16(p.args.key));
    for (std::size_t at = 0; at < y.size(); ++at) {
      CHECK(is_nan(y[at]) == is_nan(expected[at]));
      CHECK(is_finite(y[at]) == is_finite(expected[at]));
      CHECK(is_finite(y[at]) == (at / 70 != 2 && at % 70 != 66));
    }
  };
  for (const int code : {0x7C, 0xFC, 0x7D, 0x7F, 0xFF}) check_code(code);
}

/// One product of 1 and each code of an 8-bit format is the code's value, NaN and Inf too; the same
/// with the sides exchanged.
template<class F>
void check_codes() {
  product<policy<F, symmetric, per_tensor>, a16_bf16> p({1, 256, 1});
  auto* codes = const_cast<std::byte*>(p.args.w.codes);
  for (std::int64_t j = 0; j < 256; ++j) codes[j * p.args.w.row_bytes] = static_cast<std::byte>(j);
  const float one = 1.0f;
  p.args.x.reals = matrix_view<const float>(&one, 1, 1);
  p.args.bias = nullptr;
  const std::vector<float> expected = p.run(reference::kernel);
  const std::vector<float> y = p.run(*find_bf16(p.args.key));
  for (std::size_t j = 0; j < 256; ++j) {
    CAPTURE(j);
    CHECK((is_nan(expected[j]) ? is_nan(y[j]) : y[j] == expected[j]));
  }

  product<policy<s8, symmetric, per_tensor>, policy<F, symmetric, per_token, dynamic>> q(
      {256, 1, 1});
  for (std::int64_t i = 0; i < 256; ++i)
    q.activations[i * q.args.x.row_bytes] = static_cast<std::byte>(i);
  q.args.bias = nullptr;
  const std::vector<float> rows = q.run(reference::kernel);
  const std::vector<float> z = q.run(*find_bf16(q.args.key));
  for (std::size_t i = 0; i < 256; ++i) {
    CAPTURE(i);
    const double error = std::fabs(double{z[i]} - double{rows[i]});
    CHECK((is_nan(rows[i]) ? is_nan(z[i])
                           : z[i] == rows[i] || error <= 0x1p-21 * std::fabs(rows[i])));
  }
}

TEST_CASE("every code of an 8-bit float is decoded to its value in bf16") {
  if (is_missing()) return;
  check_codes<e4m3>();
  check_codes<e5m2>();
  check_codes<e4m3fnuz>();
  check_codes<e3m4>();
}

TEST_CASE("bf16 sums that are subnormal are lost within the bound, and nothing else") {
  if (is_missing()) return;
  using W = policy<e4m3, symmetric, per_channel>;
  product<W, a16_bf16> p({2, 3, 40});
  std::vector<float> x(80);
  for (std::size_t at = 0; at < 80; ++at)
    x[at] = bf16::decode(static_cast<std::uint16_t>(at < 40 ? 0x0080 + at : 0x0001 + at));
  p.args.x.reals = matrix_view<const float>(x.data(), 2, 40);
  p.args.bias = nullptr;
  CHECK(worst_error(p, *find_bf16(p.args.key), bound_at) <= 1.0);
}

TEST_CASE("a token that holds NaN poisons its own bf16 outputs only") {
  if (is_missing()) return;
  for (const std::int64_t m : {6, 20}) {
    product<w4a16::weight, a16_bf16> p({m, 40, 64});
    std::vector<float> x(static_cast<std::size_t>(m * 64), 0.5f);
    x[3 * 64 + 5] = std::numeric_limits<float>::quiet_NaN();
    p.args.x.reals = matrix_view<const float>(x.data(), m, 64);
    const std::vector<float> y = p.run(*find_bf16(p.args.key));
    for (std::size_t at = 0; at < y.size(); ++at) CHECK(is_nan(y[at]) == (at / 40 == 3));
  }
}

TEST_CASE("the number of threads changes no bit of a bf16 product") {
  if (is_missing()) return;
  backwards executor;
  for (const std::int64_t m : {1, 7, 70}) {
    product<fp8::weight, fp8::activation> p({m, 200, 300});
    const gemm_kernel& kernel = *find_bf16(p.args.key);
    CHECK(p.run(kernel, executor) == p.run(kernel));
  }
}

}  // namespace
