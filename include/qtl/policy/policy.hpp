// SPDX-License-Identifier: Apache-2.0
// qtl/policy/policy.hpp - format, scheme, granularity and options as one type.
// Holds: policy<...>, the concept QuantPolicy. Not here: pairs of policies (pair.hpp), presets (presets.hpp).
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/policy/concepts.hpp"

namespace qtl::inline v0 {

/// What a list of options says of each slot, defaults filled in.
template<class... O>
using pick_scale = typename pick_option<option_axis::scale, scaled_by<f32>, O...>::type;
template<class... O>
using pick_rounding = typename pick_option<option_axis::rounding, round_nearest_even, O...>::type;
template<class... O>
using pick_timing = typename pick_option<option_axis::timing, static_scale, O...>::type;

/// How a tensor of reals is represented: each element is a code of `Format`; `Scheme` turns the
/// range of each block that `Granularity` cuts into a scale and, where affine, a zero point;
/// Options are scaled_by<...>, a round_* tag, dynamic.
///
///     policy<s4, symmetric, per_group<128>>                     // weights, f32 scales
///     policy<s8, symmetric, per_token, dynamic>                 // activations
///     policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0>>   // MXFP4
///     policy<f16, unscaled>                                     // activations kept in f16
template<NumberFormat Format, Scheme Scheme_ = symmetric, Granularity Granularity_ = per_tensor,
         class... Options>
  requires PolicyOptions<Options...> && HoldsElements<Format> &&
           AffineOnIntegers<Format, Scheme_> && SymmetricOnSigned<Format, Scheme_> &&
           SymmetricHasThreeCodes<Format, Scheme_> && FullRangeOnIntegers<Format, Scheme_> &&
           ScaledFitsByte<Format, Scheme_> && UnscaledIsPlainFloat<Format, Scheme_, Granularity_> &&
           OptionsGivenOnce<Options...> && PowerOfTwoIsSymmetric<Scheme_, pick_scale<Options...>> &&
           TwoLevelsNeedBlocks<Scheme_, Granularity_, pick_scale<Options...>> &&
           RoundingIsKnown<Format, pick_rounding<Options...>>
struct policy {
  using format = Format;
  using scheme = Scheme_;
  using granularity = Granularity_;
  using scale = pick_scale<Options...>;
  using rounding_tag = pick_rounding<Options...>;
  static constexpr bool is_dynamic = pick_timing<Options...>::is_dynamic;
};

/// True for every policy<...>.
template<class P>
inline constexpr bool is_policy = false;
template<class F, class S, class G, class... O>
inline constexpr bool is_policy<policy<F, S, G, O...>> = true;

/// Satisfied by every policy<...> that compiles. Why: its own constraints have checked the axes
/// against each other.
template<class P>
concept QuantPolicy =
    is_policy<P> ||
    unsatisfied<"expected a qtl::policy<format, scheme, granularity, options...>", P>;

}  // namespace qtl::inline v0
