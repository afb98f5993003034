// SPDX-License-Identifier: Apache-2.0
// qtl/calib/mse.hpp - the clip with the least error of quantization.
// Holds: mse_observer<P>. Every candidate is tried with the library's own encode and decode, on the bins of a histogram
// in place of the elements; so it fits every format and scheme, and its cost does not grow with the
// number of samples.
#pragma once

#include "qtl/calib/histogram.hpp"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/descriptor.hpp"

namespace qtl::inline v0 {

/// The range under which P loses least: of the mean of |x - quantized x|^norm, norm 2 unless given
/// (2.4, as others have it, minds large errors more).
///
/// 100 candidates at each end that can move, i / 100 of the way from a pivot to the end seen, i = 1
/// .. 100; of equal ones the widest. Schemes without offset shrink both ends together; those with
/// one try every pair of ends. The pivot is 0, or the middle of a range without 0 for schemes that
/// take the range as it is. A bin stands for its elements by its middle: each error is right within
/// half a bin. The search happens in range().
template<QuantPolicy P>
  requires SingleBlock<P>
class mse_observer {
 public:
  static constexpr short_name name = "mse";
  static constexpr int candidates = 100;

  /// With another norm. Error: invalid_argument unless 0 < norm <= 16.
  static result<mse_observer> make(double norm) {
    if (!valid(norm))
      return failure(error_code::invalid_argument, "norm", "expected 0 < norm <= 16");
    mse_observer o;
    o.norm_ = norm;
    return o;
  }

  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    return counts_.add(as_view(batch));
  }
  /// Adds what another has seen; in any order it is one pass over all. Error: invalid_argument
  /// where the norms differ.
  status merge(const mse_observer& other) {
    if (!same_option(norm_, other.norm_)) return different_options(name.view());
    counts_.merge(other.counts_);
    return {};
  }
  void reset() { counts_ = {}; }

  bool empty() const { return counts_.empty(); }
  double norm() const { return norm_; }
  const histogram& counts() const { return counts_; }

  value_range range() const {
    value_range seen = counts_.range();
    if (is_unscaled<scheme> || seen.amax() == 0.0f) return seen;
    const std::vector<weighted> points = middles();
    if constexpr (scheme::zero_point == zero_point_kind::none) {
      return search(seen, 0.0f, points, true);
    } else if constexpr (scheme::zero_point == zero_point_kind::integer) {
      seen = seen.with_zero();
      return search(seen, 0.0f, points, false);
    } else {
      const bool holds_zero = seen.min <= 0.0f && seen.max >= 0.0f;
      const float middle = seen.min / 2 + seen.max / 2;
      return search(seen, holds_zero ? 0.0f : middle, points, false);
    }
  }

  std::vector<std::byte> save() const {
    observer_writer out;
    out.put(norm_);
    counts_.save(out);
    return out.finish(identity.view());
  }
  /// Error: malformed_file for bytes that no save() wrote, or that of another policy.
  static result<mse_observer> load(std::span<const std::byte> bytes) {
    mse_observer o;
    observer_reader in(identity.view(), bytes);
    if (!in.take(o.norm_) || !o.counts_.load(in) || !in.finished() || !valid(o.norm_))
      return not_an_observer(name.view());
    return o;
  }

 private:
  using scheme = typename P::scheme;
  static constexpr fixed_text<160> identity =
      fixed_text<160>("mse ").append(to_text(describe<P>()).view());

  struct weighted {
    float x;
    double count;
  };

  static bool valid(double norm) { return norm > 0.0 && norm <= 16.0; }

  // The bins that are not empty.
  std::vector<weighted> middles() const {
    std::vector<weighted> points;
    for (int b = 0; b < histogram::bins; ++b)
      if (counts_.count(b) != 0)
        points.push_back({counts_.center(b), static_cast<double>(counts_.count(b))});
    return points;
  }

  // The error under a range, or anything not below `enough` once that is certain: the summands are
  // not negative.
  double error(value_range range, const std::vector<weighted>& points, double enough) const {
    constexpr std::size_t chunk = 64;
    const qparams<P> p = choose_qparams<P>(range);
    const bool squared = same_option(norm_, 2.0);
    double sum = 0;
    for (std::size_t start = 0; start < points.size() && sum < enough; start += chunk) {
      const std::size_t end = start + chunk < points.size() ? start + chunk : points.size();
      for (std::size_t i = start; i < end; ++i) {
        const double x = points[i].x;
        const double d = x - double{decode_element<P>(encode_element<P>(points[i].x, p), p)};
        sum += points[i].count * (squared ? d * d : __builtin_pow(__builtin_fabs(d), norm_));
      }
    }
    return sum;
  }

  // Candidate i of an end.
  static float moved(float pivot, float end, int i) {
    return i == candidates ? end : pivot + (end - pivot) * (static_cast<float>(i) / candidates);
  }

  value_range search(value_range seen, float pivot, const std::vector<weighted>& points,
                     bool together) const {
    // An end on the pivot has one place to be.
    const int last_low = together || !(seen.min < pivot) ? candidates : 1;
    const int last_high = together || !(seen.max > pivot) ? candidates : 1;
    value_range best = seen;
    double least = double{infinity};
    const auto consider = [&](int i, int j) {
      const value_range range{moved(pivot, seen.min, i), moved(pivot, seen.max, j)};
      const double e = error(range, points, least);
      if (!(e < least)) return;
      least = e;
      best = range;
    };
    if (together)
      for (int i = candidates; i >= 1; --i) consider(i, i);
    else
      for (int i = candidates; i >= last_low; --i)
        for (int j = candidates; j >= last_high; --j) consider(i, j);
    return best;
  }

  double norm_ = 2.0;
  histogram counts_;
};

}  // namespace qtl::inline v0
