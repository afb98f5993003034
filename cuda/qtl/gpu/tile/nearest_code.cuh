// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/nearest_code.cuh - the nearest code of a quotient, for formats that no instruction knows.
// Holds: nearest_minifloat<F>, nearest_in_codebook<F>, codebook_value<F>, pick. Each equals F::encode or
// F::decode in every code; these have no tables in memory and no branches. Not here: e4m3 and e5m2
// (ptx/convert.cuh), integers (element_encoder.cuh).
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/format/codebook.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/arithmetic.cuh"

namespace qtl::inline v0::gpu {

/// True for the minifloats that nearest_minifloat encodes: those without NaN and Inf.
template<class F>
inline constexpr bool is_finite_minifloat = [] {
  if constexpr (requires { F::specials; })
    return F::specials == special_values::finite && F::bits <= 8;
  else
    return false;
}();

/// F::encode(x), to nearest even, of a format that has finite numbers only.
template<class F>
QTL_DEVICE std::uint32_t nearest_minifloat(float x) {
  static_assert(is_finite_minifloat<F>, "formats with NaN or Inf: F::encode");
  constexpr int dropped = 23 - F::mantissa_bits;
  constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - F::bias) << F::mantissa_bits;
  // Added to a value below the least normal, it leaves the number of subnormal steps, rounded, in
  // the lowest bits.
  constexpr float coarse = power_of_two(F::min_exponent + dropped);
  const std::uint32_t abs = float_bits(x) & 0x7FFFFFFFu;
  const std::uint32_t sign = float_bits(x) >> 31 << (F::bits - 1);
  const float size = float_from_bits(abs);
  const std::uint32_t steps = float_bits(ptx::add_rn(size, coarse)) - float_bits(coarse);
  const std::uint32_t odd = abs >> dropped & 1u;
  const std::uint32_t normal = ((abs + (1u << (dropped - 1)) - 1u + odd) >> dropped) - rebias;
  const std::uint32_t code = size < power_of_two(F::min_exponent) ? steps : normal;
  if (abs > 0x7F800000u) return F::max_code;  // NaN: +max
  return sign | (code < F::max_code ? code : F::max_code);
}

/// Values::at<First + Step * index>, index < Count, by selects: an array that is indexed at
/// run time would go to memory.
template<class Values, int First, int Step, int Count>
QTL_DEVICE auto pick(std::uint32_t index) {
  if constexpr (Count == 1) {
    return Values::template at<First>;
  } else {
    const auto low = pick<Values, First, Step, Count / 2>(index);
    const auto high = pick<Values, First + Step*(Count / 2), Step, Count / 2>(index);
    return (index & (Count / 2)) != 0 ? high : low;
  }
}

namespace codebooks {

/// How many values encode sorts: of a table with signs, its magnitudes.
template<class F>
inline constexpr std::size_t sorted_size = F::sign_magnitude ? F::size / 2 : F::size;

/// The cuts between them, ascending.
template<class Table, std::size_t Size>
struct cuts {
  template<int I>
  static constexpr float at = order_codebook<Size>(Table::values.data()).cuts[I];
};
/// Their codes by ascending value.
template<class Table, std::size_t Size>
struct codes {
  template<int I>
  static constexpr std::uint32_t at = order_codebook<Size>(Table::values.data()).codes[I];
};
/// The values by code.
template<class Table>
struct values {
  template<int I>
  static constexpr float at = Table::values[I];
};

/// True for every codebook.
template<class F>
inline constexpr bool is_codebook = false;
template<int Bits, class Table>
inline constexpr bool is_codebook<codebook<Bits, Table>> = true;

/// The table of a codebook.
template<class F>
struct table_of;
template<int Bits, class Table>
struct table_of<codebook<Bits, Table>> {
  using type = Table;
};

/// Binary search: `rank` cuts of the levels above are below key.
template<class Cuts, int Size, int Stride>
QTL_DEVICE std::uint32_t rank_of(float key, std::uint32_t rank) {
  if constexpr (Stride == 0) {
    return rank;
  } else {
    constexpr int candidates = Size / (2 * Stride);
    const float cut = pick<Cuts, Stride - 1, 2 * Stride, candidates>(rank);
    return rank_of<Cuts, Size, Stride / 2>(key, 2 * rank + (key > cut ? 1u : 0u));
  }
}

/// The magnitude of the cut nearest to zero.
template<class F>
constexpr float least_cut() {
  float least = infinity;
  const auto order = order_codebook<sorted_size<F>>(table_of<F>::type::values.data());
  for (const float cut : order.cuts) least = magnitude(cut) < least ? magnitude(cut) : least;
  return least;
}

}  // namespace codebooks

/// F::encode(x) of a codebook.
template<class F>
QTL_DEVICE std::uint32_t nearest_in_codebook(float x) {
  using table = typename codebooks::table_of<F>::type;
  constexpr auto size = static_cast<int>(codebooks::sorted_size<F>);
  const float key = F::sign_magnitude ? magnitude(x) : x;
  const std::uint32_t rank =
      codebooks::rank_of<codebooks::cuts<table, size>, size, size / 2>(key, 0);
  const std::uint32_t code = pick<codebooks::codes<table, size>, 0, 1, size>(rank);
  return F::sign_magnitude && x < 0.0f ? code | (1u << (F::bits - 1)) : code;
}

/// F::decode(code) of a codebook.
template<class F>
QTL_DEVICE float codebook_value(std::uint32_t code) {
  using table = typename codebooks::table_of<F>::type;
  return pick<codebooks::values<table>, 0, 1, static_cast<int>(F::size)>(code);
}

}  // namespace qtl::inline v0::gpu
