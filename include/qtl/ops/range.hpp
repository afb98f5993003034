// SPDX-License-Identifier: Apache-2.0
// qtl/ops/range.hpp - the range of a block of reals, and whether all of them are finite.
// Holds: scanned_range, for_each_run, scan_range, check_finite. Read once, as fast as memory without flags for newer
// vectors: float minima over lanes, and NaN and Inf by the carry out of their exponents, which
// -ffast-math cannot change.
#pragma once

#include <cstdint>

#include "qtl/base/error.hpp"
#include "qtl/base/views.hpp"
#include "qtl/policy/scheme.hpp"

namespace qtl::inline v0 {

/// The smaller and the larger of two floats; what NaN gives does not matter here.
constexpr float lower_of(float a, float b) { return a < b ? a : b; }
constexpr float higher_of(float a, float b) { return a > b ? a : b; }
/// A word with the top bit set where x is NaN or Inf: adding one to the exponent then carries into
/// the sign.
constexpr std::uint32_t not_finite_bit(float x) {
  return (float_bits(x) + 0x00800000u) ^ float_bits(x);
}

/// What a scan has seen so far.
class scanned_range {
 public:
  /// Adds `count` floats, `stride` elements apart.
  constexpr void add(const float* x, std::int64_t count, std::int64_t stride) {
    std::uint32_t odd = not_finite_bit(low_);
    if (stride == 1) {
      add_lanes<8>(x, count, odd);
      add_lanes<1>(x, count, odd);
    }
    for (; count > 0; --count, x += stride) {
      low_ = lower_of(*x, low_);
      high_ = higher_of(*x, high_);
      odd |= not_finite_bit(*x);
    }
    if (odd >> 31 != 0) low_ = high_ = quiet_nan;
  }
  /// Adds another scan's: any order gives the same.
  constexpr void merge(const scanned_range& other) {
    const float ends[] = {other.low_, other.high_};
    if (!other.empty()) add(ends, 2, 1);
  }

  constexpr bool empty() const { return all_finite() && low_ > high_; }
  constexpr bool all_finite() const { return is_finite(low_) && is_finite(high_); }
  /// The range, zeros without their signs so that the order of elements cannot show; 0..0 when
  /// empty.
  constexpr value_range range() const {
    if (empty()) return {};
    return {low_ == 0.0f ? 0.0f : low_, high_ == 0.0f ? 0.0f : high_};
  }

 private:
  // The elements of whole steps of four times `Lanes` neighbours: compilers turn the loop over
  // lanes into vectors. The rest is left in x and count.
  template<int Lanes>
  constexpr void add_lanes(const float*& x, std::int64_t& count, std::uint32_t& odd) {
    if (count < 4 * Lanes) return;
    float lows[Lanes]{};
    float highs[Lanes]{};
    std::uint32_t odds[Lanes]{};
    for (int l = 0; l < Lanes; ++l) lows[l] = highs[l] = x[l];
    const float* p = x;
    for (std::int64_t step = count / (4 * Lanes); step > 0; --step, p += 4 * Lanes)
      for (int l = 0; l < Lanes; ++l) {
        const float a = p[l];
        const float b = p[l + Lanes];
        const float c = p[l + 2 * Lanes];
        const float d = p[l + 3 * Lanes];
        lows[l] = lower_of(lower_of(lower_of(a, b), lower_of(c, d)), lows[l]);
        highs[l] = higher_of(higher_of(higher_of(a, b), higher_of(c, d)), highs[l]);
        odds[l] |= not_finite_bit(a) | not_finite_bit(b) | not_finite_bit(c) | not_finite_bit(d);
      }
    for (int l = 0; l < Lanes; ++l) {
      low_ = lower_of(lows[l], low_);
      high_ = higher_of(highs[l], high_);
      odd |= odds[l];
    }
    x = p;
    count %= 4 * Lanes;
  }

  // Nothing seen: the ends the wrong way round. Both NaN once an element was not finite.
  float low_ = largest_float;
  float high_ = -largest_float;
};

/// Calls f(first, count, stride) for runs of elements that cover x, in the order of memory: one run
/// where x is dense.
template<class F>
constexpr void for_each_run(matrix_view<const float> x, F&& f) {
  const bool by_rows = (x.col_stride <= x.row_stride && x.cols != 1) || x.rows == 1;
  std::int64_t outer = by_rows ? x.rows : x.cols;
  std::int64_t inner = by_rows ? x.cols : x.rows;
  const std::int64_t outer_stride = by_rows ? x.row_stride : x.col_stride;
  const std::int64_t inner_stride = by_rows ? x.col_stride : x.row_stride;
  if (inner_stride == 1 && outer_stride == inner) {
    inner *= outer;
    outer = 1;
  }
  if (inner == 0) return;
  for (std::int64_t o = 0; o < outer; ++o) f(x.data + o * outer_stride, inner, inner_stride);
}

/// The range of a whole view.
constexpr scanned_range scan_range(matrix_view<const float> x) {
  scanned_range seen;
  for_each_run(x, [&](const float* first, std::int64_t count, std::int64_t stride) {
    seen.add(first, count, stride);
  });
  return seen;
}

/// not_finite naming the first NaN or Inf of `x` by row and column (row-major order); ok where
/// there is none.
inline status check_finite(matrix_view<const float> x, const char* operand) {
  if (scan_range(x).all_finite()) return {};
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t j = 0; j < x.cols; ++j) {
      if (is_finite(x(i, j))) continue;
      status s{error_code::not_finite, operand, -1, i, j, {}};
      s.message.append(operand).append(": element at row ").append(i).append(", column ").append(j);
      s.message.append(is_nan(x(i, j)) ? " is NaN" : " is infinite")
          .append(", expected a finite value");
      return s;
    }
  return {};
}

}  // namespace qtl::inline v0
