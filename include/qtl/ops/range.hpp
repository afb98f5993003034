// SPDX-License-Identifier: Apache-2.0
// qtl/ops/range.hpp - the range of a block of reals, and whether all of them are finite.
// Holds: scanned_range, scan_range, check_finite. The comparison runs on integers: floats sort like their bit
// patterns, NaN and Inf beyond all others, and compilers vectorise it without -ffast-math.
#pragma once

#include <cstdint>

#include "qtl/base/error.hpp"
#include "qtl/base/views.hpp"
#include "qtl/policy/scheme.hpp"

namespace qtl::inline v0 {

/// What a scan has seen so far.
class scanned_range {
 public:
  /// Adds `count` floats, `stride` elements apart.
  constexpr void add(const float* x, std::int64_t count, std::int64_t stride) {
    std::int32_t low = low_;
    std::int32_t high = high_;
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int32_t key = order_key(x[i]);
        low = key < low ? key : low;
        high = key > high ? key : high;
      }
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int32_t key = order_key(x[i * stride]);
        low = key < low ? key : low;
        high = key > high ? key : high;
      }
    }
    low_ = low;
    high_ = high;
  }
  /// Adds another scan's: any order gives the same.
  constexpr void merge(const scanned_range& other) {
    low_ = other.low_ < low_ ? other.low_ : low_;
    high_ = other.high_ > high_ ? other.high_ : high_;
  }

  constexpr bool empty() const { return low_ > high_; }
  constexpr bool all_finite() const {
    return empty() || (high_ <= order_key(largest_float) && low_ >= order_key(-largest_float));
  }
  /// The range; 0..0 when empty.
  constexpr value_range range() const {
    return empty() ? value_range{} : value_range{from_key(low_), from_key(high_)};
  }

 private:
  static constexpr std::int32_t order_key(float x) {
    const auto bits = bit_cast<std::int32_t>(x);
    return bits ^ ((bits >> 31) & 0x7FFFFFFF);
  }
  static constexpr float from_key(std::int32_t key) {
    return bit_cast<float>(key ^ ((key >> 31) & 0x7FFFFFFF));
  }

  std::int32_t low_ = INT32_MAX;
  std::int32_t high_ = INT32_MIN;
};

/// The range of a whole view.
constexpr scanned_range scan_range(matrix_view<const float> x) {
  scanned_range seen;
  const bool by_rows = x.col_stride <= x.row_stride;  // walk memory the short way
  const std::int64_t outer = by_rows ? x.rows : x.cols;
  for (std::int64_t o = 0; o < outer; ++o)
    seen.add(x.data + o * (by_rows ? x.row_stride : x.col_stride), by_rows ? x.cols : x.rows,
             by_rows ? x.col_stride : x.row_stride);
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
