// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_weight_only.cu - W4A16 with scales per group, in every shape, for nvcc.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_weight_only.cuh"

namespace qtl::inline v0::gpu {

template<class W, class X, class S, class Shape, bool ZeroPoints = false>
using product = gemm_weight_only<weight_only<weight_only_format<W, X, S, ZeroPoints>, Shape>>;

using s4_few = product<s4, f16, f16, few_rows>;
using s4_some = product<s4, f16, f16, some_rows>;
using s4_many = product<s4, f16, f16, many_rows>;

template __global__ void run_kernel<s4_few>(const __grid_constant__ s4_few::params);
template __global__ void run_kernel<s4_some>(const __grid_constant__ s4_some::params);
template __global__ void run_kernel<s4_many>(const __grid_constant__ s4_many::params);

}  // namespace qtl::inline v0::gpu
