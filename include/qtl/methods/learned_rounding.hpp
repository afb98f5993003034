// SPDX-License-Identifier: Apache-2.0
// qtl/methods/learned_rounding.hpp - what methods that learn to round have in common.
// Holds: learn_rounding.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "qtl/methods/method.hpp"
#include "qtl/methods/neighbour_codes.hpp"
#include "qtl/methods/output_metric.hpp"
#include "qtl/methods/rtn.hpp"

namespace qtl::inline v0 {

/// Rounding to nearest by `start`, and then learn(metric, tensor, first, rows) on chunks of about
/// 64 rows, dealt out to the executor of `start`: it rewrites rows [first, first + rows) of the
/// tensor where it finds better. Chunks begin at multiples of `band` rows. Policies without scale
/// stay as they are, and the note says so. Errors: those of `start`.
template<QuantPolicy P, class Learn>
result<method_result<P>> learn_rounding(const layer_samples& layer, const rtn& start,
                                        std::int64_t band, Learn&& learn) {
  result<method_result<P>> nearest = start.apply<P>(layer);
  if (!nearest.ok()) return nearest;
  method_result<P> out;
  out.weight = std::move(nearest->weight);
  if constexpr (!has_neighbours<P>) {
    out.note.append("rounded to nearest: the policy has no scale");
  } else if (layer.weight.size() != 0) {
    const output_metric metric(layer.inputs, start.executor);
    const std::int64_t chunk = band * std::max<std::int64_t>(1, 64 / band);
    start.executor.parallel_for(ceil_div(layer.weight.rows, chunk), [&](std::int64_t c) {
      const std::int64_t first = c * chunk;
      learn(metric, out.weight, first, std::min(chunk, layer.weight.rows - first));
    });
  }
  return out;
}

}  // namespace qtl::inline v0
