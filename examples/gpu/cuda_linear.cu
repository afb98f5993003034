// SPDX-License-Identifier: Apache-2.0
// examples/gpu/cuda_linear.cu - a quantized layer on an NVIDIA GPU, beside the same layer on the
// CPU. nvcc compiles this file; so does g++, with the emulator linked: then the kernels run on the
// CPU, thread by thread. Files that only use the layer include "qtl/gpu.hpp" and need no nvcc at
// all.
#include <cmath>
#include <cstdio>
#include <vector>

#include "qtl/gemm/reference.hpp"
#include "qtl/gpu.hpp"
#include "qtl/gpu/backend.cuh"  // in one file of a program: the kernels
#include "qtl/nn/qlinear.hpp"

int main() {
  constexpr std::int64_t m = 4, n = 96, k = 256;
  std::vector<float> weight(n * k), bias(n), x(m * k);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = std::sin(0.7f * float(i));
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 0.01f * float(i);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(0.3f * float(i));

  // Quantize on the host. The layer packs the weight for its kernel and brings it over, once.
  using W = qtl::w8a8::weight;
  using A = qtl::w8a8::activation;
  try {
    const auto w = qtl::quantize<W>(qtl::as_view(std::span<const float>(weight), n, k));
    qtl::QLinear<W, A, qtl::gpu_backend> layer{w, bias};
    layer.set_epilogue(qtl::activation_function::silu);

    // Memory of the device: yours (any pointer goes into a device_view) or, as here, the library's.
    const auto device_x = qtl::value_or_throw(qtl::device_matrix<qtl::f32>::copy_of(x, m, k));
    auto device_y = qtl::value_or_throw(qtl::device_matrix<qtl::f16>::make(m, n));
    auto workspace =
        qtl::value_or_throw(qtl::device_buffer<std::byte>::make(layer.workspace_size(m)));

    // Quantizes x, multiplies (by layer.kernel_name()), scales, adds the bias, applies SiLU, rounds
    // to f16: two kernels.
    qtl::throw_if_failed(
        layer.run(device_x.view(), device_y.view(), {workspace.span(), {}, nullptr}));
    std::vector<std::uint16_t> y(m * n);
    qtl::throw_if_failed(device_y.download(y));

    // Integer layers have the same bits everywhere.
    qtl::QLinear<W, A, qtl::reference_backend> reference{w, bias};
    reference.set_epilogue(qtl::activation_function::silu);
    const auto expected = reference(qtl::as_view(std::span<const float>(x), m, k));
    int differences = 0;
    for (std::int64_t i = 0; i < m * n; ++i)
      differences += y[std::size_t(i)] != qtl::f16::encode(expected.data()[i]);
    std::printf("differences from the reference: %d of %d\n", differences, int(m * n));
  } catch (const qtl::error& e) {
    std::printf("%s\n", e.what());
    return 1;
  }
}

// Output:
// differences from the reference: 0 of 384
