// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_weight_only.cu - instances of the weight-only products for nvcc, every target.
#include "qtl/gpu/kernel/gemm_weight_only.cuh"

namespace gpu = qtl::gpu;

template<class K>
__global__ void __launch_bounds__(K::threads, K::min_blocks)
    kernel(const __grid_constant__ typename K::params p) {
  K::run(p);
}

template<class Format, class Shape>
using instance = gpu::gemm_weight_only<gpu::weight_only<Format, Shape>>;

using s4_f16 = gpu::weight_only_format<qtl::s4, qtl::f16, qtl::f16>;
template __global__ void kernel<instance<s4_f16, gpu::few_rows>>(
    const __grid_constant__ typename instance<s4_f16, gpu::few_rows>::params);
template __global__ void kernel<instance<s4_f16, gpu::some_rows>>(
    const __grid_constant__ typename instance<s4_f16, gpu::some_rows>::params);
template __global__ void kernel<instance<s4_f16, gpu::many_rows>>(
    const __grid_constant__ typename instance<s4_f16, gpu::many_rows>::params);
