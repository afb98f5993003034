// SPDX-License-Identifier: Apache-2.0
// tests/ops/scheme_cases_test.cpp - schemes, scale formats and roundings that no preset has, for
// properties_test.cpp.
#include "ops/policy_cases.hpp"

namespace {

using namespace qtl;

using more_policies = type_list<
    policy<s8, symmetric_full_clamp, per_channel>, policy<s4, symmetric_half_step, per_group<32>>,
    policy<s8, symmetric_full_range, per_channel>,
    policy<s4, symmetric_full_range, per_group<32>, scaled_by<f16>>,
    policy<s8, affine, per_block<2, 3>>, policy<u8, affine_as_is, per_channel>,
    policy<s4, affine_as_is, per_group<48>>, policy<s4, affine_float_shift, per_block<4, 16>>,
    policy<u1, affine, per_group<7>>, policy<s5, symmetric, per_group<33>, scaled_by<bf16>>,
    policy<s6, symmetric, per_tensor>, policy<u7, affine, per_group<1>>,
    policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0, scale_rule::rceil>>,
    policy<e2m1, symmetric, per_block<3, 8>, scaled_by_two_levels<e4m3>>,
    policy<e3m4, symmetric, per_channel>, policy<s8, symmetric, per_channel, round_nearest_away>,
    policy<s4, symmetric, per_group<32>, round_toward_zero>,
    policy<s4, symmetric, per_group<32>, round_floor>,
    policy<s4, symmetric, per_group<32>, round_stochastic<7>>, policy<e4m3, unscaled>>;

[[maybe_unused]] const bool added = qtl_test::add_policies(more_policies{});

}  // namespace
