// SPDX-License-Identifier: Apache-2.0
// qtl/policy/options.hpp - the words that may follow format, scheme and granularity in a policy.
// Holds: rounding tags, dynamic and static_scale, the concept PolicyOptions. Scale storage is in scale.hpp.
#pragma once

#include <concepts>
#include <cstdint>

#include "qtl/format/rounding.hpp"
#include "qtl/policy/scale.hpp"

namespace qtl::inline v0 {

/// Ties go to the even code; the default.
struct round_nearest_even {
  static constexpr option_axis axis = option_axis::rounding;
  static constexpr rounding_mode mode = rounding_mode::nearest_even;
  static constexpr std::uint64_t seed = 0;
};
/// Ties go away from zero, as in ggml.
struct round_nearest_away {
  static constexpr option_axis axis = option_axis::rounding;
  static constexpr rounding_mode mode = rounding_mode::nearest_away;
  static constexpr std::uint64_t seed = 0;
};
/// Truncation.
struct round_toward_zero {
  static constexpr option_axis axis = option_axis::rounding;
  static constexpr rounding_mode mode = rounding_mode::toward_zero;
  static constexpr std::uint64_t seed = 0;
};
/// Toward minus infinity.
struct round_floor {
  static constexpr option_axis axis = option_axis::rounding;
  static constexpr rounding_mode mode = rounding_mode::floor;
  static constexpr std::uint64_t seed = 0;
};
/// Unbiased: up with the probability of the fraction. The draw of element (i, j) depends on Seed, i
/// and j only.
template<std::uint64_t Seed = 0>
struct round_stochastic {
  static constexpr option_axis axis = option_axis::rounding;
  static constexpr rounding_mode mode = rounding_mode::stochastic;
  static constexpr std::uint64_t seed = Seed;
};

/// Scales come from the data at run time: activations.
struct dynamic {
  static constexpr option_axis axis = option_axis::timing;
  static constexpr bool is_dynamic = true;
};
/// Scales are fixed beforehand: weights, and activations that were calibrated; the default.
struct static_scale {
  static constexpr option_axis axis = option_axis::timing;
  static constexpr bool is_dynamic = false;
};

/// The test behind PolicyOptions, of one.
template<class O>
inline constexpr bool is_policy_option = requires {
  { O::axis } -> std::convertible_to<option_axis>;
};

/// Satisfied by lists of scaled_by<...>, scaled_by_two_levels<...>, the round_* tags, dynamic and
/// static_scale. Why: options may stand in any order after the three axes, so each says by itself
/// what it decides. One concept for the list, since g++ gives no reason for a pack of them.
template<class... O>
// clang-format off
concept PolicyOptions =
    (is_policy_option<O> && ...) ||
    unsatisfied<"a policy option is scaled_by<...>, scaled_by_two_levels<...>, a round_* tag, dynamic or static_scale", O...>;
// clang-format on

}  // namespace qtl::inline v0
