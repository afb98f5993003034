// SPDX-License-Identifier: Apache-2.0
// qtl/policy/pair.hpp - which weight policy and which activation policy make a linear layer.
// Holds: the rules across the two, the concept ValidLinear, policy_pair.
// To add a rule: as in concepts.hpp.
#pragma once

#include "qtl/policy/policy.hpp"

namespace qtl::inline v0 {

/// Satisfied unless the weight's policy is dynamic. Why: a weight is quantized once.
template<class W>
concept WeightIsStatic =
    !W::is_dynamic || unsatisfied<"a weight is quantized once: dynamic is for activations", W>;

/// Satisfied unless the weight's policy is per_token. Why: its rows are output channels.
template<class W>
// clang-format off
concept WeightHasNoTokens =
    !std::same_as<typename W::granularity, per_token> ||
    unsatisfied<"a weight has no tokens: use per_channel, per_group<G>, per_block<R, C> or per_tensor", W>;
// clang-format on

/// Satisfied unless an activation's scale is shared by some rows but not by all, or is per_channel.
template<class A>
// clang-format off
concept ActivationHasTokens =
    (!std::same_as<typename A::granularity, per_channel> && A::granularity::block_rows <= 1) ||
    unsatisfied<"the rows of an activation are tokens: use per_token, per_group<G> or per_tensor", A>;
// clang-format on

/// Satisfied by activation policies that are dynamic, unscaled or per_tensor. Why: tokens are not
/// known when a static scale is calibrated.
template<class A>
// clang-format off
concept StaticActivationIsPerTensor =
    A::is_dynamic || is_unscaled<typename A::scheme> ||
    std::same_as<typename A::granularity, per_tensor> ||
    unsatisfied<"a static activation scale is per_tensor: its tokens are not known beforehand; add dynamic", A>;
// clang-format on

/// Whether F has a code for NaN.
template<class F>
inline constexpr bool holds_nan = is_nan(F::decode(F::encode(quiet_nan)));

/// Satisfied by activation policies that have a scale, or a format with NaN. Why: a token that
/// holds NaN must not become a plausible number, and without a scale only its codes can say so.
template<class A>
// clang-format off
concept ActivationKeepsNaN =
    !is_unscaled<typename A::scheme> || holds_nan<typename A::format> ||
    unsatisfied<"an unscaled activation needs a format that holds NaN: f32, f16, bf16 or an FP8 format", A>;
// clang-format on

/// Satisfied by a weight policy W and an activation policy A that a linear layer y = x W^T + bias
/// can be made of.
template<class W, class A>
concept ValidLinear =
    QuantPolicy<W> && QuantPolicy<A> && WeightIsStatic<W> && WeightHasNoTokens<W> &&
    ActivationHasTokens<A> && StaticActivationIsPerTensor<A> && ActivationKeepsNaN<A>;

/// A weight policy with an activation policy, under a name.
template<fixed_text Name, QuantPolicy W, QuantPolicy A>
  requires ValidLinear<W, A>
struct policy_pair {
  static constexpr short_name name = short_name(Name.view());
  using weight = W;
  using activation = A;
};

}  // namespace qtl::inline v0
