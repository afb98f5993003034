// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_w8a8_sm90.cu - Hopper's integer products through nvcc: launches,
// registers, warnings.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n256k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n256k32.s32.u8.s8,
// wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n32k32.s32.s8.s8, setmaxnreg.inc.sync.aligned.u32;
// code: gemm_w8a8_sm90 on 90a has IGMMA, UTMALDG.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

namespace qtl::inline v0::gpu {

template status launch<gemm_w8a8_sm90<wgmma_128x256_4stages, s8, s8>>(const bulk_product_params&,
                                                                      void*);
template status launch<gemm_w8a8_sm90<wgmma_128x256_4stages_pair, u8, s8>>(
    const bulk_product_params&, void*);
template status launch<gemm_w8a8_sm90<wgmma_256x128_4stages, s8, s8>>(const bulk_product_params&,
                                                                      void*);
template status launch<gemm_w8a8_sm90<wgmma_128x128_6stages, s8, s8>>(const bulk_product_params&,
                                                                      void*);
template status launch<gemm_w8a8_sm90<wgmma_64x128_8stages, s8, s8>>(const bulk_product_params&,
                                                                     void*);
template status launch<gemm_w8a8_sm90<wgmma_64x64_12stages, s8, s8>>(const bulk_product_params&,
                                                                     void*);
template status launch<gemm_w8a8_sm90<wgmma_64x32_16stages, s8, s8>>(const bulk_product_params&,
                                                                     void*);

template status launch<gemm_w8a8_sm90<wgmma_128x128_6stages_turns, s8, s8>>(
    const bulk_product_params&, void*);

}  // namespace qtl::inline v0::gpu
