// SPDX-License-Identifier: Apache-2.0
// tests/format/conformance.hpp - does a number format keep the promises that everything above
// relies on?
// Holds: find_format_fault<F>(). Walks all codes; needs no test framework. Not constexpr: g++ would
// evaluate 65536 codes while compiling, for 20 seconds.
// To use for your own: CHECK(qtl_test::find_format_fault<my_format>().rule == "").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "qtl/format/number_format.hpp"
#include "qtl/format/packing.hpp"

namespace qtl_test {

/// The first broken promise, and the bits of the code or float that broke it; an empty rule where
/// all hold.
struct format_fault {
  std::string_view rule = "";
  std::uint32_t bits = 0;
  bool none() const { return rule.empty(); }
};

constexpr std::uint32_t code_count(int bits) { return 1u << bits; }

/// The float just above (+1) or below (-1) a double that is within the range of float.
inline float float_beside(double x, int side) {
  float f = static_cast<float>(x);
  while (side > 0 ? static_cast<double>(f) <= x : static_cast<double>(f) >= x) {
    const std::uint32_t bits = qtl::float_bits(f);
    if ((bits & 0x7FFFFFFFu) == 0)
      f = qtl::float_from_bits(side > 0 ? 1u : 0x80000001u);
    else
      f = qtl::float_from_bits((bits >> 31 == 0) == (side > 0) ? bits + 1 : bits - 1);
  }
  return f;
}

/// The value that x becomes.
template<qtl::NumberFormat F>
float rounded(float x) {
  return F::decode(F::encode(x));
}

/// All finite values of F, ascending.
template<qtl::NumberFormat F>
std::vector<float> finite_values() {
  std::vector<float> values;
  for (std::uint32_t raw = 0; raw < code_count(F::bits); ++raw) {
    const float v = F::decode(qtl::from_bits<F>(raw));
    if (qtl::is_finite(v)) values.push_back(v);
  }
  std::sort(values.begin(), values.end());
  return values;
}

/// Bits and codes are two spellings of the same thing, the table of values is decode(), packing
/// loses nothing.
template<qtl::NumberFormat F>
format_fault code_fault() {
  std::vector<std::uint32_t> all;
  for (std::uint32_t raw = 0; raw < code_count(F::bits); ++raw) {
    all.push_back(raw);
    if (qtl::to_bits<F>(qtl::from_bits<F>(raw)) != raw) return {"to_bits undoes from_bits", raw};
    if constexpr (F::bits <= 8) {
      const float v = F::decode(qtl::from_bits<F>(raw));
      if (qtl::float_bits(v) != qtl::float_bits(qtl::value_table<F>[raw]))
        return {"value_table is decode()", raw};
    }
  }
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(qtl::packed_bytes(static_cast<std::int64_t>(all.size()), F::bits)));
  qtl::pack_codes<F::bits>(std::span<const std::uint32_t>(all), bytes.data());
  for (std::uint32_t raw : all)
    if (qtl::load_code<F::bits>(bytes.data(), raw) != raw) return {"codes survive packing", raw};
  return {};
}

/// A value of the format stays what it is, unless it lies beyond max (the extra negative of two's
/// complement).
template<qtl::NumberFormat F>
format_fault round_trip_fault() {
  for (std::uint32_t raw = 0; raw < code_count(F::bits); ++raw) {
    const float v = F::decode(qtl::from_bits<F>(raw));
    const auto back = F::encode(v);
    const float again = F::decode(back);
    if (qtl::from_bits<F>(qtl::to_bits<F>(back)) != back)
      return {"encode returns a code of the format", raw};
    if (qtl::is_nan(v)) {
      if (!qtl::is_nan(again)) return {"NaN stays NaN where the format has it", raw};
    } else if (qtl::is_finite(v)) {
      const bool clamped = qtl::magnitude(v) > F::max && qtl::magnitude(again) == F::max;
      if (again != v && !clamped) return {"a value of the format encodes to itself", raw};
    }
  }
  return {};
}

/// Between two neighbours the nearer one wins; on the midpoint either may.
template<qtl::NumberFormat F>
format_fault nearest_fault(const std::vector<float>& values) {
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const float low = values[i];
    const float high = values[i + 1];
    if (low == high || low < -F::max || high > F::max) continue;
    const double middle = low + (static_cast<double>(high) - low) / 2;
    const float below = float_beside(middle, -1);
    const float above = float_beside(middle, +1);
    const auto tie = static_cast<float>(middle);
    if (rounded<F>(below) != low)
      return {"below a midpoint the lower value is nearest", qtl::float_bits(below)};
    if (rounded<F>(above) != high)
      return {"above a midpoint the upper value is nearest", qtl::float_bits(above)};
    if (static_cast<double>(tie) == middle && rounded<F>(tie) != low && rounded<F>(tie) != high)
      return {"a midpoint becomes one of its neighbours", qtl::float_bits(tie)};
  }
  return {};
}

/// Beyond the range there are +-max, an infinity or NaN, never a number from the middle.
template<qtl::NumberFormat F>
format_fault overflow_fault(float lowest, float highest) {
  for (float x : {qtl::largest_float, qtl::infinity}) {
    const float up = rounded<F>(x);
    const float down = rounded<F>(-x);
    if (!qtl::is_nan(up) && !(up >= highest))
      return {"too large a value gives the largest, Inf or NaN", qtl::float_bits(x)};
    if (lowest < 0 && F::max > 0 && !qtl::is_nan(down) && !(down <= -F::max || down == lowest))
      return {"too low a value gives the lowest, -Inf or NaN", qtl::float_bits(-x)};
  }
  const auto from_nan = F::encode(qtl::quiet_nan);
  if (qtl::from_bits<F>(qtl::to_bits<F>(from_nan)) != from_nan)
    return {"NaN gives a code of the format", qtl::float_bits(qtl::quiet_nan)};
  return {};
}

/// The first promise of NumberFormat that F breaks. Formats of 32 bits are too many to walk: only
/// their names are read.
template<qtl::NumberFormat F>
format_fault find_format_fault() {
  if (qtl::short_name(F::name).empty()) return {"a format has a name", 0};
  static_assert((F::bits >= 1 && F::bits <= 8) || F::bits == 16 || F::bits == 32,
                "codes have 1 to 8, 16 or 32 bits");
  if constexpr (F::bits <= 16) {
    const std::vector<float> values = finite_values<F>();
    if (values.empty()) return {"a format has a finite value", 0};
    const float lowest = values.front();
    const float highest = values.back();
    if (F::max != highest && F::max != -lowest)
      return {"max is the largest value or magnitude", qtl::float_bits(F::max)};
    for (const format_fault& fault : {code_fault<F>(), round_trip_fault<F>(),
                                      nearest_fault<F>(values), overflow_fault<F>(lowest, highest)})
      if (!fault.none()) return fault;
  }
  return {};
}

}  // namespace qtl_test
