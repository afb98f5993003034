// SPDX-License-Identifier: Apache-2.0
// qtl/methods/neighbour_codes.hpp - the two codes between which a real lies, in any format.
// Holds: code_ladder, ladder_of<P>, code_pair, neighbours<P>. Methods that learn to round choose between the two.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "qtl/ops/element.hpp"

namespace qtl::inline v0 {

/// The codes of a policy of at most 8 bits by ascending value; NaN, Inf and codes that the scheme
/// does not use left out, each value once.
struct code_ladder {
  std::array<std::uint8_t, 256> raw{};   ///< raw bits of the code of each rank
  std::array<std::int16_t, 256> rank{};  ///< of raw bits; -1 where they are left out
  int size = 0;
};

/// Whether P's scheme uses the code.
template<QuantPolicy P>
constexpr bool is_used_code(std::uint32_t raw) {
  using F = typename P::format;
  if constexpr (is_integer_format<F>) {
    constexpr code_bounds bounds = P::scheme::template bounds<F>();
    const auto code = static_cast<std::int32_t>(from_bits<F>(raw));
    return code >= bounds.qmin && code <= bounds.qmax;
  } else {
    return is_finite(F::decode(from_bits<F>(raw)));
  }
}

/// P's ladder.
template<QuantPolicy P>
  requires(P::format::bits <= 8)
inline constexpr code_ladder ladder_of = [] {
  using F = typename P::format;
  constexpr const auto& values = value_table<F>;
  code_ladder ladder;
  std::array<std::uint8_t, 256> order{};
  std::size_t used = 0;
  for (std::uint32_t raw = 0; raw < values.size(); ++raw)
    if (is_used_code<P>(raw)) order[used++] = static_cast<std::uint8_t>(raw);
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(used),
            [&](std::uint8_t a, std::uint8_t b) {
              return values[a] != values[b] ? values[a] < values[b] : a < b;
            });
  ladder.rank.fill(-1);
  for (std::size_t i = 0; i < used; ++i) {
    if (i == 0 || values[order[i]] != values[order[i - 1]])
      ladder.raw[static_cast<std::size_t>(ladder.size++)] = order[i];
    ladder.rank[order[i]] = static_cast<std::int16_t>(ladder.size - 1);
  }
  return ladder;
}();

/// Two codes, as raw bits, and their reals, the lower first; the same one twice where a real lies
/// beyond the last code.
struct code_pair {
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  float low_real = 0.0f;
  float high_real = 0.0f;

  bool has_choice() const { return low != high; }
  /// Where x lies between the two: 0 at the lower, 1 at the upper.
  float position(float x) const { return (x - low_real) / (high_real - low_real); }
};

/// The codes around x in a block with parameters p: one is x's own code, rounded by r.
template<QuantPolicy P>
code_pair neighbours(float x, const qparams<P>& p, rounding r) {
  using F = typename P::format;
  constexpr const code_ladder& ladder = ladder_of<P>;
  const auto raw = static_cast<std::uint8_t>(to_bits<F>(encode_element<P>(x, p, r)));
  const float real = decode_element<P>(from_bits<F>(raw), p);
  const int rank = ladder.rank[raw];
  // A negative scale turns the ladder over.
  const int other = rank + ((x < real) != (p.scale < 0.0f) ? -1 : 1);
  if (rank < 0 || other < 0 || other >= ladder.size) return {raw, raw, real, real};
  const std::uint8_t other_raw = ladder.raw[static_cast<std::size_t>(other)];
  const float other_real = decode_element<P>(from_bits<F>(other_raw), p);
  if (x < real) return {other_raw, raw, other_real, real};
  return {raw, other_raw, real, other_real};
}

/// Whether methods that choose between neighbours can work on P: it has scales, hence at most 8
/// bits.
template<QuantPolicy P>
inline constexpr bool has_neighbours = !is_unscaled<typename P::scheme>;

}  // namespace qtl::inline v0
