// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a;
// Weights quantized per channel, per group and per block, with every team that is shipped.
#include "qtl/gpu/host/quantize.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class P, class F>
using weights = quantize_rows_params<P, plain_row<F>, parameter_form::stored>;

template status quantize_matrix(const weights<w8a8::weight, f32>&, void*);
template status quantize_matrix(const weights<w4a16_affine::weight, f16>&, void*);
template status quantize_whole_matrix(const weights<nvfp4::weight, f32>&,
                                      range_workspace<nvfp4::weight>*, void*);

template<class P, class F>
using blocks = quantize_blocks_params<P, F, parameter_form::stored>;

template status quantize_blocks(const blocks<fp8_block::weight, bf16>&, void*);

#if QTL_ALL_FORMATS
template status quantize_matrix(const weights<w8a8_affine::weight, f32>&, void*);
template status quantize_matrix(const weights<w4a8_channel::weight, bf16>&, void*);
template status quantize_matrix(const weights<w4a16::weight, bf16>&, void*);
template status quantize_matrix(const weights<w4a16_shift::weight, f32>&, void*);
template status quantize_matrix(const weights<nf4_a16::weight, f32>&, void*);
template status quantize_matrix(const weights<mxfp4::weight, bf16>&, void*);
template status quantize_blocks(const blocks<policy<u4, affine, per_group<12>>, f32>&, void*);
#endif

}  // namespace qtl::inline v0::gpu
