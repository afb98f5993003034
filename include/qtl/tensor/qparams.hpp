// SPDX-License-Identifier: Apache-2.0
// qtl/tensor/qparams.hpp - the numbers that one block shares: scale, and zero point or shift.
// Holds: offset_type<P>, qparams<P>. Not here: how they are chosen (ops/choose_qparams.hpp).
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/policy/policy.hpp"

namespace qtl::inline v0 {

/// What a policy without zero point stores in its place: nothing.
struct no_offset {
  friend constexpr bool operator==(no_offset, no_offset) = default;
};

/// How P keeps a zero point or shift: the format's own code, int32 (wide), float (shift), or
/// nothing.
template<QuantPolicy P>
using offset_type = std::conditional_t<
    P::scheme::zero_point == zero_point_kind::none, no_offset,
    std::conditional_t<
        P::scheme::zero_point == zero_point_kind::integer, code_type<typename P::format>,
        std::conditional_t<P::scheme::zero_point == zero_point_kind::wide, std::int32_t, float>>>;

/// The decoded parameters of one block of P: real = scale * (code - offset), scale * value(code)
/// where P has no offset, or scale * code - offset where the scheme keeps a shift.
template<QuantPolicy P>
struct qparams {
  float scale = 1.0f;
  offset_type<P> offset{};

  friend constexpr bool operator==(const qparams&, const qparams&) = default;

  /// The zero point; 0 where P has none.
  QTL_HOST_DEVICE constexpr std::int32_t zero_point() const {
    if constexpr (std::is_integral_v<offset_type<P>>)
      return offset;
    else
      return 0;
  }
  /// The shift; 0 where P has none.
  QTL_HOST_DEVICE constexpr float shift() const {
    if constexpr (std::is_same_v<offset_type<P>, float>)
      return offset;
    else
      return 0.0f;
  }
};

/// Bytes of one stored offset.
template<QuantPolicy P>
inline constexpr std::int64_t offset_bytes =
    P::scheme::zero_point == zero_point_kind::none
        ? 0
        : static_cast<std::int64_t>(sizeof(offset_type<P>));

/// Bytes of one stored scale; 0 for unscaled.
template<QuantPolicy P>
inline constexpr std::int64_t scale_bytes =
    is_unscaled<typename P::scheme>
        ? 0
        : static_cast<std::int64_t>(sizeof(stored_scale<typename P::scale::format>));

}  // namespace qtl::inline v0
