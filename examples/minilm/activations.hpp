// SPDX-License-Identifier: Apache-2.0
// examples/minilm/activations.hpp - what really goes into the linear layers of the encoder.
// Holds: collect_inputs, collect_ranges. One pass over the texts; the rows kept are chosen beforehand, by chance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "qtl/policy/scheme.hpp"

#include "encoder.hpp"

namespace minilm {

/// For each of encoder_weights::linears, `samples` of its inputs, one row each: of random tokens,
/// the same in all layers, and for the pooler of random texts. Fewer where there are fewer. The
/// same seed chooses the same rows everywhere.
std::vector<matrix> collect_inputs(const encoder_weights& weights, std::span<const token_ids> texts,
                                   std::size_t samples, std::uint64_t seed);

/// For each of encoder_weights::linears, the range of all its inputs.
std::vector<qtl::value_range> collect_ranges(const encoder_weights& weights,
                                             std::span<const token_ids> texts);

}  // namespace minilm
