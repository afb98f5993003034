// SPDX-License-Identifier: Apache-2.0
// tests/static/policy_static_test.cpp - a page to compile: which policies and pairs exist, and
// which are refused quietly, so that templates may ask. The sentences of the refusals are in
// tests/compile_fail.
#include <type_traits>

#include <Eigen/Core>

#include "qtl/calib/minmax.hpp"
#include "qtl/core.hpp"
#include "qtl/gemm/reference.hpp"
#include "qtl/nn/qlinear.hpp"

namespace {

using namespace qtl;

// Whether policy<...> can be named.
template<class... Axes>
inline constexpr bool valid = requires { typename policy<Axes...>; };

// Integers: every scheme; one bit has no room for symmetric, unsigned no negative codes.
static_assert(valid<s8> && valid<s4, symmetric, per_group<128>> && valid<s2, symmetric_half_step> &&
              valid<s3, symmetric_full_range>);
static_assert(valid<u8, affine> && valid<s8, affine> && valid<u1, affine> &&
              valid<s1, affine_as_is> && valid<u4, affine_float_shift>);
static_assert(!valid<s1> && !valid<s1, symmetric_full_clamp> && !valid<s1, symmetric_half_step> &&
              !valid<s1, symmetric_full_range>);
static_assert(!valid<u8> && !valid<u4, symmetric_half_step> && !valid<u1, symmetric>);

// Floating point, fixed point and codebooks: symmetric only.
static_assert(valid<e4m3> && valid<e2m1, symmetric, per_group<16>> &&
              valid<nf4, symmetric, per_group<64>> && valid<s2f6> && valid<fp4_bnb>);
static_assert(!valid<e4m3, affine, per_tensor> && !valid<nf4, affine> && !valid<s2f6, affine> &&
              !valid<e2m1, affine_as_is> && !valid<e5m2, affine_float_shift>);
static_assert(!valid<e4m3, symmetric_full_clamp> && !valid<nf4, symmetric_half_step> &&
              !valid<s2f6, symmetric_full_range>);

// Scales are no elements, wide floats are not scaled, unscaled is floating point and whole.
static_assert(!valid<e8m0> && !valid<e8m0, affine> && !valid<e8m0, unscaled>);
static_assert(!valid<f16> && !valid<bf16, symmetric, per_channel> && !valid<f32>);
static_assert(valid<f16, unscaled> && valid<bf16, unscaled> && valid<f32, unscaled> &&
              valid<e4m3, unscaled>);
static_assert(!valid<s8, unscaled> && !valid<nf4, unscaled> && !valid<f16, unscaled, per_channel> &&
              !valid<f16, unscaled, per_group<32>>);

// Scale storage.
static_assert(valid<s4, symmetric, per_group<32>, scaled_by<f16>> &&
              valid<u4, affine, per_group<32>, scaled_by<bf16>>);
static_assert(valid<e2m1, symmetric, per_group<32>, scaled_by<e8m0>> &&
              valid<s8, symmetric_full_clamp, per_group<32>, scaled_by<e8m0, scale_rule::ceil>>);
static_assert(!valid<u8, affine, per_group<32>, scaled_by<e8m0>> &&
              !valid<s8, symmetric_full_range, per_group<32>, scaled_by<e8m0>>);
static_assert(!valid<s8, symmetric_half_step, per_group<32>, scaled_by<e8m0>> &&
              !valid<f16, unscaled, per_tensor, scaled_by<e8m0>>);
static_assert(valid<e2m1, symmetric, per_group<16>, scaled_by_two_levels<e4m3>> &&
              valid<s4, symmetric, per_block<2, 16>, scaled_by_two_levels<e4m3>>);
static_assert(!valid<e2m1, symmetric, per_tensor, scaled_by_two_levels<e4m3>> &&
              !valid<e2m1, symmetric, per_channel, scaled_by_two_levels<e4m3>>);
static_assert(!valid<u4, affine, per_group<16>, scaled_by_two_levels<e4m3>>);

// Options: any order, each kind once.
static_assert(valid<s8, symmetric, per_token, dynamic, scaled_by<f16>, round_floor> &&
              valid<s8, symmetric, per_token, round_floor, scaled_by<f16>, dynamic>);
static_assert(!valid<s8, symmetric, per_token, dynamic, static_scale> &&
              !valid<s8, symmetric, per_token, dynamic, dynamic>);
static_assert(!valid<s8, symmetric, per_token, scaled_by<f16>, scaled_by<f32>> &&
              !valid<s8, symmetric, per_token, round_floor, round_nearest_even>);
static_assert(!valid<nf4, symmetric, per_group<64>, round_toward_zero> &&
              valid<nf4, symmetric, per_group<64>, round_nearest_even>);

// Things that are on no axis, or on another.
static_assert(!valid<int> && !valid<s8, per_channel> && !valid<s8, symmetric, dynamic> &&
              !valid<symmetric, s8> && !valid<s8, symmetric, per_tensor, int>);
static_assert(NumberFormat<s8> && !NumberFormat<symmetric> && Scheme<affine> && !Scheme<s8> &&
              Granularity<per_token> && !Granularity<dynamic>);
static_assert(PolicyOptions<dynamic> && PolicyOptions<scaled_by<f16>> &&
              PolicyOptions<round_stochastic<9>> && !PolicyOptions<per_tensor>);
static_assert(ScaleStorage<scaled_by<f32>> && ScaleStorage<scaled_by_two_levels<e4m3>> &&
              !ScaleStorage<dynamic>);
static_assert(QuantPolicy<w8a8::weight> && !QuantPolicy<w8a8> && !QuantPolicy<int>);

// The first option of a kind is the one; defaults elsewhere.
static_assert(std::same_as<policy<s8>::scale, scaled_by<f32>> &&
              std::same_as<policy<s8>::rounding_tag, round_nearest_even> &&
              !policy<s8>::is_dynamic);
static_assert(policy<s8, symmetric, per_token, round_floor, dynamic>::is_dynamic);

// Pairs.
template<class W, class A>
inline constexpr bool is_layer = requires { typename QLinear<W, A>; };
using w = policy<s8, symmetric, per_channel>;
static_assert(ValidLinear<w, token_s8> && is_layer<w, token_s8> && is_layer<w, a16> &&
              is_layer<w, policy<u8, affine, per_tensor>>);
static_assert(is_layer<policy<bf16, unscaled>, a32> &&
              is_layer<w, policy<s8, symmetric, per_tensor, dynamic>>);
static_assert(!is_layer<token_s8, token_s8>);                          // a weight is static
static_assert(!is_layer<policy<s8, symmetric, per_token>, token_s8>);  // and has no tokens
static_assert(
    !is_layer<w, policy<s8, symmetric, per_channel, dynamic>>);  // rows of activations are tokens
static_assert(
    !is_layer<w, policy<s8, symmetric, per_block<2, 32>, dynamic>>);  // of which none share a block
static_assert(is_layer<w, policy<s8, symmetric, per_block<1, 32>, dynamic>>);
static_assert(!is_layer<w, policy<s8, symmetric, per_token>>);  // and unknown beforehand
static_assert(!is_layer<w, policy<s8, symmetric, per_group<32>>> && !is_layer<w, int> &&
              !is_layer<int, token_s8>);
static_assert(Backend<cpu_backend> && Backend<reference_backend> && !Backend<int>);

// A requantized output is eight bits, whole, scaled.
static_assert(RequantizedOutput<policy<u8, affine>> && RequantizedOutput<policy<e4m3>> &&
              !RequantizedOutput<policy<s4>>);
static_assert(!RequantizedOutput<policy<s8, symmetric, per_channel>> &&
              !RequantizedOutput<policy<e4m3, unscaled>> && !RequantizedOutput<int>);
static_assert(SingleBlock<policy<s8>> && !SingleBlock<policy<s8, symmetric, per_channel>>);

// What is stored: nothing where there is nothing.
static_assert(scale_bytes<a16> == 0 && offset_bytes<w> == 0 && scale_bytes<w> == 4 &&
              scale_bytes<mxfp4::weight> == 1);
static_assert(offset_bytes<w4a16_affine::weight> == 1 && offset_bytes<w4a16_shift::weight> == 4 &&
              offset_bytes<policy<u8, affine_as_is>> == 4);

// Views are plain values that cost nothing to pass; tensors move.
static_assert(std::is_trivially_copyable_v<QTensorView<w>> &&
              std::is_trivially_copyable_v<gemm_args> && std::is_trivially_copyable_v<gemm_kernel>);
static_assert(std::is_nothrow_move_constructible_v<QTensor<w>> &&
              std::is_nothrow_move_assignable_v<QTensor<w>>);
static_assert(std::is_move_constructible_v<QLinear<w, token_s8>> &&
              !std::is_copy_constructible_v<QLinear<w, token_s8>>);

// Quantization is constexpr down to the element.
constexpr qparams<policy<s8>> step{0.5f, {}};
static_assert(encode_element<policy<s8>>(1.25f, step) == 2 &&
              encode_element<policy<s8>>(1.75f, step) == 4);
static_assert(encode_element<policy<s8>>(-1e9f, step) == -127 &&
              decode_element<policy<s8>>(-3, step) == -1.5f);
static_assert(choose_qparams<policy<u8, affine>>({-55, 200}) ==
              qparams<policy<u8, affine>>{1.0f, 55});
static_assert(choose_qparams<policy<s8>>({0, 0}).scale == 1.0f);

}  // namespace
