// SPDX-License-Identifier: Apache-2.0
// tests/backend/kernel_product.hpp - a product with everything that it points to, for any kernel.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "qtl/backend/cpu/cpu_backend.hpp"
#include "qtl/base/buffer.hpp"
#include "qtl/gemm/reference.hpp"
#include "qtl/nn/activations.hpp"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"

#include "backend/levels.hpp"

namespace qtl_test {

using namespace qtl;

struct shape {
  std::int64_t m, n, k;
};

/// How codes are filled in: the extremes are where sums could overflow or saturate.
enum class fill { random, lowest, highest, alternating };

/// A product with everything it points to.
template<class W, class A>
struct product {
  std::vector<float> x;
  std::vector<float> bias;
  QTensor<W> weight;
  buffer<std::byte> activations;
  gemm_args args;

  explicit product(const shape& s) : weight(quantized(s)) {
    x = reals(s.m * s.k, 2, 0.3f);
    bias = reals(s.n, 3, 0.0f);
    activations = *buffer<std::byte>::make(activation_layout<A>{s.m, s.k}.size());
    args.key = make_gemm_key(describe_linear<W, A>(), output_kind::as_f32, s.k);
    args.x = prepare_activations<A>(matrix_view<const float>(x.data(), s.m, s.k),
                                    choose_qparams<A>(value_range{-3, 4}), activations.data(), {});
    args.w = erase(weight.view());
    args.bias = bias.data();
  }

  static std::vector<float> reals(std::int64_t count, unsigned seed, float shift) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(shift);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values) v = normal(random);
    return values;
  }
  static QTensor<W> quantized(const shape& s) {
    const std::vector<float> w = reals(s.n * s.k, 1, 0.1f);
    return *try_quantize<W>(matrix_view<const float>(w.data(), s.n, s.k));
  }

  /// Overwrites whole bytes of codes; only formats of 8 bits fill a byte.
  void fill_codes(fill how) {
    const auto value = [&](std::int64_t at, bool is_signed) {
      const int low = is_signed ? 0x80 : 0;
      const int high = is_signed ? 0x7F : 0xFF;
      return static_cast<std::byte>(how == fill::lowest    ? low
                                    : how == fill::highest ? high
                                    : at % 2 == 0          ? low
                                                           : high);
    };
    auto* w = const_cast<std::byte*>(args.w.codes);
    for (std::int64_t at = 0; at < args.w.n * args.w.row_bytes; ++at)
      w[at] = value(at, args.w.elements.encoding == value_encoding::as_signed);
    for (std::int64_t i = 0; i < args.x.m; ++i)
      for (std::int64_t p = 0; p < args.x.k; ++p)
        activations[i * args.x.row_bytes + p] =
            value(p, args.x.elements.encoding == value_encoding::as_signed);
  }

  std::vector<float> run(const gemm_kernel& kernel, const executor_ref& executor = {}) {
    std::vector<float> y(static_cast<std::size_t>(args.m() * args.n()), -7.0f);
    gemm_args g = args;
    g.executor = executor;
    buffer<std::byte> packed;
    if (kernel.packed_size != nullptr) {
      packed = *buffer<std::byte>::make(kernel.packed_size(g.key, g.w));
      kernel.pack(g.key, g.w, packed.data());
    }
    const gemm_shape s{g.m(), g.n(), g.k(), executor.threads()};
    auto workspace = buffer<std::byte>::make(kernel.workspace_size(g.key, s));
    g.packed = packed.data();
    g.workspace = workspace->span();
    g.y = {y.data(), g.n(), 1, output_kind::as_f32, {}};
    kernel.run(g);
    return y;
  }
};

/// The largest error of a kernel's outputs against the reference, in units of bound(args, i, j);
/// infinite where one is NaN.
template<class W, class A, class F>
double worst_error(product<W, A>& p, const gemm_kernel& kernel, F&& bound) {
  const std::vector<float> expected = p.run(reference::kernel);
  const std::vector<float> y = p.run(kernel);
  double worst = 0;
  for (std::size_t at = 0; at < y.size(); ++at) {
    const auto i = static_cast<std::int64_t>(at) / p.args.n();
    const auto j = static_cast<std::int64_t>(at) % p.args.n();
    const double error = std::fabs(double{y[at]} - double{expected[at]});
    if (error != 0) worst = std::fmax(worst, error / bound(p.args, i, j));
    if (is_nan(y[at])) worst = std::numeric_limits<double>::infinity();
  }
  return worst;
}

/// Equal in every bit, so that zeros differ by sign and NaN equals itself.
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (float_bits(a[i]) != float_bits(b[i])) return false;
  return true;
}

/// Says that it has four threads, and runs tasks from the last to the first.
struct backwards {
  static int threads() { return 4; }
  template<class F>
  static void parallel_for(std::int64_t n, F&& f) {
    while (n-- > 0) f(n);
  }
};

}  // namespace qtl_test
