// SPDX-License-Identifier: Apache-2.0
// qtl/calib/minmax.hpp - the simplest observer: the range of everything seen.
// Holds: minmax_observer, try_calibrate, calibrate. A static activation policy takes its parameters from here.
#pragma once

#include "qtl/ops/choose_qparams.hpp"

namespace qtl::inline v0 {

/// Remembers the range of all batches; observers of shards merge into that of the whole.
class minmax_observer {
 public:
  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    const matrix_view<const float> x = as_view(batch);
    if (const status s = check_finite(x, "batch"); !s.ok()) return s;
    seen_.merge(scan_range(x));
    return {};
  }
  void merge(const minmax_observer& other) { seen_.merge(other.seen_); }
  void reset() { seen_ = {}; }

  /// True where nothing was seen.
  bool empty() const { return seen_.empty(); }
  value_range range() const { return seen_.range(); }

  /// The parameters of a per_tensor policy for that range. Error: invalid_argument where nothing
  /// was seen.
  template<QuantPolicy P>
  result<qparams<P>> try_params() const {
    if (empty())
      return failure(error_code::invalid_argument, "observer",
                     "no samples were seen, expected at least one");
    return choose_qparams<P>(range());
  }

 private:
  scanned_range seen_;
};

/// The parameters of a static per_tensor policy from one batch of samples.
template<QuantPolicy P, MatrixSource M>
result<qparams<P>> try_calibrate(const M& samples) {
  minmax_observer observer;
  if (const status s = observer.observe(samples); !s.ok()) return s;
  return observer.try_params<P>();
}

/// As try_calibrate, but throws qtl::error.
template<QuantPolicy P, MatrixSource M>
qparams<P> calibrate(const M& samples) {
  return value_or_throw(try_calibrate<P>(samples));
}

}  // namespace qtl::inline v0
