// SPDX-License-Identifier: Apache-2.0
// qtl/calib/moving_average.hpp - a range that follows the batches, late ones more than early ones.
// Holds: moving_average_observer. The first batch's range is taken as it is; each later one moves both ends by a share c:
// s <- (1 - c) s + c new. The order of batches matters, so merge() says which shard came first.
#pragma once

#include "qtl/calib/observer.hpp"

namespace qtl::inline v0 {

/// Averages the ranges of batches with weights that fall off geometrically; c = 0.1 unless given.
class moving_average_observer {
 public:
  static constexpr short_name name = "moving_average";

  /// With another share of the new batch. Error: invalid_argument outside 0 < share <= 1.
  static result<moving_average_observer> make(double share) {
    if (!valid(share))
      return failure(error_code::invalid_argument, "share", "expected 0 < share <= 1");
    moving_average_observer o;
    o.share_ = share;
    return o;
  }

  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    scanned_range seen;
    if (const status s = scan_batch(as_view(batch), seen); !s.ok() || seen.empty()) return s;
    const ends next{seen.range().min, seen.range().max};
    if (batches_ == 0)
      first_ = now_ = next;
    else
      now_ = tidied({moved(now_.min, next.min), moved(now_.max, next.max)});
    ++batches_;
    return {};
  }

  /// Adds what another has seen, of batches that came after all of this one's. With n batches of
  /// the other, s = s_other + (1 - c)^n (s_this - first_other), which is one pass over both up to
  /// rounding. Error: invalid_argument where the shares differ.
  status merge(const moving_average_observer& later) {
    if (!same_option(share_, later.share_)) return different_options(name.view());
    if (later.batches_ == 0) return {};
    if (batches_ == 0) {
      *this = later;
      return {};
    }
    const double kept = remaining(1.0 - share_, later.batches_);
    const auto joined = [kept](double now, double first, double before) {
      return now + kept * (before - first);
    };
    now_ = tidied({joined(later.now_.min, later.first_.min, now_.min),
                   joined(later.now_.max, later.first_.max, now_.max)});
    batches_ += later.batches_;
    return {};
  }
  void reset() {
    first_ = now_ = {};
    batches_ = 0;
  }

  bool empty() const { return batches_ == 0; }
  std::int64_t batches() const { return batches_; }
  /// The averaged ends, rounded to f32 once.
  value_range range() const { return {static_cast<float>(now_.min), static_cast<float>(now_.max)}; }

  std::vector<std::byte> save() const {
    observer_writer out;
    return out.put(share_).put(batches_).put(first_).put(now_).finish(name.view());
  }
  /// Error: malformed_file for bytes that no save() wrote.
  static result<moving_average_observer> load(std::span<const std::byte> bytes) {
    moving_average_observer o;
    observer_reader in(name.view(), bytes);
    if (!in.take(o.share_) || !in.take(o.batches_) || !in.take(o.first_) || !in.take(o.now_) ||
        !in.finished() || !valid(o.share_) || o.batches_ < 0 || !valid(o.first_) || !valid(o.now_))
      return not_an_observer(name.view());
    return o;
  }

 private:
  // A range between batches: kept in double, so that merging loses nothing that f32 shows.
  struct ends {
    double min = 0;
    double max = 0;
  };

  static constexpr double limit = largest_float;

  static bool valid(double share) { return share > 0.0 && share <= 1.0; }
  static bool valid(const ends& e) { return e.min >= -limit && e.max <= limit && e.min <= e.max; }
  // Rounding may put an end just beyond the other, or beyond f32.
  static ends tidied(ends e) {
    if (e.min < -limit) e.min = -limit;
    if (e.max > limit) e.max = limit;
    if (e.max < e.min) e.max = e.min;
    return e;
  }
  static double remaining(double factor, std::int64_t times) {
    double product = 1;
    for (; times > 0; times /= 2, factor *= factor)
      if (times % 2 != 0) product *= factor;
    return product;
  }
  double moved(double old, double next) const { return (1.0 - share_) * old + share_ * next; }

  double share_ = 0.1;
  std::int64_t batches_ = 0;
  ends first_;
  ends now_;
};

}  // namespace qtl::inline v0
