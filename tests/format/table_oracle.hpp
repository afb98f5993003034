// SPDX-License-Identifier: Apache-2.0
// tests/format/table_oracle.hpp - encoding said another way: look at every value in the golden
// table, take the nearest.
// Holds: table_oracle<F> (float -> bits of the code), code_runs (the same as intervals of float bit patterns).
// Distances are taken in double, which is exact wherever two values are nearly as near.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "format/golden_values.hpp"

namespace qtl_test {

/// Which of two neighbours gets their midpoint.
enum class tie { even_code, lower, upper };

template<class F>
struct table_oracle {
  struct entry {
    double value;
    std::uint32_t bits;
  };

  // On magnitudes for formats with a sign bit and for e8m0; on the number line for the rest.
  static constexpr bool floating = F::kind == qtl::format_kind::floating_point;
  static constexpr bool power = F::kind == qtl::format_kind::exponent;
  static constexpr bool fp4 = std::is_same_v<F, qtl::fp4_bnb>;
  static constexpr bool by_magnitude = floating || power || fp4;
  static constexpr tie rule = power                                   ? tie::upper
                              : F::kind == qtl::format_kind::codebook ? tie::lower
                                                                      : tie::even_code;

  std::vector<entry> entries;  // finite values to choose from
  double lowest = 0;
  double highest = 0;
  std::uint32_t highest_bits = 0;
  std::uint32_t sign = 1u << (F::bits - 1);
  std::uint32_t nan_bits = 0;       // what NaN becomes
  std::uint32_t infinity_bits = 0;  // what Inf becomes
  std::uint32_t overflow_bits = 0;  // what finite values become that round beyond the highest

  table_oracle() {
    // Overflow rules do not change the values, so the non-saturating twin reads the same table.
    const auto table = table_of();
    std::uint32_t last_nan = 0, last_inf = 0;
    bool has_nan = false, has_inf = false;
    const bool signed_codes = floating || fp4;
    for (std::uint32_t bits = 0; bits < table.size(); ++bits) {
      const float v = table[bits];
      const bool upper_half = signed_codes && bits >= sign;
      if (std::isnan(v) && (!upper_half || !has_nan)) last_nan = bits, has_nan = true;
      if (std::isinf(v) && !upper_half) last_inf = bits, has_inf = true;
      const bool unused = F::kind == qtl::format_kind::fixed_point && v == -2.0f;
      if (std::isfinite(v) && !upper_half && !unused) add({v, bits});
    }
    // NaN: the format's own, else +max for floats, the lowest entry of a codebook, and 0 for
    // integers.
    nan_bits = has_nan ? last_nan : floating ? highest_bits : 0;
    overflow_bits = infinity_bits = highest_bits;
    if constexpr (floating) {
      if (F::overflow == qtl::overflow_rule::to_special)
        overflow_bits = infinity_bits = has_inf ? last_inf : last_nan;
      else if (F::specials == qtl::special_values::fnuz)
        infinity_bits = last_nan;
    }
  }

  /// The bits that encode(x) should have.
  std::uint32_t operator()(float x) const {
    if (std::isnan(x)) return nan_bits;
    const double v = by_magnitude ? std::fabs(static_cast<double>(x)) : static_cast<double>(x);
    const bool negative = power ? false : fp4 ? x < 0 : std::signbit(x);
    std::uint32_t bits = 0;
    if (floating && std::isinf(v))
      bits = infinity_bits;
    else
      bits = nearest(v);
    if (!by_magnitude || !negative) return bits;
    const bool fnuz = nan_bits == sign;
    if (fnuz && (bits == 0 || bits == nan_bits)) return bits;
    if (floating && nan_bits == bits && bits != highest_bits) return bits;
    return bits | sign;
  }

 private:
  static std::span<const float> table_of() {
    if constexpr (floating)
      return golden_values<qtl::minifloat<F::exponent_bits, F::mantissa_bits, F::specials>>;
    else
      return golden_values<F>;
  }

  void add(entry e) {
    if (entries.empty() || e.value < lowest) lowest = e.value;
    if (entries.empty() || e.value > highest) highest = e.value, highest_bits = e.bits;
    entries.push_back(e);
  }

  std::uint32_t nearest(double v) const {
    if (floating) {  // as if one more value followed the highest
      const double step = highest - entries[highest_bits - 1].value;
      const double middle = highest + step / 2;
      if (v > middle || (v == middle && highest_bits % 2 == 1)) return overflow_bits;
    }
    v = v < lowest ? lowest : v > highest ? highest : v;
    entry best = entries[0];
    for (const entry& e : entries) {
      const double d = std::fabs(v - e.value), d_best = std::fabs(v - best.value);
      const bool wins_tie = rule == tie::even_code ? e.bits % 2 == 0
                            : rule == tie::lower   ? e.value < best.value
                                                   : e.value > best.value;
      if (d < d_best || (d == d_best && wins_tie)) best = e;
    }
    return best.bits;
  }
};

/// The floats first..last, as bit patterns, all become `bits`.
struct code_run {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t bits;
};

// Within one sign a code owns one interval, so equal ends mean equal in between.
template<class Oracle>
void split_runs(const Oracle& oracle, code_run ends, std::uint32_t last_bits,
                std::vector<code_run>& runs) {
  if (ends.bits == last_bits) {
    if (!runs.empty() && runs.back().bits == ends.bits && runs.back().last + 1 == ends.first)
      runs.back().last = ends.last;
    else
      runs.push_back(ends);
    return;
  }
  const std::uint32_t middle = ends.first + (ends.last - ends.first) / 2;
  const std::uint32_t left = oracle(qtl::float_from_bits(middle));
  const std::uint32_t right = oracle(qtl::float_from_bits(middle + 1));
  split_runs(oracle, {ends.first, middle, ends.bits}, left, runs);
  split_runs(oracle, {middle + 1, ends.last, right}, last_bits, runs);
}

/// All floats of one sign, ascending in magnitude, then the NaNs.
template<class F>
std::vector<code_run> code_runs(bool negative) {
  const table_oracle<F> oracle;
  const std::uint32_t sign = negative ? 0x80000000u : 0;
  std::vector<code_run> runs;
  for (const auto& [first, last] :
       {std::pair{0u, 0x7F800000u}, std::pair{0x7F800001u, 0x7FFFFFFFu}}) {
    const std::uint32_t first_bits = oracle(qtl::float_from_bits(sign | first));
    const std::uint32_t last_bits = oracle(qtl::float_from_bits(sign | last));
    split_runs(oracle, {sign | first, sign | last, first_bits}, last_bits, runs);
  }
  return runs;
}

}  // namespace qtl_test
