// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/range_scan.cuh - what a scheme needs to know of a block of reals, gathered by many threads.
// Holds: amax_scan, ends_scan, scan_for<P>. Any order of elements and threads gives the same result,
// that of ops/range.hpp.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/shuffle.cuh"
#include "qtl/ops/choose_qparams.hpp"

namespace qtl::inline v0::gpu {

/// The largest magnitude, as bits: those order like the magnitudes, with Inf and then NaN above
/// all.
class amax_scan {
 public:
  QTL_DEVICE void add(float x) { take(float_bits(x) & 0x7FFFFFFFu); }
  QTL_DEVICE void merge(const amax_scan& other) { take(other.bits_); }
  QTL_DEVICE amax_scan from_lane_xor(unsigned mask) const {
    return amax_scan(ptx::shuffle_xor(bits_, mask));
  }

  QTL_DEVICE bool has_nan() const { return bits_ > 0x7F800000u; }
  QTL_DEVICE bool all_finite() const { return bits_ < 0x7F800000u; }
  /// -amax .. amax: for schemes that read the amax alone.
  QTL_DEVICE value_range range() const { return {-float_from_bits(bits_), float_from_bits(bits_)}; }

  amax_scan() = default;

 private:
  QTL_DEVICE explicit amax_scan(std::uint32_t bits) : bits_(bits) {}
  QTL_DEVICE void take(std::uint32_t bits) { bits_ = bits > bits_ ? bits : bits_; }

  std::uint32_t bits_ = 0;
};

/// Both ends of the range, and the largest magnitude to tell Inf and NaN.
class ends_scan {
 public:
  QTL_DEVICE void add(float x) {
    low_ = x < low_ ? x : low_;
    high_ = x > high_ ? x : high_;
    largest_.add(x);
  }
  QTL_DEVICE void merge(const ends_scan& other) {
    low_ = other.low_ < low_ ? other.low_ : low_;
    high_ = other.high_ > high_ ? other.high_ : high_;
    largest_.merge(other.largest_);
  }
  QTL_DEVICE ends_scan from_lane_xor(unsigned mask) const {
    ends_scan other;
    other.low_ = ptx::shuffle_xor(low_, mask);
    other.high_ = ptx::shuffle_xor(high_, mask);
    other.largest_ = largest_.from_lane_xor(mask);
    return other;
  }

  QTL_DEVICE bool has_nan() const { return largest_.has_nan(); }
  QTL_DEVICE bool all_finite() const { return largest_.all_finite(); }
  /// Zeros without their signs; 0..0 where nothing was added.
  QTL_DEVICE value_range range() const {
    if (low_ > high_) return {};
    return {low_ == 0.0f ? 0.0f : low_, high_ == 0.0f ? 0.0f : high_};
  }

 private:
  float low_ = largest_float;
  float high_ = -largest_float;
  amax_scan largest_;
};

/// Whether S turns an amax into its scale and looks at nothing else.
template<class S>
inline constexpr bool reads_amax_only =
    std::same_as<S, symmetric> || std::same_as<S, symmetric_full_clamp> ||
    std::same_as<S, symmetric_half_step>;

/// The scan that P's parameters follow from.
template<QuantPolicy P>
using scan_for = std::conditional_t<reads_amax_only<typename P::scheme>, amax_scan, ends_scan>;

}  // namespace qtl::inline v0::gpu
