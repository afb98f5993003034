// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_edges_test.cpp - weight-only products at their edges: empty extents, every
// kind of output, sums that are exact and must be equal, and shared memory without conflicts.
#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/weight_only.hpp"

namespace gpu = qtl::gpu;

namespace {

using qtl_test::product_case;
using qtl_test::weight_on_device;

// Halves that are whole numbers from -8 to 8.
std::vector<std::uint16_t> whole_halves(std::int64_t count) {
  std::vector<std::uint16_t> x;
  for (std::int64_t i = 0; i < count; ++i)
    x.push_back(qtl::f16::encode(static_cast<float>(
        static_cast<int>(qtl::counter_random(6, static_cast<std::uint64_t>(i)) % 17) - 8)));
  return x;
}

// Weights code * 2^e with a different e in every group of 32.
template<class W>
qtl::QTensor<W> weight_with_whole_codes(std::int64_t n, std::int64_t k) {
  auto reals = *qtl::matrix<float>::make(n, k);
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t p = 0; p < k; ++p) {
      const float size = qtl::power_of_two(static_cast<int>((j + p / 32) % 3));
      const auto code =
          static_cast<int>(qtl::counter_random(7, static_cast<std::uint64_t>(j * k + p)) % 15);
      reals(j, p) = size * (p % 32 == 0 ? 7.0f : static_cast<float>(code - 7));
    }
  return *qtl::try_quantize<W>(reals);
}

template<class Shape>
void check_exact(const product_case& c) {
  using W = qtl::w4a16_g32::weight;
  CAPTURE(c.m);
  const weight_on_device<W> w(c, 16, weight_with_whole_codes<W>(c.n, c.k));
  const std::vector<std::uint16_t> codes = whole_halves(c.m * c.k);
  const qtl_test::device_array<std::uint16_t> x(qtl_test::in_rows<std::uint16_t>(c, codes, 0x7E00));
  const qtl::weight_operand operand = qtl::erase<W>(w.tensor.view());
  std::vector<float> expected;
  for (std::int64_t i = 0; i < c.m; ++i)
    for (std::int64_t j = 0; j < c.n; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < c.k; ++p)
        sum += static_cast<double>(
                   qtl::f16::decode(codes[static_cast<std::size_t>(i * c.k + w.column(p))])) *
               static_cast<double>(qtl::reference::weight_real(operand, j, p));
      expected.push_back(static_cast<float>(sum));
    }
  const auto got = qtl_test::outputs<W, qtl::f16, Shape>(c, w, qtl_test::rows_of(c, x), {}, {0.0f});
  CHECK(got == expected);
}

}  // namespace

TEST_CASE("sums that no rounding touches are equal, however k is split") {
  for (const int splits : {1, 2, 5}) {
    const product_case c{
        .m = 19, .n = 45, .k = 1187, .splits = splits, .x_padding = 5, .has_bias = false};
    check_exact<gpu::few_rows>(c);
    check_exact<gpu::some_rows>(c);
    check_exact<gpu::many_rows>(c);
  }
}

TEST_CASE("empty extents: nothing to write, or the bias") {
  using W = qtl::w4a16::weight;
  const auto run = [](const product_case& c) {
    const weight_on_device<W> w(c, 16);
    const qtl_test::device_array<std::uint16_t> x(std::vector<std::uint16_t>(1, 0));
    const std::vector<float> bias = qtl_test::some_bias(c);
    return std::pair(
        qtl_test::outputs<W, qtl::f16, gpu::few_rows>(c, w, qtl_test::rows_of(c, x), {}, bias),
        bias);
  };
  CHECK(run({.m = 0, .n = 5, .k = 40}).first.empty());
  CHECK(run({.m = 5, .n = 0, .k = 40}).first.empty());
  for (const int splits : {1, 3}) {
    const auto [y, bias] = run({.m = 3, .n = 37, .k = 0, .splits = splits});
    for (std::size_t e = 0; e < y.size(); ++e) CHECK(y[e] == bias[e % 37]);
  }
}

TEST_CASE("every kind of output, after every function, is the reference rounded once") {
  using W = qtl::w4a8::weight;
  product_case c{.m = 18, .n = 37, .k = 200};
  const weight_on_device<W> w(c, 32);
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(c.m * c.k));
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(qtl::counter_random(4, i));
  const std::vector<float> scales(static_cast<std::size_t>(c.m), 0.002f);
  const std::vector<float> bias = qtl_test::some_bias(c);
  const qtl_test::device_array<std::uint8_t> x(qtl_test::in_rows<std::uint8_t>(c, codes, 0));
  const gpu::byte_rows rows = qtl_test::rows_of(c, x);
  const qtl::gemm_args g = qtl_test::integer_args(c, w, codes, scales, bias);

  const qtl::qparams<qtl::policy<qtl::s8>> code_scale{0.05f, {}};
  gpu::epilogue_params how;
  how.code_scale = code_scale.scale;
  how.code_min = -127;
  for (const auto function : {qtl::activation_function::none, qtl::activation_function::relu,
                              qtl::activation_function::gelu, qtl::activation_function::silu}) {
    c.function = function;
    how.kind = gpu::stored_as::f16;
    const auto f16 = qtl_test::outputs<W, qtl::s8, gpu::some_rows_in_order, std::uint16_t>(
        c, w, rows, scales, bias, how);
    how.kind = gpu::stored_as::bf16;
    const auto bf16 = qtl_test::outputs<W, qtl::s8, gpu::few_rows_in_order, std::uint16_t>(
        c, w, rows, scales, bias, how);
    how.kind = gpu::stored_as::codes;
    const auto s8 =
        qtl_test::outputs<W, qtl::s8, gpu::many_rows, std::int8_t>(c, w, rows, scales, bias, how);
    int wrong = 0;
    for (std::size_t e = 0; e < f16.size(); ++e) {
      const auto at = static_cast<std::int64_t>(e);
      const float y = qtl::activate(function, qtl::reference::element(g, at / c.n, at % c.n));
      if (f16[e] != qtl::f16::encode(y)) ++wrong;
      if (bf16[e] != qtl::bf16::encode(y)) ++wrong;
      if (s8[e] != qtl::encode_element<qtl::policy<qtl::s8>>(y, code_scale, {})) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

#if QTL_GPU_EMULATED
TEST_CASE_TEMPLATE("the loop reads and writes shared memory without conflicts", Shape,
                   gpu::few_rows, gpu::some_rows, gpu::many_rows) {
  // Twice the k: what the second half adds is the loop's.
  const auto counts = [](std::int64_t k) {
    const product_case c{.m = Shape::block_m, .n = 128, .k = k, .has_bias = false};
    const weight_on_device<qtl::w4a16::weight> w(c, 16);
    const qtl_test::device_array<std::uint16_t> x(
        std::vector<std::uint16_t>(static_cast<std::size_t>(c.m * c.k), 0));
    qtl_test::outputs<qtl::w4a16::weight, qtl::f16, Shape>(c, w, qtl_test::rows_of(c, x), {},
                                                           {0.0f});
    return gpu::emulated::last_launch();
  };
  const auto once = counts(1024);
  const auto twice = counts(2048);
  CHECK(twice.shared_requests > once.shared_requests);
  CHECK(twice.bank_conflicts == once.bank_conflicts);
}
#endif
