// SPDX-License-Identifier: Apache-2.0
// qtl/base/math.hpp - small exact arithmetic that is constexpr and callable from a kernel.
// Holds: bit_cast, float_bits, is_nan, is_finite, power_of_two, ceil_div, checked products.
// Not here: rounding (format/rounding.hpp). Everything works on bit patterns, so -ffast-math cannot change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "qtl/base/config.hpp"

namespace qtl::inline v0 {

/// std::bit_cast that device code may call without a flag of the user's build.
template<class To, class From>
  requires(sizeof(To) == sizeof(From))
QTL_HOST_DEVICE constexpr To bit_cast(const From& from) {
  return __builtin_bit_cast(To, from);
}

/// The bit pattern of x, and the float of a bit pattern.
QTL_HOST_DEVICE constexpr std::uint32_t float_bits(float x) { return bit_cast<std::uint32_t>(x); }
QTL_HOST_DEVICE constexpr float float_from_bits(std::uint32_t bits) {
  return bit_cast<float>(bits);
}

/// Whether x is NaN; read from its bits.
QTL_HOST_DEVICE constexpr bool is_nan(float x) {
  return (float_bits(x) & 0x7FFFFFFFu) > 0x7F800000u;
}
/// Whether x is neither NaN nor infinite; read from its bits.
QTL_HOST_DEVICE constexpr bool is_finite(float x) {
  return (float_bits(x) & 0x7F800000u) != 0x7F800000u;
}
/// x without its sign.
QTL_HOST_DEVICE constexpr float magnitude(float x) {
  return float_from_bits(float_bits(x) & 0x7FFFFFFFu);
}

/// Named values: infinity, a quiet NaN, the smallest positive and the largest finite float.
inline constexpr float infinity = float_from_bits(0x7F800000u);
inline constexpr float quiet_nan = float_from_bits(0x7FC00000u);
inline constexpr float smallest_float = float_from_bits(1u);
inline constexpr float largest_float = float_from_bits(0x7F7FFFFFu);

/// floor(log2(x)) of a positive finite x, subnormals included; taken from the bits, never from a
/// logarithm.
QTL_HOST_DEVICE constexpr int floor_log2(float x) {
  const std::uint32_t bits = float_bits(x);
  const int exponent = static_cast<int>(bits >> 23 & 0xFFu);
  if (exponent != 0) return exponent - 127;
  int result = -150;
  for (std::uint32_t rest = bits & 0x7FFFFFu; rest != 0; rest >>= 1) ++result;
  return result;
}

/// 2^exponent as a float: exact for -149 <= exponent <= 127, else 0 or infinity.
QTL_HOST_DEVICE constexpr float power_of_two(int exponent) {
  if (exponent > 127) return float_from_bits(0x7F800000u);
  if (exponent >= -126) return float_from_bits(static_cast<std::uint32_t>(exponent + 127) << 23);
  return exponent < -149 ? 0.0f : float_from_bits(1u << (exponent + 149));
}

/// a * b + c with one rounding, whatever the compiler contracts elsewhere.
QTL_HOST_DEVICE inline float fused_multiply_add(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}

/// The least integer not below a / b, for a >= 0 and b > 0.
template<class I>
QTL_HOST_DEVICE constexpr I ceil_div(I a, I b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

/// Writes a * b and returns true, or returns false where a factor is negative or the product
/// overflows.
constexpr bool checked_multiply(std::int64_t a, std::int64_t b, std::int64_t& product) {
  if (a < 0 || b < 0) return false;
  if (b != 0 && a > INT64_MAX / b) return false;
  product = a * b;
  return true;
}

/// Element `index` of an array of T that may lie at any address: a mapped file is not aligned.
template<class T>
T load_unaligned(const std::byte* bytes, std::int64_t index = 0) {
  T value;
  __builtin_memcpy(&value, bytes + index * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

/// The inverse of load_unaligned.
template<class T>
void store_unaligned(std::byte* bytes, std::int64_t index, const T& value) {
  __builtin_memcpy(bytes + index * static_cast<std::int64_t>(sizeof(T)), &value, sizeof(T));
}

}  // namespace qtl::inline v0
