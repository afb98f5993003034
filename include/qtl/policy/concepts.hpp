// SPDX-License-Identifier: Apache-2.0
// qtl/policy/concepts.hpp - the rules across the axes of a policy, one sentence each.
// Holds: a named concept per rule; policy.hpp requires them all. Every rule has a twin in tests/compile_fail.
// To add a rule: a predicate named after what must hold, a concept with its sentence, a twin, a line in policy.hpp.
#pragma once

#include <concepts>

#include "qtl/policy/granularity.hpp"
#include "qtl/policy/options.hpp"
#include "qtl/policy/scheme.hpp"

namespace qtl::inline v0 {

/// Whether the codes of F are integers.
template<class F>
inline constexpr bool is_integer_format = kind_of<F> == format_kind::integer;

/// Whether S keeps no scale.
template<class S>
inline constexpr bool is_unscaled = std::same_as<S, unscaled>;

/// Satisfied by every format but e8m0. Why: a weight needs zero and both signs.
template<class F>
concept HoldsElements =
    kind_of<F> != format_kind::exponent ||
    unsatisfied<"e8m0 holds scales, not elements: it has no zero and no sign", F>;

/// Satisfied unless an affine scheme meets a format that is not an integer. Why: a zero point is an
/// integer code.
template<class F, class S>
// clang-format off
concept AffineOnIntegers =
    S::zero_point == zero_point_kind::none || is_integer_format<F> ||
    unsatisfied<"affine quantization needs an integer format: a zero point has no meaning for floating-point or codebook values; use symmetric", F, S>;
// clang-format on

/// Satisfied unless a scaled scheme without zero point meets a format that has no negative values.
template<class F, class S>
concept SymmetricOnSigned =
    S::zero_point != zero_point_kind::none || is_unscaled<S> || is_signed_format<F> ||
    unsatisfied<"symmetric quantization needs a signed format: use s8 for u8, or affine", F, S>;

/// Satisfied unless a symmetric scheme meets a one-bit integer. Why: a code for zero and one for
/// each sign take two bits.
template<class F, class S>
// clang-format off
concept SymmetricHasThreeCodes =
    S::zero_point != zero_point_kind::none || !is_integer_format<F> || F::bits >= 2 ||
    unsatisfied<"symmetric quantization needs at least 2 bits: one bit cannot hold -1, 0 and 1; use affine", F, S>;
// clang-format on

/// Whether S differs from symmetric in which integer codes it uses.
template<class S>
inline constexpr bool chooses_integer_codes =
    std::same_as<S, symmetric_full_clamp> || std::same_as<S, symmetric_half_step> ||
    std::same_as<S, symmetric_full_range>;

/// Satisfied unless full_clamp, half_step or full_range meets a format that is not an integer.
template<class F, class S>
// clang-format off
concept FullRangeOnIntegers =
    !chooses_integer_codes<S> || is_integer_format<F> ||
    unsatisfied<"full_clamp, half_step and full_range choose among integer codes: floating-point and codebook formats use symmetric", F, S>;
// clang-format on

/// Satisfied unless a format of 16 or 32 bits meets a scheme with scales. Why: such formats have
/// range enough.
template<class F, class S>
concept ScaledFitsByte =
    is_unscaled<S> || F::bits <= 8 ||
    unsatisfied<"formats of 16 and 32 bits are not scaled: use unscaled", F, S>;

/// Satisfied unless unscaled meets an integer or a granularity other than per_tensor.
template<class F, class S, class G>
// clang-format off
concept UnscaledIsPlainFloat =
    !is_unscaled<S> || (kind_of<F> == format_kind::floating_point && std::same_as<G, per_tensor>) ||
    unsatisfied<"unscaled values are floating-point and have no granularity: write policy<f16, unscaled>", F, S, G>;
// clang-format on

/// Satisfied unless a power-of-two scale meets an affine or full-range scheme.
template<class S, class Scale>
// clang-format off
concept PowerOfTwoIsSymmetric =
    Scale::rule == scale_rule::nearest || std::same_as<S, symmetric> ||
    std::same_as<S, symmetric_full_clamp> ||
    unsatisfied<"an e8m0 scale goes with symmetric: it has no sign, and its rules start from amax alone", S, Scale>;
// clang-format on

/// Satisfied unless two-level scales meet a scheme other than symmetric, or blocks of the whole
/// tensor.
template<class S, class G, class Scale>
// clang-format off
concept TwoLevelsNeedBlocks =
    !Scale::two_levels || (std::same_as<S, symmetric> && G::block_cols != 0) ||
    unsatisfied<"two-level scales need symmetric and blocks: use per_group<16> or per_block<R, C>", S, G, Scale>;
// clang-format on

/// Satisfied unless a rounding other than the default meets a format whose encode takes none.
template<class F, class Rounding>
// clang-format off
concept RoundingIsKnown =
    std::same_as<Rounding, round_nearest_even> || has_rounding<F> ||
    unsatisfied<"this format rounds to its nearest value only: it has no encode(float, rounding)", F, Rounding>;
// clang-format on

/// Satisfied by lists of options of which no two decide the same thing.
template<class... O>
// clang-format off
concept OptionsGivenOnce =
    (options_on<option_axis::scale, O...> <= 1 && options_on<option_axis::rounding, O...> <= 1 &&
     options_on<option_axis::timing, O...> <= 1) ||
    unsatisfied<"give at most one scale storage, one rounding and one of dynamic and static_scale", O...>;
// clang-format on

}  // namespace qtl::inline v0
