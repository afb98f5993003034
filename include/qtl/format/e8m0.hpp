// SPDX-License-Identifier: Apache-2.0
// qtl/format/e8m0.hpp - a power of two in eight bits: the scale of the OCP MX formats.
// Holds: e8m0. Not here: how a scale is chosen from an amax (policy/scale.hpp: floor, ceil, even, rceil).
#pragma once

#include <cstdint>

#include "qtl/format/number_format.hpp"

namespace qtl::inline v0 {

/// 2^(code - 127) for codes 0x00..0xFE; 0xFF is NaN. No sign and no zero: encode uses the
/// magnitude, and 0 gives 2^-127. Nearest rounding takes ties up (1.5 -> 2, 3 -> 4), as ml_dtypes
/// and ONNX do; Inf saturates to 2^127.
struct e8m0 {
  static constexpr format_kind kind = format_kind::exponent;
  static constexpr int bits = 8;
  static constexpr int bias = 127;
  static constexpr std::uint8_t nan_code = 0xFF;
  static constexpr short_name name = "e8m0";

  QTL_HOST_DEVICE static constexpr std::uint8_t encode(float x, rounding r = {}) {
    if (is_nan(x)) return nan_code;
    const std::uint32_t abs = float_bits(x) & 0x7FFFFFFFu;
    if (abs >= 0x7F800000u) return nan_code - 1;
    // Below 2^-126 f32 is subnormal: 2^-127 is 0x400000, and everything up to it is code 0.
    if (abs <= 0x400000u) return 0;
    const bool subnormal = abs < 0x800000u;
    const std::uint32_t exponent = abs >> 23;
    const std::uint32_t fraction = subnormal ? (abs & 0x3FFFFFu) << 10 : (abs & 0x7FFFFFu) << 9;
    const bool up = rounds_up(nearest_ties_up(r), fraction, false, true, false);
    const std::uint32_t code = exponent + (up ? 1u : 0u);
    return static_cast<std::uint8_t>(code > 0xFE ? 0xFE : code);
  }

  QTL_HOST_DEVICE static constexpr float decode(std::uint8_t code) {
    return code == nan_code ? quiet_nan : power_of_two(static_cast<int>(code) - bias);
  }

  /// The code of 2^exponent, clamped to the format's range.
  QTL_HOST_DEVICE static constexpr std::uint8_t from_exponent(int exponent) {
    const int code = exponent + bias;
    return static_cast<std::uint8_t>(code < 0 ? 0 : code > 0xFE ? 0xFE : code);
  }

  static constexpr float max = power_of_two(127);

 private:
  QTL_HOST_DEVICE static constexpr rounding nearest_ties_up(rounding r) {
    return r.mode == rounding_mode::nearest_even ? rounding(rounding_mode::nearest_away) : r;
  }
};

}  // namespace qtl::inline v0
