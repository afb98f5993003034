// SPDX-License-Identifier: Apache-2.0
// tests/backend/eigen_gemm_test.cpp - the Eigen kernels called directly, with operands made by
// hand: no QLinear between.
#include "qtl/backend/cpu/eigen_gemm.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/gemm/reference.hpp"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;

// An m x n x k product of s8 or u8 codes chosen element by element, scales 2^-10 and 0.5, zero
// points as given.
struct byte_product {
  std::int64_t m, n, k;
  std::vector<std::byte> x_codes, w_codes;
  std::vector<float> x_scales, w_scales, bias;
  std::vector<std::int32_t> x_zeros;
  std::vector<std::uint8_t> w_zeros;
  gemm_args args;

  template<class W, class A>
  void prepare(const auto& code_x, const auto& code_w) {
    x_codes.resize(static_cast<std::size_t>(m * k));
    w_codes.resize(static_cast<std::size_t>(n * k));
    for (std::int64_t e = 0; e < m * k; ++e)
      x_codes[static_cast<std::size_t>(e)] = static_cast<std::byte>(code_x(e));
    for (std::int64_t e = 0; e < n * k; ++e)
      w_codes[static_cast<std::size_t>(e)] = static_cast<std::byte>(code_w(e));
    x_scales.assign(static_cast<std::size_t>(m), 0x1p-10f);
    w_scales.assign(static_cast<std::size_t>(n), 0.5f);
    bias = qtl_test::noise_vector(n, 5);
    args.key = make_gemm_key(describe_linear<W, A>(), output_kind::as_f32, k);
    args.x = {.m = m,
              .k = k,
              .codes = x_codes.data(),
              .row_bytes = k,
              .elements = reader_of<typename A::format>(),
              .scales = x_scales.data(),
              .zero_points = x_zeros.empty() ? nullptr : x_zeros.data(),
              .shifts = nullptr,
              .groups = 1,
              .group_cols = k > 0 ? k : 1,
              .reals = {}};
    args.w = {.codes = w_codes.data(),
              .n = n,
              .k = k,
              .row_bytes = k,
              .elements = reader_of<typename W::format>(),
              .scales = reinterpret_cast<const std::byte*>(w_scales.data()),
              .scale_elements = reader_of<f32>(),
              .tensor_scale = 1.0f,
              .offsets = reinterpret_cast<const std::byte*>(w_zeros.data()),
              .offset_kind = offset_encoding_of<W>(),
              .grid = make_block_grid(n, k, 1, 0)};
    args.bias = bias.data();
  }

  std::vector<float> run(const gemm_kernel& kernel) {
    std::vector<float> y(static_cast<std::size_t>(m * n), -1.0f);
    const std::int64_t size = kernel.workspace_size(args.key, {m, n, k, 1});
    auto workspace = buffer<std::byte>::make(size);
    args.workspace = workspace->span();
    args.y = {y.data(), n, 1, output_kind::as_f32, {}};
    kernel.run(args);
    return y;
  }
};

void check_same(byte_product& p) {
  const gemm_kernel* kernel = find_kernel<eigen_backend>(p.args.key);
  REQUIRE(std::string(kernel->name.c_str()) == "eigen_integer");
  const std::vector<float> fast = p.run(*kernel);
  const std::vector<float> slow = p.run(reference::kernel);
  CHECK(fast.size() == slow.size());
  CHECK(std::memcmp(fast.data(), slow.data(), fast.size() * 4) == 0);
}

TEST_CASE("the largest sum of a depth tile is exact in f32: 256 times 255 * 255, in any order") {
  // Odd products of 255 * 255: one bit lost anywhere would show.
  for (const std::int64_t k : {255, 256, 257, 511, 512, 513}) {
    CAPTURE(k);
    byte_product p{2, 65, k, {}, {}, {}, {}, {}, {}, {}, {}};
    p.x_zeros.assign(2, 0);
    p.w_zeros.assign(65, 0);
    p.prepare<policy<u8, affine, per_channel>, token_u8>([](std::int64_t) { return 255; },
                                                         [](std::int64_t) { return 255; });
    check_same(p);
    CHECK(p.run(eigen_gemm::integer_kernel)[0] ==
          std::fma(static_cast<float>(k * 65025), 0x1p-11f, p.bias[0]));
  }
}

TEST_CASE("zero points at the far end") {
  byte_product p{3, 70, 300, {}, {}, {}, {}, {}, {}, {}, {}};
  p.x_zeros = {255, 0, 128};
  p.w_zeros.assign(70, 255);
  p.prepare<policy<u8, affine, per_channel>, token_u8>(
      [](std::int64_t e) { return e * 7 % 256; },
      [](std::int64_t e) { return e % 3 == 0 ? 0 : 255; });
  check_same(p);
}

TEST_CASE("all codes of two signed bytes, and alternating extremes") {
  byte_product p{64, 64, 1024, {}, {}, {}, {}, {}, {}, {}, {}};
  p.prepare<policy<s8, symmetric_full_clamp, per_channel>,
            policy<s8, symmetric_full_range, per_token, dynamic>>(
      [](std::int64_t e) { return e % 256; }, [](std::int64_t e) { return e * 37 % 256; });
  check_same(p);
  byte_product q{3, 3, 700, {}, {}, {}, {}, {}, {}, {}, {}};
  q.prepare<policy<s8, symmetric_full_clamp, per_channel>,
            policy<s8, symmetric_full_range, per_token, dynamic>>(
      [](std::int64_t e) { return e % 2 == 0 ? 0x80 : 0x7F; },
      [](std::int64_t e) { return e % 2 == 0 ? 0x80 : 0x7F; });
  check_same(q);
}

TEST_CASE("2^17 products of -128 * -128 go through 64-bit sums") {
  byte_product p{1, 2, 131072, {}, {}, {}, {}, {}, {}, {}, {}};
  p.prepare<policy<s8, symmetric_full_clamp, per_channel>,
            policy<s8, symmetric_full_range, per_token, dynamic>>(
      [](std::int64_t) { return 0x80; }, [](std::int64_t) { return 0x80; });
  CHECK(p.args.key.accumulator == accumulation::s64);
  check_same(p);
  CHECK(p.run(eigen_gemm::integer_kernel)[1] == std::fma(0x1p31f, 0x1p-11f, p.bias[1]));
}

TEST_CASE("every key has exactly one of the two, and the integer kernel takes only integers") {
  for_each_type(shipped_presets{}, []<class Pair>() {
    for (const std::int64_t k : {0, 1, 512, 1 << 20}) {
      const gemm_key key =
          make_gemm_key(describe_linear<typename Pair::weight, typename Pair::activation>(),
                        output_kind::as_f16, k);
      const bool real = key.accumulator == accumulation::real;
      CHECK(eigen_gemm::integer_kernel.supports(key) == !real);
      CHECK(eigen_gemm::dequantize_kernel.supports(key) == real);
      CHECK(find_kernel<eigen_backend>(key)->is_fallback == real);
      CHECK(find_kernel<reference_backend>(key) != nullptr);
    }
  });
}

TEST_CASE("workspace grows with threads, up to the tiles of columns") {
  const gemm_key key =
      make_gemm_key(describe_linear<w8a8::weight, token_s8>(), output_kind::as_f32, 64);
  const auto size = [&](std::int64_t n, int threads) {
    return eigen_gemm::integer_kernel.workspace_size(key, {8, n, 64, threads});
  };
  CHECK(size(0, 1) > 0);
  CHECK(size(64, 9) == size(64, 1));
  CHECK(size(65, 9) == 2 * size(64, 1));
  CHECK(size(640, 3) == 3 * size(64, 1));
  CHECK(size(640, 0) == size(64, 1));
  CHECK(size(64, 1) % 64 == 0);
}

}  // namespace
