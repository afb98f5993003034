// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a; expects: cvt.rn.f16x2.f32, cvt.rn.bf16x2.f32
// The backend's dispatch, entries and conversions; its products and quantizers are compiled by the
// other files.
#define QTL_SEPARATE_KERNELS
#include "qtl/gpu.hpp"
#include "qtl/gpu/backend.cuh"

template struct qtl::gpu::quantizer_group<qtl::type_list<qtl::a16, qtl::a16_bf16>>;

// Columns put into another order, for quantizers of f32; those of 16 bits are above.
using gather_f32 = qtl::gpu::convert_rows<qtl::gpu::real_conversion<qtl::f32, qtl::f32>>;
template __global__ void qtl::gpu::run_kernel<gather_f32>(
    const __grid_constant__ gather_f32::params);

// A layer in a file that nvcc compiles.
qtl::status run(const qtl::QLinear<qtl::w8a8::weight, qtl::token_s8, qtl::gpu_backend>& layer,
                qtl::device_view<const qtl::f16> x, qtl::device_view<qtl::bf16> y,
                const qtl::run_context& context) {
  return layer.run(x, y, context);
}
