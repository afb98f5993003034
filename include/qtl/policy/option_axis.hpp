// SPDX-License-Identifier: Apache-2.0
// qtl/policy/option_axis.hpp - the slots of a policy that its options fill.
// Holds: option_axis, pick_option. The options themselves: options.hpp and scale.hpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/base/config.hpp"

namespace qtl::inline v0 {

/// What a policy option decides; every option says which as its member `axis`.
enum class option_axis : std::uint8_t { scale, rounding, timing };

/// The first of Options on Axis, or Default: options may stand in any order.
template<option_axis Axis, class Default, class... Options>
struct pick_option {
  using type = Default;
};
template<option_axis Axis, class Default, class First, class... Rest>
struct pick_option<Axis, Default, First, Rest...>
    : std::conditional_t<First::axis == Axis, std::type_identity<First>,
                         pick_option<Axis, Default, Rest...>> {};

/// How many of Options stand on Axis.
template<option_axis Axis, class... Options>
inline constexpr int options_on = (int(Options::axis == Axis) + ... + 0);

}  // namespace qtl::inline v0
