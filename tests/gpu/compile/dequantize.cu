// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a;
// Codes to reals, and calibration by CUB.
#include "qtl/gpu/host/calibrate.cuh"
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/dequantize.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class P, class F>
using weights = dequantize_rows<dequantization<P, F, parameter_form::stored>>;
template<class P, class F>
using tokens = dequantize_rows<dequantization<P, F, parameter_form::decoded>>;

template status launch<weights<w4a16_affine::weight, f16>>(
    const weights<w4a16_affine::weight, f16>::params&, void*);
template status launch<weights<mxfp4::weight, bf16>>(const weights<mxfp4::weight, bf16>::params&,
                                                     void*);
template status launch<tokens<token_e4m3, f32>>(const tokens<token_e4m3, f32>::params&, void*);

template result<scanned_range> scan_on_gpu<f32>(const float*, std::int64_t, void*);
template status count_on_gpu<bf16>(histogram&, const std::uint16_t*, std::int64_t, void*);

#if QTL_ALL_FORMATS
template status launch<weights<w8a8::weight, f32>>(const weights<w8a8::weight, f32>::params&,
                                                   void*);
template status launch<weights<nf4_a16::weight, bf16>>(
    const weights<nf4_a16::weight, bf16>::params&, void*);
template status launch<weights<fp8_block::weight, bf16>>(
    const weights<fp8_block::weight, bf16>::params&, void*);
template status launch<weights<w3a16::weight, f16>>(const weights<w3a16::weight, f16>::params&,
                                                    void*);
#endif

}  // namespace qtl::inline v0::gpu
