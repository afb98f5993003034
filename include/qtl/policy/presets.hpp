// SPDX-License-Identifier: Apache-2.0
// qtl/policy/presets.hpp - the combinations that the field has names for.
// Holds: w8a8 ... nf4, each a policy_pair with ::weight and ::activation, and the list shipped_presets.
// To add one: a line here and its name in the list; tests, demo and support matrix walk the list.
#pragma once

#include "qtl/format/codebook.hpp"
#include "qtl/policy/pair.hpp"

namespace qtl::inline v0 {

/// Activations kept in f16, bf16 or f32, not quantized further.
using a16 = policy<f16, unscaled>;
using a16_bf16 = policy<bf16, unscaled>;
using a32 = policy<f32, unscaled>;

/// Activations with a scale per token, taken at run time.
using token_s8 = policy<s8, symmetric, per_token, dynamic>;
using token_u8 = policy<u8, affine, per_token, dynamic>;
using token_e4m3 = policy<e4m3, symmetric, per_token, dynamic>;

/// Integers on both sides.
using w8a8 = policy_pair<"w8a8", policy<s8, symmetric, per_channel>, token_s8>;
using w8a8_static =
    policy_pair<"w8a8_static", policy<s8, symmetric, per_channel>, policy<u8, affine, per_tensor>>;
using w8a8_affine = policy_pair<"w8a8_affine", policy<u8, affine, per_channel>, token_u8>;
using w4a8 = policy_pair<"w4a8", policy<s4, symmetric, per_group<128>>, token_s8>;
using w4a8_channel = policy_pair<"w4a8_channel", policy<s4, symmetric, per_channel>, token_s8>;
using w4a4 = policy_pair<"w4a4", policy<s4, symmetric, per_channel>,
                         policy<s4, symmetric, per_token, dynamic>>;

/// Integer weights, 16-bit activations.
using w8a16 = policy_pair<"w8a16", policy<s8, symmetric, per_channel>, a16>;
using w4a16 = policy_pair<"w4a16", policy<s4, symmetric, per_group<128>, scaled_by<f16>>, a16>;
using w4a16_g32 =
    policy_pair<"w4a16_g32", policy<s4, symmetric, per_group<32>, scaled_by<f16>>, a16>;
using w4a16_affine =
    policy_pair<"w4a16_affine", policy<u4, affine, per_group<128>, scaled_by<f16>>, a16>;
using w4a16_g32_affine =
    policy_pair<"w4a16_g32_affine", policy<u4, affine, per_group<32>, scaled_by<f16>>, a16>;
using w4a16_shift =
    policy_pair<"w4a16_shift", policy<u4, affine_float_shift, per_group<64>, scaled_by<f16>>, a16>;
using w3a16 =
    policy_pair<"w3a16", policy<s3, symmetric_half_step, per_group<128>, scaled_by<f16>>, a16>;
using w2a16 = policy_pair<"w2a16", policy<u2, affine, per_group<64>, scaled_by<f16>>, a16>;

/// FP8.
using fp8 = policy_pair<"fp8", policy<e4m3, symmetric, per_channel>, token_e4m3>;
using fp8_static = policy_pair<"fp8_static", policy<e4m3, symmetric, per_tensor>,
                               policy<e4m3, symmetric, per_tensor>>;
using fp8_e5m2 = policy_pair<"fp8_e5m2", policy<e5m2, symmetric, per_channel>,
                             policy<e5m2, symmetric, per_token, dynamic>>;
using fp8_block = policy_pair<"fp8_block", policy<e4m3, symmetric, per_block<128, 128>>,
                              policy<e4m3, symmetric, per_group<128>, dynamic>>;
using w8a16_fp8 = policy_pair<"w8a16_fp8", policy<e4m3, symmetric, per_channel>, a16>;

/// An OCP MX tensor of element format F: blocks of 32 with an e8m0 scale.
template<NumberFormat F, class... O>
using mx = policy<F, symmetric, per_group<32>, scaled_by<e8m0>, O...>;
using mxfp8 = policy_pair<"mxfp8", mx<e4m3>, mx<e4m3, dynamic>>;
using mxfp8_e5m2 = policy_pair<"mxfp8_e5m2", mx<e5m2>, mx<e5m2, dynamic>>;
using mxfp6 = policy_pair<"mxfp6", mx<e2m3>, mx<e2m3, dynamic>>;
using mxfp6_e3m2 = policy_pair<"mxfp6_e3m2", mx<e3m2>, mx<e3m2, dynamic>>;
using mxfp4 = policy_pair<"mxfp4", mx<e2m1>, mx<e2m1, dynamic>>;
using mxfp4_a16 = policy_pair<"mxfp4_a16", mx<e2m1>, a16>;
using mxint8 = policy_pair<"mxint8", mx<s2f6>, mx<s2f6, dynamic>>;

/// An NVFP4 tensor: e2m1 in blocks of 16, an e4m3 scale per block, an f32 scale per tensor.
template<class... O>
using nvfp4_tensor = policy<e2m1, symmetric, per_group<16>, scaled_by_two_levels<e4m3>, O...>;
using nvfp4 = policy_pair<"nvfp4", nvfp4_tensor<>, nvfp4_tensor<dynamic>>;
using nvfp4_a16 = policy_pair<"nvfp4_a16", nvfp4_tensor<>, a16>;

/// Codebooks, weights only. The block of 64 is bitsandbytes' default. (The formats own the names
/// nf4 and fp4_bnb.)
using nf4_a16 = policy_pair<"nf4", policy<nf4, symmetric, per_group<64>>, a16>;
using fp4_bnb_a16 = policy_pair<"fp4_bnb", policy<fp4_bnb, symmetric, per_group<64>>, a16>;

/// Every preset.
using shipped_presets =
    type_list<w8a8, w8a8_static, w8a8_affine, w4a8, w4a8_channel, w4a4, w8a16, w4a16, w4a16_g32,
              w4a16_affine, w4a16_g32_affine, w4a16_shift, w3a16, w2a16, fp8, fp8_static, fp8_e5m2,
              fp8_block, w8a16_fp8, mxfp8, mxfp8_e5m2, mxfp6, mxfp6_e3m2, mxfp4, mxfp4_a16, mxint8,
              nvfp4, nvfp4_a16, nf4_a16, fp4_bnb_a16>;

}  // namespace qtl::inline v0
