// SPDX-License-Identifier: Apache-2.0
// tests/nn/mixed_layers_test.cpp - pairs that no preset has: groups of both sides, schemes,
// roundings and formats crossed.
#include "nn/layer_cases.hpp"

namespace {

using namespace qtl;

template<int Number, class W, class A>
using pair = policy_pair<short_name("mixed ").append(Number), W, A>;

using s8_token_full_range = policy<s8, symmetric_full_range, per_token, dynamic>;
using s8_group_32 = policy<s8, symmetric, per_group<32>, dynamic>;
using s8_group_128 = policy<s8, symmetric, per_group<128>, dynamic>;
using u8_group_64 = policy<u8, affine, per_group<64>, dynamic>;

using mixed_pairs = type_list<
    // groups on both sides: one divides the other, or does not (48 and 32), or both are blocks of
    // rows
    pair<0, policy<s4, symmetric, per_group<32>>, s8_group_128>,
    pair<1, policy<s4, symmetric, per_group<48>>, s8_group_32>,
    pair<2, policy<s8, symmetric, per_block<16, 32>>, token_s8>,
    pair<3, policy<u8, affine, per_channel>, u8_group_64>,
    pair<4, policy<u8, affine, per_group<64>>, token_u8>,
    // zero points on both sides, of signed codes, given beforehand
    pair<5, policy<s8, affine, per_tensor>, policy<s8, affine, per_tensor>>,
    pair<6, policy<s3, symmetric_half_step, per_group<128>>,
         policy<u4, affine, per_token, dynamic>>,
    pair<7, policy<s8, symmetric, per_channel>, policy<s8, symmetric, per_tensor, dynamic>>,
    pair<8, policy<s8, symmetric_full_range, per_channel>, s8_token_full_range>,
    pair<9, policy<u1, affine, per_group<128>>, token_s8>,
    // what integer kernels do not take
    pair<10, policy<nf4, symmetric, per_group<64>>, token_s8>,
    pair<11, policy<bf16, unscaled>, a32>,
    pair<12, policy<u8, affine_as_is, per_channel>, token_s8>,
    pair<13, policy<u4, affine_float_shift, per_group<64>>, token_s8>,
    pair<14, policy<s8, symmetric, per_channel>, policy<u8, affine_as_is, per_token, dynamic>>,
    pair<15, policy<s4, symmetric, per_group<32>>,
         policy<u8, affine_float_shift, per_token, dynamic>>,
    pair<16, policy<e4m3, unscaled>, policy<e4m3, unscaled>>, pair<17, mx<e2m1>, s8_group_32>,
    // stochastic rounding depends on the seed and the position only
    pair<18, policy<s8, symmetric, per_channel>,
         policy<s8, symmetric, per_token, dynamic, round_stochastic<3>>>>;

[[maybe_unused]] const bool added = qtl_test::add_layers<false>(mixed_pairs{});

}  // namespace
