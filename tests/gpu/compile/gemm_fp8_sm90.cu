// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_fp8_sm90.cu - Hopper's FP8 products through nvcc: launches, registers,
// warnings.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n256k32.f32.e4m3.e4m3,
// wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3,
// wgmma.mma_async.sync.aligned.m64n64k32.f32.e5m2.e4m3,
// wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3;
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_fp8_sm90.cuh"

namespace qtl::inline v0::gpu {

template<class Config>
using running = gemm_fp8_sm90<Config, e4m3, e4m3, fp8_sums_kind::running>;

template status launch<running<wgmma_128x256_4stages>>(const bulk_product_params&, void*);
template status launch<running<wgmma_128x256_4stages_pair>>(const bulk_product_params&, void*);
template status launch<running<wgmma_256x128_4stages>>(const bulk_product_params&, void*);
template status launch<gemm_fp8_sm90<wgmma_256x128_4stages, e4m3, e4m3>>(const bulk_product_params&,
                                                                         void*);
template status launch<gemm_fp8_sm90<wgmma_128x128_6stages, e4m3, e4m3>>(const bulk_product_params&,
                                                                         void*);
template status launch<gemm_fp8_sm90<wgmma_64x128_8stages, e5m2, e4m3>>(const bulk_product_params&,
                                                                        void*);
template status launch<gemm_fp8_block_sm90<wgmma_256x128_4stages, e4m3, e4m3>>(
    const scaled_bulk_params<128>&, void*);
template status launch<gemm_fp8_block_sm90<wgmma_128x128_6stages, e4m3, e4m3>>(
    const scaled_bulk_params<128>&, void*);
template status launch<gemm_fp8_block_sm90<wgmma_64x32_16stages, e4m3, e4m3>>(
    const scaled_bulk_params<128>&, void*);

// A scale for every output feature.
template<class Config>
using in_groups = gemm_fp8_block_sm90<Config, e4m3, e4m3, 1>;

template status launch<in_groups<wgmma_128x128_6stages>>(const scaled_bulk_params<1>&, void*);
template status launch<in_groups<wgmma_64x128_8stages>>(const scaled_bulk_params<1>&, void*);
template status launch<in_groups<wgmma_64x64_12stages>>(const scaled_bulk_params<1>&, void*);
template status launch<in_groups<wgmma_64x32_16stages>>(const scaled_bulk_params<1>&, void*);

template status launch<gemm_fp8_sm90<wgmma_128x128_6stages_turns, e4m3, e4m3>>(
    const bulk_product_params&, void*);

}  // namespace qtl::inline v0::gpu
