// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/policies.hpp - QTL's shipped presets as a table of plain functions.
// Holds: quantized_layer, policy_entry, policies, find_policy. Above this line nothing is a template; the templates
// stand in policy_part.hpp and are compiled in four parts, so that two of them can be compiled at a
// time.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "qtl/cpu.hpp"
#include "qtl/io/safetensors_writer.hpp"

#include "../quantizers/quantizer.hpp"
#include "input_change.hpp"
#include "network.hpp"

namespace fashion {

/// A layer made by some policy, and what stands in front of it.
struct quantized_layer {
  input_change change;
  qtl::any_linear linear;

  std::int64_t out_features() const { return linear.out_features(); }
};

/// Makes the layer of that name in a checkpoint.
using layer_loader = quantized_layer (*)(const qtl::io::safetensors_file& in,
                                         const std::string& name);

/// One preset.
struct policy_entry {
  std::string_view name;
  qtl::linear_desc desc;
  /// The layer with a weight that a method made of its own, calibrated on `inputs`; adds it to a
  /// checkpoint.
  quantized_layer (*make)(const float_layer& layer, const quantizers::quantized_weight& weight,
                          const matrix& inputs, qtl::io::safetensors_writer& out) = nullptr;
  /// The layer of that name in a checkpoint.
  layer_loader load = nullptr;
};

/// All of qtl::shipped_presets, in their order.
std::span<const policy_entry> policies();

/// The preset of that name, or null.
const policy_entry* find_policy(std::string_view name);

/// Into how many parts the table is cut.
inline constexpr std::size_t policy_parts = 4;

/// Fills in entries Part, Part + policy_parts, ... Defined in policy_part.hpp, instantiated in
/// policies_<Part>.cpp.
template<std::size_t Part>
void fill_policies(std::span<policy_entry> table);

}  // namespace fashion
