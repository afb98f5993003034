// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_weight_only_float4.cu - codebooks and floats of 4 bits with 16-bit
// activations: what needs most registers, and every conversion.
// targets: 80 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32,
// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32, cp.async.cg.shared.global.L2::cache_hint,
// prmt.b32
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/weight_only_policies.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class W, class X, class Shape>
using product = gemm_weight_only<weight_only<weight_only_format_of<W, X>, Shape>>;

using nf4_f16_some = product<nf4_a16::weight, f16, some_rows>;
using mxfp4_bf16_many = product<mxfp4_a16::weight, bf16, many_rows>;
using nvfp4_f16_few = product<nvfp4_a16::weight, f16, few_rows>;

template __global__ void run_kernel<nf4_f16_some>(const __grid_constant__ nf4_f16_some::params);
template __global__ void run_kernel<mxfp4_bf16_many>(
    const __grid_constant__ mxfp4_bf16_many::params);
template __global__ void run_kernel<nvfp4_f16_few>(const __grid_constant__ nvfp4_f16_few::params);

#if QTL_ALL_FORMATS
using nf4_f16_few = product<nf4_a16::weight, f16, few_rows>;
using mxfp4_bf16_some = product<mxfp4_a16::weight, bf16, some_rows>;
using nvfp4_f16_some = product<nvfp4_a16::weight, f16, some_rows>;
using nvfp4_f16_many = product<nvfp4_a16::weight, f16, many_rows>;

template __global__ void run_kernel<nf4_f16_few>(const __grid_constant__ nf4_f16_few::params);
template __global__ void run_kernel<mxfp4_bf16_some>(
    const __grid_constant__ mxfp4_bf16_some::params);
template __global__ void run_kernel<nvfp4_f16_some>(const __grid_constant__ nvfp4_f16_some::params);
template __global__ void run_kernel<nvfp4_f16_many>(const __grid_constant__ nvfp4_f16_many::params);
#endif

}  // namespace qtl::inline v0::gpu
