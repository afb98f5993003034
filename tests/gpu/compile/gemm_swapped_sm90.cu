// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_swapped_sm90.cu - Hopper's products for few tokens through nvcc: launches,
// registers, warnings.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n8k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n16k32.s32.s8.u8,
// wgmma.mma_async.sync.aligned.m64n32k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n8k32.f32.e4m3.e4m3,
// wgmma.mma_async.sync.aligned.m64n16k32.f32.e4m3.e5m2,
// wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3;
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_swapped_sm90.cuh"

namespace qtl::inline v0::gpu {

template status launch<gemm_w8a8_swapped<swapped_128x8_12stages, s8, s8>>(
    const bulk_product_params&, void*);
template status launch<gemm_w8a8_swapped<swapped_128x16_11stages, u8, s8>>(
    const bulk_product_params&, void*);
template status launch<gemm_w8a8_swapped<swapped_128x32_10stages, s8, s8>>(
    const bulk_product_params&, void*);
template status launch<gemm_fp8_swapped<swapped_128x8_12stages, e4m3, e4m3>>(
    const bulk_product_params&, void*);
template status launch<gemm_fp8_swapped<swapped_128x16_11stages, e5m2, e4m3>>(
    const bulk_product_params&, void*);
template status launch<gemm_fp8_block_swapped<swapped_128x32_10stages, e4m3, e4m3>>(
    const scaled_bulk_params<128>&, void*);
template status launch<gemm_fp8_block_swapped<swapped_128x32_10stages, e4m3, e4m3, 1>>(
    const scaled_bulk_params<1>&, void*);

}  // namespace qtl::inline v0::gpu
