// SPDX-License-Identifier: Apache-2.0
// qtl/calib/scan.hpp - a batch read once: its range, and whether all of it is finite.
// Holds: scan_batch, for_each_run. As fast as memory without flags for newer vectors, where ops/range.hpp follows the
// order of bit patterns: float minima over 16 lanes, and NaN and Inf by the carry out of their
// exponents.
#pragma once

#include <cstdint>

#include "qtl/ops/range.hpp"

namespace qtl::inline v0 {

/// Calls f(first, count, stride) for runs of elements that cover x, in the order of memory: one run
/// where x is dense.
template<class F>
constexpr void for_each_run(matrix_view<const float> x, F&& f) {
  const bool by_rows = x.col_stride <= x.row_stride || x.rows == 1;
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

/// The smaller and the larger of two floats; what NaN gives does not matter here.
constexpr float lower_of(float a, float b) { return a < b ? a : b; }
constexpr float higher_of(float a, float b) { return a > b ? a : b; }
/// A word with the top bit set where x is NaN or Inf: adding one to the exponent then carries into
/// the sign.
constexpr std::uint32_t not_finite_bit(float x) {
  return (float_bits(x) + 0x00800000u) ^ float_bits(x);
}

/// Widens low..high to hold `count` neighbours; false where one of them is NaN or Inf. Four times
/// 16 lanes at a time: compilers turn the loop over lanes into vectors.
constexpr bool scan_run(const float* x, std::int64_t count, float& low, float& high) {
  constexpr int lanes = 16;
  float lows[lanes]{};
  float highs[lanes]{};
  std::uint32_t odd[lanes]{};
  for (int l = 0; l < lanes; ++l) {
    lows[l] = low;
    highs[l] = high;
  }
  const float* p = x;
  for (std::int64_t step = count / (4 * lanes); step > 0; --step, p += 4 * lanes)
    for (int l = 0; l < lanes; ++l) {
      const float a = p[l];
      const float b = p[l + lanes];
      const float c = p[l + 2 * lanes];
      const float d = p[l + 3 * lanes];
      lows[l] = lower_of(lower_of(lower_of(a, b), lower_of(c, d)), lows[l]);
      highs[l] = higher_of(higher_of(higher_of(a, b), higher_of(c, d)), highs[l]);
      odd[l] |= not_finite_bit(a) | not_finite_bit(b) | not_finite_bit(c) | not_finite_bit(d);
    }
  std::uint32_t any = 0;
  for (int l = 0; l < static_cast<int>(count % (4 * lanes)); ++l) {
    low = lower_of(p[l], low);
    high = higher_of(p[l], high);
    any |= not_finite_bit(p[l]);
  }
  for (int l = 0; l < lanes; ++l) {
    low = lower_of(lows[l], low);
    high = higher_of(highs[l], high);
    any |= odd[l];
  }
  return any >> 31 == 0;
}

/// Reads a batch once: its range into `seen` (zeros without their signs, so that the order of
/// elements cannot show), or not_finite naming row and column. Nothing is seen of a batch without
/// elements.
constexpr status scan_batch(matrix_view<const float> batch, scanned_range& seen) {
  constexpr std::int64_t worth_lanes = 256;
  seen = {};
  if (batch.rows == 0 || batch.cols == 0) return {};
  float low = batch(0, 0);
  float high = low;
  bool finite = true;
  scanned_range rest;
  for_each_run(batch, [&](const float* x, std::int64_t count, std::int64_t stride) {
    if (stride == 1 && count >= worth_lanes)
      finite = scan_run(x, count, low, high) && finite;
    else
      rest.add(x, count, stride);
  });
  if (!finite || !rest.all_finite()) return check_finite(batch, "batch");
  if (!rest.empty()) {
    low = lower_of(rest.range().min, low);
    high = higher_of(rest.range().max, high);
  }
  const float ends[] = {low == 0.0f ? 0.0f : low, high == 0.0f ? 0.0f : high};
  seen.add(ends, 2, 1);
  return {};
}

}  // namespace qtl::inline v0
