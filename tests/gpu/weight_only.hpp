// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only.hpp - one product with packed weights: made, run and compared.
// The operands are real quantized tensors; what comes back is compared with gemm/reference.hpp: in
// every bit for 8-bit activations, within the bound that gemm_weight_only.cuh states for 16-bit
// ones.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/gemm/activation_function.hpp"
#include "qtl/gemm/reference.hpp"
#include "qtl/gpu/kernel/weight_only_policies.cuh"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/device.hpp"

namespace qtl_test {

namespace gpu = qtl::gpu;

/// What is multiplied, and how the operands lie.
struct product_case {
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
  int splits = 1;
  std::int64_t x_padding = 0;  ///< elements between the rows of x
  bool reorders = false;       ///< act-order: columns of x in an order of their own
  bool has_bias = true;
  bool has_nan = false;  ///< one token holds NaN
  qtl::activation_function function = qtl::activation_function::none;
};

/// A number in [-1, 1), of `seed` and a place.
inline float random_real(std::uint64_t seed, std::int64_t at) {
  const std::uint32_t bits = qtl::counter_random(seed, static_cast<std::uint64_t>(at));
  return static_cast<float>(static_cast<std::int32_t>(bits) >> 8) / 8388608.0f;
}

/// Weights whose rows and groups differ in size and, for affine policies, in position.
template<class W>
qtl::QTensor<W> random_weight(std::int64_t n, std::int64_t k) {
  auto reals = *qtl::matrix<float>::make(n, k);
  const bool affine = W::scheme::zero_point != qtl::zero_point_kind::none;
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t p = 0; p < k; ++p)
      reals(j, p) =
          random_real(7, j * k + p) * qtl::power_of_two(static_cast<int>((j + p / 16) % 4)) +
          (affine ? random_real(8, j * 31 + p / 32) : 0.0f);
  return *qtl::try_quantize<W>(reals);
}

/// The order in which weight columns meet those of x.
inline std::vector<std::int32_t> some_order(std::int64_t k) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(k));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[qtl::counter_random(5, i) % i]);
  return order;
}

/// The device's copy of packed weights.
template<class W>
struct weight_on_device {
  qtl::QTensor<W> tensor;
  gpu::weight_layout layout;
  std::vector<std::int32_t> order;
  device_array<std::byte> packed{1};

  weight_on_device(const product_case& c, int step_cols)
      : weight_on_device(c, step_cols, random_weight<W>(c.n, c.k)) {}
  weight_on_device(const product_case& c, int step_cols, qtl::QTensor<W> weight)
      : tensor(std::move(weight)),
        layout(gpu::make_weight_layout(qtl::describe<W>(), c.n, c.k, step_cols, c.reorders)) {
    if (c.reorders) order = some_order(c.k);
    std::vector<std::byte> bytes(static_cast<std::size_t>(layout.bytes()));
    gpu::pack_weight(layout, qtl::erase<W>(tensor.view()), bytes.data(), order);
    // A byte more, so that an empty weight has an address.
    bytes.push_back(std::byte{});
    packed = device_array<std::byte>(bytes);
  }
  gpu::packed_weight operand() const {
    return gpu::packed_weight_of(layout, packed.data(), tensor.tensor_scale());
  }
  /// The column of x that weight column p meets.
  std::int64_t column(std::int64_t p) const {
    return order.empty() ? p : order[static_cast<std::size_t>(p)];
  }
};

/// Runs the kernel of W, X and Shape into y, which is m x n of the epilogue's kind.
template<class W, class X, class Shape>
void run_product(const product_case& c, const weight_on_device<W>& w, const gpu::byte_rows& x,
                 gpu::epilogue_params out) {
  using kernel = gpu::gemm_weight_only<gpu::weight_only<gpu::weight_only_format_of<W, X>, Shape>>;
  typename kernel::params p;
  p.x = x;
  p.w = w.operand();
  out.m = c.m;
  out.n = c.n;
  out.k = c.k;
  out.row_stride = c.n;
  if (!w.layout.is_grouped)
    out.scale_w = {reinterpret_cast<const float*>(w.packed.data() + w.layout.scales_at()), 1};
  p.out = out;
  p.split.splits = 1;
  const std::int64_t tiles = kernel::tiles(p).tiles();
  const device_array<std::uint32_t> counters(
      std::vector<std::uint32_t>(static_cast<std::size_t>(tiles) + 1, 0u));
  const device_array<gpu::ptx::words4> partials(
      1 + (c.splits > 1 ? tiles * c.splits * kernel::tile_elements / 4 : 0));
  p.split = {c.splits, counters.data(), partials.data()};
  qtl_test::run_kernel<kernel>(p);  // not the launcher's own
  std::uint32_t left = 0;           // counters reset themselves
  for (const std::uint32_t counter : counters.download()) left |= counter;
  CHECK(left == 0);
}

/// Rows of elements with padding between them that must not be read as numbers.
template<class Raw>
std::vector<Raw> in_rows(const product_case& c, const std::vector<Raw>& values, Raw padding) {
  const std::int64_t stride = c.k + c.x_padding;
  std::vector<Raw> rows(static_cast<std::size_t>(c.m * stride) + 1, padding);
  for (std::int64_t i = 0; i < c.m; ++i)
    for (std::int64_t p = 0; p < c.k; ++p)
      rows[static_cast<std::size_t>(i * stride + p)] =
          values[static_cast<std::size_t>(i * c.k + p)];
  return rows;
}

template<class Raw>
gpu::byte_rows rows_of(const product_case& c, const device_array<Raw>& x) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(Raw));
  return {reinterpret_cast<const std::byte*>(x.data()), c.m, c.k * size,
          (c.k + c.x_padding) * size};
}

inline std::vector<float> some_bias(const product_case& c) {
  std::vector<float> bias(static_cast<std::size_t>(c.n) + 1, 0.0f);
  if (c.has_bias)
    for (std::size_t j = 0; j < bias.size(); ++j)
      bias[j] = random_real(9, static_cast<std::int64_t>(j));
  return bias;
}

/// Runs the kernel once: m x n outputs of `how.kind`, which T is as wide as, each written once.
template<class W, class X, class Shape, class T = float>
std::vector<T> outputs(const product_case& c, const weight_on_device<W>& w, const gpu::byte_rows& x,
                       const std::vector<float>& scales, const std::vector<float>& bias,
                       const gpu::epilogue_params& how = {}) {
  const device_array<float> scale_x(scales.empty() ? std::vector<float>(1, 1.0f) : scales);
  const device_array<float> device_bias(bias);
  const device_array<T> y(c.m * c.n);
  y.expect_written_once();
  gpu::epilogue_params out = how;
  out.y = y.data();
  out.function = c.function;
  if (!scales.empty()) out.scale_x = {scale_x.data(), 1};
  out.bias = c.has_bias ? device_bias.data() : nullptr;
  run_product<W, X, Shape>(c, w, x, out);
  require_written();
  return y.download();
}

/// 16-bit activations: every output within the bound.
template<class W, class X, class Shape>
void check_real_product(const product_case& c) {
  CAPTURE(c.m);
  CAPTURE(c.n);
  CAPTURE(c.k);
  const weight_on_device<W> w(c, 16);
  std::vector<std::uint16_t> codes(static_cast<std::size_t>(c.m * c.k));
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = X::encode(random_real(3, static_cast<std::int64_t>(i)));
  const std::int64_t nan_row = c.has_nan ? c.m / 2 : -1;
  if (c.has_nan)
    codes[static_cast<std::size_t>(nan_row * c.k + c.k / 2)] = X::encode(qtl::quiet_nan);
  const auto x_nan = static_cast<std::uint16_t>(X::encode(qtl::quiet_nan));
  const device_array<std::uint16_t> x(in_rows<std::uint16_t>(c, codes, x_nan));
  const std::vector<float> bias = some_bias(c);

  const qtl::weight_operand operand = qtl::erase<W>(w.tensor.view());
  std::vector<float> reals(static_cast<std::size_t>(c.n * c.k));
  for (std::int64_t j = 0; j < c.n; ++j)
    for (std::int64_t p = 0; p < c.k; ++p)
      reals[static_cast<std::size_t>(j * c.k + p)] = qtl::reference::weight_real(operand, j, p);
  std::vector<double> expected;
  std::vector<double> bound;
  const bool rounds_values = qtl::kind_of<typename W::format> == qtl::format_kind::codebook;
  const double u = rounds_values ? std::ldexp(1.0, -X::mantissa_bits - 1) : 0.0;
  const double steps = static_cast<double>(qtl::ceil_div<std::int64_t>(c.k, 16) + w.layout.groups);
  for (std::int64_t i = 0; i < c.m; ++i)
    for (std::int64_t j = 0; j < c.n; ++j) {
      double sum = static_cast<double>(bias[static_cast<std::size_t>(j)]);
      double size = std::fabs(sum);
      for (std::int64_t p = 0; p < c.k; ++p) {
        const double product =
            static_cast<double>(X::decode(codes[static_cast<std::size_t>(i * c.k + w.column(p))])) *
            static_cast<double>(reals[static_cast<std::size_t>(j * c.k + p)]);
        sum += product;
        size += std::fabs(product);
      }
      expected.push_back(sum);
      bound.push_back(size * (u + std::ldexp(steps + 8, -19)));
    }

  for_each_seed([&] {
    const std::vector<float> got = outputs<W, X, Shape>(c, w, rows_of(c, x), {}, bias);
    int wrong = 0;
    for (std::size_t e = 0; e < got.size(); ++e) {
      const bool is_nan_row = static_cast<std::int64_t>(e) / c.n == nan_row;
      const bool right = is_nan_row
                             ? qtl::is_nan(got[e])
                             : std::fabs(static_cast<double>(got[e]) - expected[e]) <= bound[e];
      if (!right && ++wrong == 1)
        MESSAGE("row " << static_cast<std::int64_t>(e) / c.n << ", column "
                       << static_cast<std::int64_t>(e) % c.n << ": got " << got[e] << ", expected "
                       << expected[e] << " within " << bound[e]);
    }
    CHECK(wrong == 0);
  });
}

/// The same product for the reference: codes as weight columns meet them.
template<class W>
qtl::gemm_args integer_args(const product_case& c, const weight_on_device<W>& w,
                            const std::vector<std::uint8_t>& codes,
                            const std::vector<float>& scales, const std::vector<float>& bias) {
  qtl::gemm_args g;
  g.key =
      qtl::make_gemm_key(qtl::describe_linear<W, qtl::token_s8>(), qtl::output_kind::as_f32, c.k);
  g.w = qtl::erase<W>(w.tensor.view());
  g.x.m = c.m;
  g.x.k = c.k;
  g.x.codes = reinterpret_cast<const std::byte*>(codes.data());
  g.x.row_bytes = c.k;
  g.x.elements = qtl::reader_of<qtl::s8>();
  g.x.scales = scales.data();
  g.x.group_cols = c.k;
  g.bias = c.has_bias ? bias.data() : nullptr;
  return g;
}

/// 8-bit activations: every output has the bits of the reference.
template<class W, class Shape>
void check_integer_product(const product_case& c) {
  CAPTURE(c.m);
  CAPTURE(c.n);
  CAPTURE(c.k);
  const weight_on_device<W> w(c, 32);
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(c.m * c.k));
  std::vector<std::uint8_t> met(codes.size());  // as weight columns meet them
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(qtl::counter_random(4, i));
  for (std::int64_t i = 0; i < c.m; ++i)
    for (std::int64_t p = 0; p < c.k; ++p)
      met[static_cast<std::size_t>(i * c.k + p)] =
          codes[static_cast<std::size_t>(i * c.k + w.column(p))];
  std::vector<float> scales(static_cast<std::size_t>(c.m));
  for (std::size_t i = 0; i < scales.size(); ++i)
    scales[i] = 0.01f + 0.001f * static_cast<float>(i % 7);
  if (c.has_nan) scales[static_cast<std::size_t>(c.m / 2)] = qtl::quiet_nan;
  const std::vector<float> bias = some_bias(c);

  const qtl::gemm_args g = integer_args(c, w, met, scales, bias);
  std::vector<float> expected;
  for (std::int64_t i = 0; i < c.m; ++i)
    for (std::int64_t j = 0; j < c.n; ++j)
      expected.push_back(qtl::activate(c.function, qtl::reference::element(g, i, j)));

  const device_array<std::uint8_t> x(in_rows<std::uint8_t>(c, codes, 0x55));
  for_each_seed([&] {
    const std::vector<float> got = outputs<W, qtl::s8, Shape>(c, w, rows_of(c, x), scales, bias);
    int wrong = 0;
    for (std::size_t e = 0; e < got.size(); ++e) {
      const bool right = qtl::is_nan(expected[e])
                             ? qtl::is_nan(got[e])
                             : qtl::float_bits(got[e]) == qtl::float_bits(expected[e]);
      if (!right && ++wrong == 1)
        MESSAGE("row " << static_cast<std::int64_t>(e) / c.n << ", column "
                       << static_cast<std::int64_t>(e) % c.n << ": got " << got[e] << ", expected "
                       << expected[e]);
    }
    CHECK(wrong == 0);
  });
}

/// Every number of rows at which something changes, each beside odd extents and one of the ways in
/// which operands can lie: check(case).
template<class F>
void for_each_case(F&& check) {
  constexpr std::int64_t rows[] = {1, 2, 15, 16, 17, 63, 64, 65, 130};
  constexpr std::int64_t extents[][2] = {{33, 75}, {1, 1}, {131, 301}, {65, 157}, {7, 1309}};
  for (int i = 0; i < 9; ++i) {
    product_case c;
    c.m = rows[i];
    c.n = extents[i % 5][0];
    c.k = extents[i % 5][1];
    c.splits = i == 4 ? 1 : 1 + i % 3;  // the longest k fills every stage again and again
    c.x_padding = i % 4 == 1 ? 3 : i % 4 == 2 ? 16 - c.k % 16 : 0;
    c.reorders = i % 4 == 3;
    c.has_bias = i % 2 == 0;
    c.has_nan = i % 3 == 2;
    check(c);
  }
}

}  // namespace qtl_test
