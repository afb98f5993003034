// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_case.hpp - a layer on gpu_backend beside the same layer on the reference.
// Holds: layer_shape, compare_bits<Pair>, compare_within<Pair>. The kernels are in tests/gpu/backend/.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/calib/minmax.hpp"
#include "qtl/gemm/reference.hpp"
#include "qtl/gpu.hpp"
#include "qtl/nn/qlinear.hpp"

#include "gpu/device.hpp"
#include "ops/test_matrix.hpp"

namespace qtl_test {

/// m tokens, n out of k.
struct layer_shape {
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
};

/// A pair's layer on a backend, of weights, a bias and a calibrated range that follow from the
/// shape.
template<class Pair, class B>
qtl::QLinear<typename Pair::weight, typename Pair::activation, B> make_layer(const layer_shape& s) {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  auto layer =
      qtl::QLinear<W, A, B>::make(qtl::quantize<W>(noise_matrix(s.n, s.k, 1)), noise_vector(s.n, 2),
                                  qtl::choose_qparams<A>({-2.0f, 2.5f}));
  require_ok(layer.why());
  return *std::move(layer);
}

/// x in device memory, run into poisoned device memory, brought back. Y is the output's format.
template<class Y, class Layer>
std::vector<qtl::device_element<Y>> run_on_device(const Layer& layer, qtl::matrix<float>& x) {
  const std::span<const float> host(x.data(), static_cast<std::size_t>(x.rows() * x.cols()));
  auto device_x = qtl::device_matrix<qtl::f32>::copy_of(host, x.rows(), x.cols());
  require_ok(device_x.why());
  const device_array<qtl::device_element<Y>> y(x.rows() * layer.out_features());
  const device_array<std::byte> workspace(layer.workspace_size(x.rows()));
  y.expect_written_once();
  const std::span<std::byte> memory(workspace.data(), static_cast<std::size_t>(workspace.size()));
  require_ok(layer.run(device_x->view(),
                       qtl::device_view<Y>(y.data(), x.rows(), layer.out_features()),
                       {memory, {}, nullptr}));
  require_ok(qtl::gpu::synchronize());
  require_written();
  return y.download();
}

/// Every bit of a device layer's f32 output is the reference's.
template<class Pair>
void compare_bits(const layer_shape& s, qtl::activation_function f = {}, bool has_nan = false) {
  CAPTURE(Pair::name.c_str());
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  auto layer = make_layer<Pair, qtl::gpu_backend>(s);
  auto reference = make_layer<Pair, qtl::reference_backend>(s);
  layer.set_epilogue(f);
  reference.set_epilogue(f);
  qtl::matrix<float> x = noise_matrix(s.m, s.k, 3);
  if (has_nan) x(s.m / 2, s.k / 3) = qtl::quiet_nan;
  const qtl::matrix<float> expected = reference(x);
  const std::vector<float> y = run_on_device<qtl::f32>(layer, x);
  std::int64_t wrong = 0;
  for (std::size_t e = 0; e < y.size(); ++e) {
    const float want = expected.data()[e];
    const bool same =
        qtl::float_bits(y[e]) == qtl::float_bits(want) || (qtl::is_nan(y[e]) && qtl::is_nan(want));
    wrong += same ? 0 : 1;
  }
  CHECK(wrong == 0);
}

/// Every f32 output lies within `bound` times sum |x| |w| + |bias| of the reference.
template<class Pair>
void compare_within(const layer_shape& s, double bound) {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  CAPTURE(Pair::name.c_str());
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  const auto layer = make_layer<Pair, qtl::gpu_backend>(s);
  const auto reference = make_layer<Pair, qtl::reference_backend>(s);
  qtl::matrix<float> x = noise_matrix(s.m, s.k, 3);
  const qtl::matrix<float> expected = reference(x);
  // The same product of absolute values: what errors are measured against.
  const qtl::matrix<float> w = qtl::dequantize(qtl::quantize<W>(noise_matrix(s.n, s.k, 1)));
  const std::vector<float> bias = noise_vector(s.n, 2);
  const std::vector<float> y = run_on_device<qtl::f32>(layer, x);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.n; ++j) {
      double size = std::fabs(static_cast<double>(bias[static_cast<std::size_t>(j)]));
      for (std::int64_t p = 0; p < s.k; ++p)
        size += std::fabs(static_cast<double>(x(i, p)) * static_cast<double>(w(j, p)));
      const double got = static_cast<double>(y[static_cast<std::size_t>(i * s.n + j)]);
      // An activation of 8 bits may be larger than x by half a step.
      const double slack = qtl::is_unscaled<typename A::scheme> ? 1.0 : 1.1;
      if (!(std::fabs(got - static_cast<double>(expected(i, j))) <= slack * size * bound)) ++wrong;
    }
  CHECK(wrong == 0);
}

}  // namespace qtl_test
