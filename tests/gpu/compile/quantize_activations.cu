// SPDX-License-Identifier: Apache-2.0
// targets: 80; targets: 89 90a 100a 120a; expects: cvt.rn.satfinite.e4m3x2.f32,
// cvt.rn.satfinite.e5m2x2.f32
// Activations quantized per token, per group and per tensor, with every team that is shipped.
#include "qtl/gpu/host/quantize.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

template<class P, class F>
using tokens = quantize_rows_params<P, plain_row<F>, parameter_form::decoded>;

using token_s4 = policy<s4, symmetric, per_token, dynamic>;
using token_e5m2 = policy<e5m2, symmetric, per_token, dynamic>;
using group_e4m3 = policy<e4m3, symmetric, per_group<128>, dynamic>;
using static_s8 = policy<s8, symmetric, per_tensor>;
using static_u8 = policy<u8, affine, per_tensor>;
using tensor_e4m3 = policy<e4m3, symmetric, per_tensor, dynamic>;

template status quantize_matrix(const tokens<token_s8, bf16>&, void*);
template status quantize_matrix(const tokens<token_e4m3, bf16>&, void*);
template status quantize_matrix(const tokens<token_e5m2, f32>&, void*);
template status quantize_matrix(const tokens<group_e4m3, bf16>&, void*);
template status quantize_whole_matrix(const tokens<tensor_e4m3, bf16>&,
                                      range_workspace<tensor_e4m3>*, void*);

#if QTL_ALL_FORMATS
template status quantize_matrix(const tokens<token_s8, f32>&, void*);
template status quantize_matrix(const tokens<token_u8, f16>&, void*);
template status quantize_matrix(const tokens<token_s4, f16>&, void*);
template status quantize_matrix(const tokens<static_s8, bf16>&, void*);
template status quantize_matrix(const tokens<static_u8, f16>&, void*);
#endif

}  // namespace qtl::inline v0::gpu
