// SPDX-License-Identifier: Apache-2.0
// examples/gpu/custom_kernel_config.cu - tile sizes of one's own: a kernel called by its Config,
// and a backend that holds nothing but what the program uses (and so compiles in seconds). nvcc
// compiles this file, or g++ with the emulator linked.
#include <cmath>
#include <cstdio>
#include <vector>

#include "qtl/gemm/reference.hpp"
#include "qtl/gpu.hpp"
#include "qtl/gpu/host/device.cuh"
#include "qtl/gpu/host/kernel_group.cuh"
#include "qtl/gpu/host/quantizer_list.cuh"
#include "qtl/gpu/host/w8a8_entry.cuh"
#include "qtl/nn/qlinear.hpp"

// A Config is a struct of numbers: qtl/gpu/kernel/tilings.cuh says which.
struct my_tiles {
  static constexpr qtl::short_name name = "64x64x64x2";
  static constexpr int tile_m = 64, tile_n = 64, tile_k = 64;
  static constexpr int warps_m = 2, warps_n = 2, stages = 2, min_blocks = 2;
  static constexpr qtl::gpu::reuse weights = qtl::gpu::reuse::many;
};

// A family of one kernel, for s8 times s8.
struct my_family : qtl::gpu::rows_family<8, qtl::gpu::gemm_w8a8<my_tiles, qtl::s8, qtl::s8>> {
  static constexpr qtl::short_name name = "mine";
  static constexpr auto unit = qtl::gpu::arithmetic_unit::s8;
  static constexpr bool accepts(const qtl::gemm_key& key) {
    return qtl::gpu::is_integer_product<qtl::s8, qtl::s8>(key);
  }
};

// The backend: memory is the library's, the lists are ours.
struct my_backend : qtl::gpu::backend_memory {
  static constexpr qtl::short_name name = "mine";
  static std::span<const qtl::gemm_kernel> kernels() {
    static const qtl::gemm_kernel list[] = {
        qtl::gpu::gemm_kernel_of<qtl::gpu::product_entry<my_family>>()};
    return list;
  }
  static std::span<const qtl::device_quantizer> quantizers() {
    using policies = qtl::type_list<qtl::token_s8>;
    return qtl::gpu::quantizers_of<qtl::gpu::quantizer_group<policies>>();
  }
};

int main() {
  constexpr std::int64_t m = 70, n = 65, k = 200;
  std::vector<float> weight(n * k), x(m * k);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = std::sin(0.7f * float(i));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(0.3f * float(i));
  using W = qtl::w8a8::weight;
  using A = qtl::w8a8::activation;
  try {
    const auto w = qtl::quantize<W>(qtl::as_view(std::span<const float>(weight), n, k));
    const qtl::QLinear<W, A, my_backend> layer{w};
    const qtl::QLinear<W, A, qtl::reference_backend> reference{w};
    const auto tokens = qtl::as_view(std::span<const float>(x), m, k);
    const qtl::matrix<float> y = layer(tokens);
    const qtl::matrix<float> expected = reference(tokens);
    int differences = 0;
    for (std::int64_t i = 0; i < m * n; ++i)
      differences += qtl::float_bits(y.data()[i]) != qtl::float_bits(expected.data()[i]);
    std::printf("%s: %d of %d outputs differ from the reference\n", layer.kernel_name(),
                differences, int(m * n));
  } catch (const qtl::error& e) {
    std::printf("%s\n", e.what());
    return 1;
  }
}

// Output:
// mine: 0 of 4550 outputs differ from the reference
