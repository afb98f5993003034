// SPDX-License-Identifier: Apache-2.0
// qtl/calib/percentile.hpp - the range without a small share of the elements at either end.
// Holds: percentile_observer. Right within one bin of a histogram whose [0, amax] has more than 2048.
#pragma once

#include "qtl/calib/histogram.hpp"

namespace qtl::inline v0 {

/// From the lower to the upper percentile, 0.1 and 99.9 unless given; 99.99 and 99.999 are usual
/// for activations.
class percentile_observer {
 public:
  static constexpr short_name name = "percentile";

  /// The range that leaves out 100 - upper percent at each end.
  static result<percentile_observer> make(double upper) { return make(100.0 - upper, upper); }
  /// With both ends given. Error: invalid_argument unless 0 <= lower < upper <= 100.
  static result<percentile_observer> make(double lower, double upper) {
    if (!valid(lower, upper))
      return failure(error_code::invalid_argument, "upper",
                     "expected percentiles with 0 <= lower < upper <= 100");
    percentile_observer o;
    o.lower_ = lower;
    o.upper_ = upper;
    return o;
  }

  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    return counts_.add(as_view(batch));
  }
  /// Adds what another has seen; in any order it is one pass over all. Error: invalid_argument
  /// where the percentiles differ.
  status merge(const percentile_observer& other) {
    if (!same_option(lower_, other.lower_) || !same_option(upper_, other.upper_))
      return different_options(name.view());
    counts_.merge(other.counts_);
    return {};
  }
  void reset() { counts_ = {}; }

  bool empty() const { return counts_.empty(); }
  double lower() const { return lower_; }
  double upper() const { return upper_; }
  const histogram& counts() const { return counts_; }

  value_range range() const {
    if (empty()) return {};
    return {static_cast<float>(counts_.quantile(lower_ / 100)),
            static_cast<float>(counts_.quantile(upper_ / 100))};
  }

  std::vector<std::byte> save() const {
    observer_writer out;
    out.put(lower_).put(upper_);
    counts_.save(out);
    return out.finish(name.view());
  }
  /// Error: malformed_file for bytes that no save() wrote.
  static result<percentile_observer> load(std::span<const std::byte> bytes) {
    percentile_observer o;
    observer_reader in(name.view(), bytes);
    if (!in.take(o.lower_) || !in.take(o.upper_) || !o.counts_.load(in) || !in.finished() ||
        !valid(o.lower_, o.upper_))
      return not_an_observer(name.view());
    return o;
  }

 private:
  static bool valid(double lower, double upper) {
    return lower >= 0.0 && lower < upper && upper <= 100.0;
  }

  double lower_ = 100.0 - 99.9;  // as make(99.9) computes it
  double upper_ = 99.9;
  histogram counts_;
};

}  // namespace qtl::inline v0
