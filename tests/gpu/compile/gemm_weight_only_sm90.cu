// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/gemm_weight_only_sm90.cu - Hopper's products with packed weights through nvcc:
// what needs most registers, and every kind of operand.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16,
// wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16,
// wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16,
// wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3,
// wgmma.mma_async.sync.aligned.m64n16k32.f32.e4m3.e4m3, setmaxnreg.inc.sync.aligned.u32;
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_weight_only_sm90.cuh"
#include "qtl/gpu/kernel/weight_only_policies.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class W, class X, class Shape>
using product = gemm_weight_only_sm90<weight_only_sm90<weight_only_format_of<W, X>, Shape>>;

template status launch<product<w4a16::weight, f16, converted_256x128>>(const bulk_weight_params&,
                                                                       void*);
template status launch<product<w4a16_affine::weight, bf16, converted_256x128>>(
    const bulk_weight_params&, void*);
template status launch<product<policy<s4, symmetric, per_channel>, f16, converted_256x128>>(
    const bulk_weight_params&, void*);
template status launch<product<w4a8::weight, s8, converted_256x128>>(const bulk_weight_params&,
                                                                     void*);
template status launch<product<nf4_a16::weight, f16, converted_128x64>>(const bulk_weight_params&,
                                                                        void*);
template status launch<product<w4a8_channel::weight, s8, converted_128x64>>(
    const bulk_weight_params&, void*);
template status launch<product<w4a8::weight, e4m3, converted_256x128>>(const bulk_weight_params&,
                                                                       void*);
template status launch<product<w4a8_channel::weight, e4m3, converted_128x16>>(
    const bulk_weight_params&, void*);

}  // namespace qtl::inline v0::gpu
