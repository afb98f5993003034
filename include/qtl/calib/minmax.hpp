// SPDX-License-Identifier: Apache-2.0
// qtl/calib/minmax.hpp - the simplest observer: the range of everything seen.
// Holds: minmax_observer, try_calibrate, calibrate. A static activation policy takes its parameters from here.
#pragma once

#include "qtl/calib/observer.hpp"

namespace qtl::inline v0 {

/// Remembers the range of all batches; observers of shards merge into that of the whole.
class minmax_observer {
 public:
  static constexpr short_name name = "minmax";

  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    scanned_range seen;
    if (const status s = scan_batch(as_view(batch), seen); !s.ok()) return s;
    seen_.merge(seen);
    return {};
  }
  /// Adds what another has seen; never fails.
  status merge(const minmax_observer& other) {
    seen_.merge(other.seen_);
    return {};
  }
  void reset() { seen_ = {}; }

  /// True where nothing was seen.
  bool empty() const { return seen_.empty(); }
  value_range range() const { return seen_.range(); }

  std::vector<std::byte> save() const {
    observer_writer out;
    return out.put(seen_).finish(name.view());
  }
  /// Error: malformed_file for bytes that no save() wrote.
  static result<minmax_observer> load(std::span<const std::byte> bytes) {
    minmax_observer o;
    observer_reader in(name.view(), bytes);
    if (!in.take(o.seen_) || !in.finished() || !o.seen_.all_finite())
      return not_an_observer(name.view());
    return o;
  }

 private:
  scanned_range seen_;
};

/// The parameters of a static per_tensor policy from one batch of samples.
template<QuantPolicy P, MatrixSource M>
result<qparams<P>> try_calibrate(const M& samples) {
  minmax_observer observer;
  if (const status s = observer.observe(samples); !s.ok()) return s;
  return try_params<P>(observer);
}

/// As try_calibrate, but throws qtl::error.
template<QuantPolicy P, MatrixSource M>
qparams<P> calibrate(const M& samples) {
  return value_or_throw(try_calibrate<P>(samples));
}

}  // namespace qtl::inline v0
