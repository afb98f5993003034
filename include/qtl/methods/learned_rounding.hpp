// SPDX-License-Identifier: Apache-2.0
// qtl/methods/learned_rounding.hpp - what methods that learn to round have in common.
// Holds: learn_rounding.
#pragma once

#include <algorithm>
#include <cstdint>

#include "qtl/methods/method.hpp"
#include "qtl/methods/neighbour_codes.hpp"
#include "qtl/methods/output_metric.hpp"

namespace qtl::inline v0 {

/// Plain rounding, and then learn(metric, tensor, first, rows) on chunks of about 64 rows, dealt
/// out to the executor: it rewrites rows [first, first + rows) of the tensor where it finds better.
/// Chunks begin at multiples of `band` rows. Policies without scale stay as they are, and the note
/// says so. Errors: overflow, out_of_memory.
template<QuantPolicy P, class Learn>
result<method_result<P>> learn_rounding(const layer_samples& layer, std::int64_t band,
                                        const executor_ref& executor, Learn&& learn) {
  auto nearest = try_quantize<P>(layer.weight);
  if (!nearest.ok()) return nearest.why();
  method_result<P> out;
  out.weight = *std::move(nearest);
  if constexpr (!has_neighbours<P>) {
    out.note.append("rounded to nearest: the policy has no scale");
  } else if (layer.weight.size() != 0) {
    const output_metric metric(layer.inputs, executor);
    const std::int64_t chunk = band * std::max<std::int64_t>(1, 64 / band);
    executor.parallel_for(ceil_div(layer.weight.rows, chunk), [&](std::int64_t c) {
      const std::int64_t first = c * chunk;
      learn(metric, out.weight, first, std::min(chunk, layer.weight.rows - first));
    });
  }
  return out;
}

}  // namespace qtl::inline v0
