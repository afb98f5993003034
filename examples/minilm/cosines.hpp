// SPDX-License-Identifier: Apache-2.0
// examples/minilm/cosines.hpp - how much of the sentence embeddings quantized layers leave.
// Holds: cosine_summary, compare_embeddings, quantized_linears, print_preset_cosines.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "qtl/base/executor.hpp"
#include "qtl/nn/any_linear.hpp"

#include "encoder.hpp"

namespace minilm {

/// Cosines between a text's embedding by the float encoder and by another, over texts.
struct cosine_summary {
  double mean = 0;
  double least = 1;
};

/// The float encoder's embeddings of all texts.
matrix embed_all(const encoder_weights& weights, std::span<const token_ids> texts,
                 const run_linear& run);

/// Of embeddings of the same texts, row by row.
cosine_summary compare_embeddings(const matrix& expected, const matrix& got);

/// Runs layers made of some preset. They must outlive it.
run_linear quantized_linears(std::span<const qtl::any_linear> layers,
                             const qtl::executor_ref& executor);

/// Embeds the texts with all linear layers under each preset and prints a table; "all" stands for
/// the presets that are compiled in. Static activations are calibrated on `calibration`. Throws
/// qtl::error for other names.
void print_preset_cosines(const encoder_weights& weights, std::span<const token_ids> calibration,
                          std::span<const token_ids> texts, std::vector<std::string> names,
                          const qtl::executor_ref& executor);

}  // namespace minilm
