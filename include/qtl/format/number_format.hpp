// SPDX-License-Identifier: Apache-2.0
// qtl/format/number_format.hpp - what it takes to be a number format.
// Holds: the concept NumberFormat, format_kind, and uniform access to any format: encode_with, to_bits, value_table.
// Not here: scales. A format says what one element is, nothing about its neighbours.
// To add one: see docs/extend/format.md; a struct with name, bits, max, encode and decode is enough.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "qtl/base/fixed_text.hpp"
#include "qtl/base/unsatisfied.hpp"
#include "qtl/format/rounding.hpp"

namespace qtl::inline v0 {

/// The families of formats, as kernels tell them apart.
enum class format_kind : std::uint8_t {
  integer,         ///< the code is the value
  fixed_point,     ///< the code is the value times a power of two
  floating_point,  ///< sign, exponent, mantissa
  exponent,        ///< a power of two; holds scales
  codebook,        ///< an index into a table
  custom,          ///< a stranger's; known through decode() only
};

/// The test behind NumberFormat.
template<class F>
inline constexpr bool is_number_format = requires(float x) {
  { F::name } -> std::convertible_to<short_name>;
  { F::bits } -> std::convertible_to<int>;
  { F::max } -> std::convertible_to<float>;
  { F::encode(x) } -> std::integral;
  { F::decode(F::encode(x)) } -> std::same_as<float>;
};

/// Satisfied by a type with static members `name`, `bits` (1..8, 16 or 32), `max` (the largest
/// finite magnitude), `encode(float)` returning an integral code and `decode(code)` returning
/// float, all constexpr.
/// Why: everything above (packing, policies, tensors, metrics, the reference product) needs exactly this.
template<class F>
// clang-format off
concept NumberFormat =
    is_number_format<F> ||
    unsatisfied<"a number format needs static constexpr name, bits, max, encode(float) and decode(code)", F>;
// clang-format on

/// The type of F's codes: signed for signed integers, else unsigned.
template<NumberFormat F>
using code_type = decltype(F::encode(0.0f));

/// The family F belongs to; custom where F does not say.
template<NumberFormat F>
inline constexpr format_kind kind_of = [] {
  if constexpr (requires {
                  { F::kind } -> std::convertible_to<format_kind>;
                })
    return F::kind;
  else
    return format_kind::custom;
}();

/// True where F has negative values: of its own word, or because it encodes -max below zero.
template<NumberFormat F>
inline constexpr bool is_signed_format =
    F::decode(F::encode(-F::max)) < 0.0f || F::decode(F::encode(-1.0f)) < 0.0f;

/// True where F's encode also takes a rounding.
template<NumberFormat F>
inline constexpr bool has_rounding = requires(float x, rounding r) { F::encode(x, r); };

/// F's code of x, rounded as asked where F knows how (policies refuse the rest).
template<NumberFormat F>
QTL_HOST_DEVICE constexpr code_type<F> encode_with(float x, rounding r) {
  if constexpr (has_rounding<F>)
    return F::encode(x, r);
  else
    return F::encode(x);
}

/// The code as it lies in memory: the low F::bits bits.
template<NumberFormat F>
QTL_HOST_DEVICE constexpr std::uint32_t to_bits(code_type<F> code) {
  const auto raw = static_cast<std::uint32_t>(code);
  return F::bits >= 32 ? raw : raw & ((1u << (F::bits % 32)) - 1u);
}

/// The code whose low F::bits bits are `raw`; the rest of raw must be zero.
template<NumberFormat F>
QTL_HOST_DEVICE constexpr code_type<F> from_bits(std::uint32_t raw) {
  if constexpr (std::is_signed_v<code_type<F>>) {
    constexpr std::uint32_t sign = 1u << (F::bits - 1);
    return static_cast<code_type<F>>(static_cast<std::int32_t>((raw ^ sign) - sign));
  } else {
    return static_cast<code_type<F>>(raw);
  }
}

/// values[raw] = the value of every code of a format of at most 8 bits: how kernels read a format
/// they do not know.
template<NumberFormat F>
  requires(F::bits <= 8)
inline constexpr std::array<float, (1u << F::bits)> value_table = [] {
  std::array<float, (1u << F::bits)> values{};
  for (std::uint32_t raw = 0; raw < values.size(); ++raw)
    values[raw] = F::decode(from_bits<F>(raw));
  return values;
}();

}  // namespace qtl::inline v0
