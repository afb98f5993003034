// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/key.hpp - what a product is, as one structural value: kernels are looked up by it.
// Holds: accumulation, gemm_key, segment_length, choose_accumulation, make_gemm_key.
#pragma once

#include <cstdint>

#include "qtl/gemm/epilogue.hpp"
#include "qtl/policy/descriptor.hpp"

namespace qtl::inline v0 {

/// How the products of a row are summed; docs/numerics.md states each to the bit or gives its
/// bound.
enum class accumulation : std::uint8_t {
  s32,          ///< all of k in 32-bit integers, exact: scales are constant along k
  s64,          ///< the same where 32 bits could overflow (very long k)
  s32_grouped,  ///< per group in 32-bit integers, groups summed in f32 by fma, ascending
  real,         ///< dequantized operands, f32 or wider
};

/// The accumulation's name.
constexpr const char* to_string(accumulation a) {
  constexpr const char* names[] = {"s32", "s64", "s32_grouped", "real"};
  return names[static_cast<int>(a)];
}

/// A product y = x W^T + bias as a value.
struct gemm_key {
  policy_desc weight;
  policy_desc activation;
  output_kind output = output_kind::as_f32;
  accumulation accumulator = accumulation::real;

  friend constexpr bool operator==(const gemm_key&, const gemm_key&) = default;
};

/// Both sides are integers of at most 8 bits with a zero point of the same width, or none.
constexpr bool is_integer_side(const policy_desc& d) {
  return d.kind == format_kind::integer && d.bits <= 8 && !d.is_unscaled() &&
         (d.zero_point == zero_point_kind::none || d.zero_point == zero_point_kind::integer);
}

/// The largest |code - zero_point|.
constexpr std::int64_t largest_difference(const policy_desc& d) {
  return d.zero_point == zero_point_kind::none ? std::int64_t{1} << (d.bits - 1)
                                               : (std::int64_t{1} << d.bits) - 1;
}

/// Columns over which both scales are constant; k where they are constant along all of it, 0 where
/// no length of group divides the other.
constexpr std::int64_t segment_length(const policy_desc& w, const policy_desc& a, std::int64_t k) {
  if (w.block_cols == 0 && a.block_cols == 0) return k;
  if (w.block_cols == 0) return a.block_cols;
  if (a.block_cols == 0) return w.block_cols;
  const std::int64_t low = w.block_cols < a.block_cols ? w.block_cols : a.block_cols;
  const std::int64_t high = w.block_cols < a.block_cols ? a.block_cols : w.block_cols;
  return high % low == 0 ? low : 0;
}

/// The accumulation that the numeric specification prescribes for this pair and length.
constexpr accumulation choose_accumulation(const policy_desc& w, const policy_desc& a,
                                           std::int64_t k) {
  if (!is_integer_side(w) || !is_integer_side(a)) return accumulation::real;
  const std::int64_t segment = segment_length(w, a, k);
  const std::int64_t step = largest_difference(w) * largest_difference(a);
  const bool fits = segment <= INT32_MAX / step;
  if (w.block_cols == 0 && a.block_cols == 0) return fits ? accumulation::s32 : accumulation::s64;
  return segment != 0 && fits ? accumulation::s32_grouped : accumulation::real;
}

/// The key of a layer with weights of n x k.
constexpr gemm_key make_gemm_key(const linear_desc& d, output_kind output, std::int64_t k) {
  return {d.weight, d.activation, output, choose_accumulation(d.weight, d.activation, k)};
}

}  // namespace qtl::inline v0
