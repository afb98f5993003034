// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a;
// SiLU * up and the quantization of its result in one kernel.
#include "qtl/gpu/host/quantize.cuh"
#include "qtl/gpu/kernel/silu_mul_quantize.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class P, class Source>
using fused = quantize_rows_params<P, Source, parameter_form::decoded>;

using group_e4m3 = policy<e4m3, symmetric, per_group<128>, dynamic>;

template status quantize_matrix(const fused<token_s8, silu_mul_row<bf16>>&, void*);
template status quantize_matrix(const fused<group_e4m3, silu_mul_row<bf16>>&, void*);

#if QTL_ALL_FORMATS
template status quantize_matrix(const fused<token_u8, silu_mul_row<f32>>&, void*);
#endif

}  // namespace qtl::inline v0::gpu
