// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_weight_only_w4a16.cu - integers of 4 bits with 16-bit activations:
// what needs most registers, and every conversion.
// targets: 80 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32,
// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32, cp.async.cg.shared.global.L2::cache_hint,
// lop3.b32
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/weight_only_policies.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class W, class X, class Shape>
using product = gemm_weight_only<weight_only<weight_only_format_of<W, X>, Shape>>;

using symmetric_f16_few = product<w4a16::weight, f16, few_rows>;
using symmetric_f16_some = product<w4a16::weight, f16, some_rows>;
using affine_bf16_many = product<w4a16_affine::weight, bf16, many_rows>;

template __global__ void run_kernel<symmetric_f16_few>(
    const __grid_constant__ symmetric_f16_few::params);
template __global__ void run_kernel<symmetric_f16_some>(
    const __grid_constant__ symmetric_f16_some::params);
template __global__ void run_kernel<affine_bf16_many>(
    const __grid_constant__ affine_bf16_many::params);

#if QTL_ALL_FORMATS
using symmetric_f16_many = product<w4a16::weight, f16, many_rows>;
using affine_bf16_few = product<w4a16_affine::weight, bf16, few_rows>;
using affine_bf16_some = product<w4a16_affine::weight, bf16, some_rows>;
using row_bf16_few = product<policy<s4, symmetric, per_channel>, bf16, few_rows>;
using affine_row_f16_some = product<policy<u4, affine, per_channel>, f16, some_rows>;

template __global__ void run_kernel<symmetric_f16_many>(
    const __grid_constant__ symmetric_f16_many::params);
template __global__ void run_kernel<affine_bf16_few>(
    const __grid_constant__ affine_bf16_few::params);
template __global__ void run_kernel<affine_bf16_some>(
    const __grid_constant__ affine_bf16_some::params);
template __global__ void run_kernel<row_bf16_few>(const __grid_constant__ row_bf16_few::params);
template __global__ void run_kernel<affine_row_f16_some>(
    const __grid_constant__ affine_row_f16_some::params);
#endif

}  // namespace qtl::inline v0::gpu
