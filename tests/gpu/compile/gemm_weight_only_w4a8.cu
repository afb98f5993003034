// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_weight_only_w4a8.cu - weights of 4 bits with 8-bit activations:
// what needs most registers, and every conversion.
// targets: 80 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32,
// cp.async.cg.shared.global.L2::cache_hint, lop3.b32
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/weight_only_policies.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class W, class X, class Shape>
using product = gemm_weight_only<weight_only<weight_only_format_of<W, X>, Shape>>;

using row_some = product<w4a8_channel::weight, s8, some_rows>;
using affine_group_few =
    product<policy<u4, affine, per_group<64>, scaled_by<f16>>, s8, few_rows_in_order>;
using affine_group_some =
    product<policy<u4, affine, per_group<64>, scaled_by<f16>>, s8, some_rows_in_order>;
using affine_group_many = product<policy<u4, affine, per_group<64>, scaled_by<f16>>, s8, many_rows>;

template __global__ void run_kernel<row_some>(const __grid_constant__ row_some::params);
template __global__ void run_kernel<affine_group_few>(
    const __grid_constant__ affine_group_few::params);
template __global__ void run_kernel<affine_group_some>(
    const __grid_constant__ affine_group_some::params);
template __global__ void run_kernel<affine_group_many>(
    const __grid_constant__ affine_group_many::params);

#if QTL_ALL_FORMATS
using row_few = product<w4a8_channel::weight, s8, few_rows>;
using row_many = product<w4a8_channel::weight, s8, many_rows>;
using affine_row_few = product<policy<u4, affine, per_channel>, s8, few_rows>;

template __global__ void run_kernel<row_few>(const __grid_constant__ row_few::params);
template __global__ void run_kernel<row_many>(const __grid_constant__ row_many::params);
template __global__ void run_kernel<affine_row_few>(const __grid_constant__ affine_row_few::params);
#endif

}  // namespace qtl::inline v0::gpu
