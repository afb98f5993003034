// SPDX-License-Identifier: Apache-2.0
// qtl/format/rounding.hpp - how a real becomes the nearest code, and which one when two are as near.
// Holds: rounding_mode, rounding, counter_random, round_to_integer, shift_right_rounded.
// Not here: the tags that people write in a policy (policy/options.hpp).
// To add one: an enumerator, a line in rounds_up(), a tag in policy/options.hpp.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"

namespace qtl::inline v0 {

/// How a value between two codes is rounded.
enum class rounding_mode : std::uint8_t {
  nearest_even,  ///< to nearest, ties to the even code: IEEE 754, PyTorch, ONNX; the default
  nearest_away,  ///< to nearest, ties away from zero: ggml
  toward_zero,   ///< truncate
  floor,         ///< toward minus infinity
  stochastic,    ///< up with a probability equal to the fraction
};

/// A rounding mode with the random bits that stochastic rounding consumes. Converts from a
/// rounding_mode.
struct rounding {
  rounding_mode mode = rounding_mode::nearest_even;
  std::uint32_t random = 0;  ///< uniform over all 32-bit values; read by stochastic only

  constexpr rounding() = default;
  QTL_HOST_DEVICE constexpr rounding(rounding_mode m, std::uint32_t r = 0) : mode(m), random(r) {}
};

/// Uniform random bits that depend on (seed, counter) only, so results do not depend on the order
/// of work. The mixing is the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
QTL_HOST_DEVICE constexpr std::uint32_t counter_random(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
}

/// Whether a magnitude goes up to the next code. `fraction` is the part dropped, as a share of one
/// step times 2^32; `more_below` says that non-zero bits below those 32 were dropped too.
QTL_HOST_DEVICE constexpr bool rounds_up(rounding r, std::uint32_t fraction, bool more_below,
                                         bool odd, bool negative) {
  constexpr std::uint32_t half = 0x80000000u;
  switch (r.mode) {
    case rounding_mode::nearest_even:
      return fraction > half || (fraction == half && (more_below || odd));
    case rounding_mode::nearest_away:
      return fraction >= half;
    case rounding_mode::toward_zero:
      return false;
    case rounding_mode::floor:
      return negative && (fraction != 0 || more_below);
    case rounding_mode::stochastic:
      return r.random < fraction;
  }
  return false;
}

/// significand / 2^shift, rounded, for 0 <= shift. `negative` tells the sign of the number it is
/// the magnitude of.
QTL_HOST_DEVICE constexpr std::uint32_t shift_right_rounded(std::uint32_t significand, int shift,
                                                            rounding r, bool negative) {
  if (shift <= 0) return significand << -shift;
  const std::uint64_t wide = static_cast<std::uint64_t>(significand) << 32;
  if (shift >= 64) return rounds_up(r, 0, significand != 0, false, negative) ? 1 : 0;
  const std::uint64_t kept = wide >> shift;  // 32 fraction bits stay
  const bool more_below = (kept << shift) != wide;
  const auto whole = static_cast<std::uint32_t>(kept >> 32);
  const auto fraction = static_cast<std::uint32_t>(kept);
  return whole + (rounds_up(r, fraction, more_below, (whole & 1u) != 0, negative) ? 1u : 0u);
}

/// x rounded to an integer. NaN gives 0; magnitudes of 2^30 and more give +-2^30, far outside every
/// integer format.
QTL_HOST_DEVICE constexpr std::int32_t round_to_integer(float x, rounding r = {}) {
  constexpr float limit = 1073741824.0f;
  if (is_nan(x)) return 0;
  const float clamped = x > limit ? limit : x < -limit ? -limit : x;
  const auto whole = static_cast<std::int32_t>(clamped);   // toward zero
  const float rest = clamped - static_cast<float>(whole);  // exact
  if (r.mode == rounding_mode::nearest_even) {             // the hot case, free of branches
    const int odd = whole & 1;
    const int up = (rest > 0.5f ? 1 : 0) | ((rest == 0.5f ? 1 : 0) & odd);
    const int down = (rest < -0.5f ? 1 : 0) | ((rest == -0.5f ? 1 : 0) & odd);
    return whole + up - down;
  }
  const bool negative = rest < 0.0f;
  const float share = magnitude(rest) * 4294967296.0f;
  const auto fraction = static_cast<std::uint32_t>(share);
  const bool more_below = static_cast<float>(fraction) != share;
  const bool away = rounds_up(r, fraction, more_below, (whole & 1) != 0, negative);
  return whole + (away ? (negative ? -1 : 1) : 0);
}

}  // namespace qtl::inline v0
