// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only.hpp - one product with packed weights: made, run and compared.
// The operands are real quantized tensors; what comes back is compared with gemm/reference.hpp: in
// every bit for 8-bit activations, within the bound that gemm_weight_only.cuh states for 16-bit
// ones.
#pragma once

#include <algorithm>
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
#include "qtl/gpu/kernel/gemm_weight_only_sm90.cuh"
#include "qtl/gpu/kernel/weight_only_policies.cuh"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/coverage.hpp"
#include "gpu/device.hpp"
#include "gpu/real_output.hpp"

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
  gpu::stored_as kind = gpu::stored_as::f32;
  bool signed_codes = true;  ///< of an output of 8 bits

  /// The epilogue so far.
  gpu::epilogue_params epilogue() const {
    gpu::epilogue_params e;
    e.kind = kind;
    e.function = function;
    e.code_scale = 0.37f;
    e.code_zero_point = signed_codes ? 0 : 117;
    e.code_min = signed_codes ? -127 : 0;
    e.code_max = signed_codes ? 127 : 255;
    return e;
  }
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

/// Hopper's shapes, of which bulk_weight.hpp runs the products.
template<class Shape>
concept HopperShape = requires { Shape::tile_m; };

/// The kernel of W, X and Shape.
template<class W, class X, class Shape>
using weight_only_kernel =
    gpu::gemm_weight_only<gpu::weight_only<gpu::weight_only_format_of<W, X>, Shape>>;

/// The epilogue with what it takes of the product: the extents, and the scales of whole rows.
template<class W>
gpu::epilogue_params of_product(gpu::epilogue_params e, const product_case& c,
                                const weight_on_device<W>& w) {
  e.m = c.m;
  e.n = c.n;
  e.k = c.k;
  e.row_stride = c.n;
  if (!w.layout.is_grouped)
    e.scale_w = {reinterpret_cast<const float*>(w.packed.data() + w.layout.scales_at()), 1};
  return e;
}

/// Workspace for split-K.
struct split_sums {
  int splits;
  device_array<std::uint32_t> counters;
  device_array<std::byte> partials;

  split_sums(int split_count, std::int64_t tiles, std::int64_t bytes)
      : splits(split_count),
        counters(std::vector<std::uint32_t>(static_cast<std::size_t>(tiles) + 1, 0u)),
        partials(bytes + 1) {}
  gpu::split_k split() const {
    return {splits, counters.data(), reinterpret_cast<gpu::ptx::words4*>(partials.data())};
  }
  /// The last of those who count sets the counter back.
  bool is_reset() const {
    const std::vector<std::uint32_t> left = counters.download();
    return std::count(left.begin(), left.end(), 0u) == std::ssize(left);
  }
};

/// Runs K, not the launcher's own choice, and sees every byte of its output written.
template<class K>
void run_product(const typename K::params& p, const gpu::epilogue_params& e,
                 const split_sums& sums) {
  qtl_test::run_kernel<K>(p);
  require_written();
  note_run(K::name.view(), e);
  CHECK(sums.is_reset());
}

/// Runs it into y, which is m x n of the epilogue's kind.
template<class W, class X, class Shape>
void run_product(const product_case& c, const weight_on_device<W>& w, const gpu::byte_rows& x,
                 const gpu::epilogue_params& out) {
  using kernel = weight_only_kernel<W, X, Shape>;
  typename kernel::params p;
  p.x = x;
  p.w = w.operand();
  p.out = of_product(out, c, w);
  p.split.splits = 1;
  const std::int64_t tiles = kernel::tiles(p).tiles();
  const split_sums sums(c.splits, tiles,
                        gpu::split_k_partial_bytes(tiles, c.splits, kernel::tile_elements));
  p.split = sums.split();
  run_product<kernel>(p, p.out, sums);
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

/// Runs the kernel once: m x n outputs of `how.kind` in elements of T, each byte written once.
template<class W, class X, class Shape, class T = float>
std::vector<T> outputs(const product_case& c, const weight_on_device<W>& w, const gpu::byte_rows& x,
                       const std::vector<float>& scales, const std::vector<float>& bias,
                       const gpu::epilogue_params& how = {}) {
  const device_array<float> scale_x(scales.empty() ? std::vector<float>(1, 1.0f) : scales);
  const device_array<float> device_bias(bias);
  const device_array<T> y(c.m * c.n * gpu::stored_bytes(how.kind) /
                          static_cast<std::int64_t>(sizeof(T)));
  y.expect_written_once();
  gpu::epilogue_params out = how;
  out.y = y.data();
  out.function = c.function;
  if (!scales.empty()) out.scale_x = {scale_x.data(), 1};
  out.bias = c.has_bias ? device_bias.data() : nullptr;
  run_product<W, X, Shape>(c, w, x, out);
  return y.download();
}

/// How far sums of real activations may be off, over the sum of magnitudes.
template<class W, class X>
double real_error(const product_case& c, const gpu::weight_layout& l) {
  if constexpr (X::bits == 8) {  // gemm_weight_only_sm90.cuh
    return gpu::converted_fp8_error(c.k, l.group, c.splits) + 0x1p-21;
  } else {  // gemm_weight_only.cuh
    constexpr bool rounds_values = qtl::kind_of<typename W::format> == qtl::format_kind::codebook;
    const double u = rounds_values ? std::ldexp(1.0, -X::mantissa_bits - 1) : 0.0;
    const auto steps = static_cast<double>(qtl::ceil_div<std::int64_t>(c.k, 16) + l.groups);
    return u + std::ldexp(steps + 8, -19);
  }
}

/// What outputs of real activations should be: sums before the function, in double, and how far a
/// kernel's may be off.
struct real_answer {
  std::vector<double> sums;
  std::vector<double> errors;

  template<class W, class X>
  static real_answer of(const product_case& c, const weight_on_device<W>& w,
                        const std::vector<typename X::code>& codes,
                        const std::vector<float>& scales, const std::vector<float>& bias) {
    const qtl::weight_operand operand = qtl::erase<W>(w.tensor.view());
    std::vector<double> reals(static_cast<std::size_t>(c.n * c.k));
    for (std::int64_t j = 0; j < c.n; ++j)
      for (std::int64_t p = 0; p < c.k; ++p)
        reals[static_cast<std::size_t>(j * c.k + p)] =
            static_cast<double>(qtl::reference::weight_real(operand, j, p));
    std::vector<double> x(codes.size());  // as weight columns meet them
    for (std::int64_t i = 0; i < c.m; ++i)
      for (std::int64_t p = 0; p < c.k; ++p)
        x[static_cast<std::size_t>(i * c.k + p)] =
            static_cast<double>(X::decode(codes[static_cast<std::size_t>(i * c.k + w.column(p))])) *
            (scales.empty() ? 1.0 : static_cast<double>(scales[static_cast<std::size_t>(i)]));
    const double error = real_error<W, X>(c, w.layout);
    real_answer answer;
    for (std::int64_t e = 0; e < c.m * c.n; ++e)
      answer.add(x.data() + e / c.n * c.k, reals.data() + e % c.n * c.k, c.k,
                 static_cast<double>(bias[static_cast<std::size_t>(e % c.n)]), error);
    return answer;
  }

 private:
  void add(const double* x, const double* w, std::int64_t k, double bias, double error) {
    double sum = bias;
    double size = std::fabs(bias);
    for (std::int64_t p = 0; p < k; ++p) {
      sum += x[p] * w[p];
      size += std::fabs(x[p] * w[p]);
    }
    sums.push_back(sum);
    errors.push_back(size * error);
  }
};

/// Says which of the outputs is the first that is wrong; right(e): whether number e is not.
template<class F>
void check_outputs(const product_case& c, F&& right) {
  std::int64_t wrong = 0;
  for (std::int64_t e = 0; e < c.m * c.n; ++e)
    if (!right(e) && ++wrong == 1) MESSAGE("row " << e / c.n << ", column " << e % c.n);
  CHECK(wrong == 0);
}

/// Some scales of tokens.
inline std::vector<float> some_scales(const product_case& c) {
  std::vector<float> scales(static_cast<std::size_t>(c.m));
  for (std::size_t i = 0; i < scales.size(); ++i)
    scales[i] = 0.01f + 0.001f * static_cast<float>(i % 7);
  return scales;
}

/// Real activations: every output within the bound.
template<class W, class X, class Shape>
void check_real_product(const product_case& c) {
  using raw = typename X::code;
  CAPTURE(c.m);
  CAPTURE(c.n);
  CAPTURE(c.k);
  const weight_on_device<W> w(c, X::bits == 8 ? 32 : 16);
  std::vector<raw> codes(static_cast<std::size_t>(c.m * c.k));
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = X::encode(random_real(3, static_cast<std::int64_t>(i)));
  const std::int64_t nan_row = c.has_nan ? c.m / 2 : -1;
  const auto x_nan = static_cast<raw>(X::encode(qtl::quiet_nan));
  if (c.has_nan) codes[static_cast<std::size_t>(nan_row * c.k + c.k / 2)] = x_nan;
  const device_array<raw> x(in_rows<raw>(c, codes, x_nan));
  const std::vector<float> scales = X::bits == 8 ? some_scales(c) : std::vector<float>{};
  const std::vector<float> bias = some_bias(c);
  const real_answer answer = real_answer::of<W, X>(c, w, codes, scales, bias);
  const gpu::epilogue_params how = c.epilogue();
  const auto got = outputs<W, X, Shape, std::uint8_t>(c, w, rows_of(c, x), scales, bias, how);
  check_outputs(c, [&](std::int64_t e) {
    const double y = stored_real(how, got.data(), e);
    if (e / c.n == nan_row) return how.kind == gpu::stored_as::codes ? y == 0.0 : std::isnan(y);
    const double sum = answer.sums[static_cast<std::size_t>(e)];
    const double wanted = reachable(how, exact_function(c.function, sum));
    return std::fabs(y - wanted) <=
           output_bound(how, sum, answer.errors[static_cast<std::size_t>(e)]);
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
  std::vector<float> scales = some_scales(c);
  if (c.has_nan) scales[static_cast<std::size_t>(c.m / 2)] = qtl::quiet_nan;
  const std::vector<float> bias = some_bias(c);

  const qtl::gemm_args g = integer_args(c, w, met, scales, bias);
  const device_array<std::uint8_t> x(in_rows<std::uint8_t>(c, codes, 0x55));
  const gpu::epilogue_params how = c.epilogue();
  const auto got = outputs<W, qtl::s8, Shape, std::uint8_t>(c, w, rows_of(c, x), scales, bias, how);
  check_outputs(c, [&](std::int64_t e) {
    const float y = qtl::activate(c.function, qtl::reference::element(g, e / c.n, e % c.n));
    return holds_output(how, got.data(), e, y);
  });
}

}  // namespace qtl_test
