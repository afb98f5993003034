// SPDX-License-Identifier: Apache-2.0
// qtl/calib/scan.hpp - a batch read once: its range, or which element is not finite.
// Holds: scan_batch.
#pragma once

#include "qtl/ops/range.hpp"

namespace qtl::inline v0 {

/// The range of a batch into `seen`, or not_finite naming row and column. Nothing is seen of a
/// batch without elements.
constexpr status scan_batch(matrix_view<const float> batch, scanned_range& seen) {
  seen = scan_range(batch);
  return seen.all_finite() ? status{} : check_finite(batch, "batch");
}

}  // namespace qtl::inline v0
