// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a; expects: sqrt.rn.f32
// RMSNorm and the quantization of its result in one kernel.
#include "qtl/gpu/host/quantize.cuh"
#include "qtl/gpu/kernel/rms_norm_quantize.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class P, class Source>
using fused = quantize_rows_params<P, Source, parameter_form::decoded>;

using group_e4m3 = policy<e4m3, symmetric, per_group<128>, dynamic>;
using static_e4m3 = policy<e4m3, symmetric, per_tensor>;

template status quantize_matrix(const fused<token_s8, rms_norm_row<bf16>>&, void*);
template status quantize_matrix(const fused<group_e4m3, rms_norm_row<bf16>>&, void*);

#if QTL_ALL_FORMATS
template status quantize_matrix(const fused<token_e4m3, rms_norm_row<f16>>&, void*);
template status quantize_matrix(const fused<static_e4m3, rms_norm_row<bf16>>&, void*);
#endif

}  // namespace qtl::inline v0::gpu
