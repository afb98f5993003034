// SPDX-License-Identifier: Apache-2.0
// examples/quantizers/quantizer.hpp - QTL's methods and weight policies by name: a table of plain
// functions.
// Holds: quantized_weight, code_usage, weight_policy, methods, weight_policies, find_*. Nothing here instantiates a
// method; that is done in group.hpp, a few policies per source file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "qtl/methods/method.hpp"
#include "qtl/policy/descriptor.hpp"

namespace quantizers {

/// What a method made of a weight, the policy's type hidden.
struct quantized_weight {
  qtl::policy_desc desc;
  std::shared_ptr<const void> hidden;  ///< a qtl::method_result<P> of that policy
  double bits_per_weight = 0;          ///< scales and zero points included
  std::int64_t bytes = 0;              ///< the same, in all
  /// Of the weight that does the same on unchanged inputs, against the float one.
  double sqnr_db = 0;
  double max_abs = 0;  ///< the largest difference
  double seconds = 0;  ///< that the method took
  std::string note;    ///< what the method says about it

  /// The result with its type. Throws where P is not the policy that it was made with.
  template<qtl::QuantPolicy P>
  const qtl::method_result<P>& as() const {
    if (desc != qtl::describe<P>())
      throw std::logic_error("quantized_weight: asked for another policy than " +
                             std::string(qtl::to_text(desc).view()));
    return *static_cast<const qtl::method_result<P>*>(hidden.get());
  }
};

/// A weight in the units of its codes, for a histogram: each element over the scale of its block.
struct code_usage {
  std::vector<float> elements;
  std::vector<float> points;         ///< what the codes stand for in these units, ascending
  std::vector<std::int64_t> counts;  ///< elements rounded to each point
};

/// A method by name.
struct method_info {
  std::string_view name;
  bool needs_inputs = false;
};

/// A policy by name, and every method compiled for it.
struct weight_policy {
  using run_function = qtl::result<quantized_weight> (*)(const qtl::layer_samples& layer);

  std::string_view name;
  qtl::policy_desc desc;
  std::vector<run_function> methods;  ///< in the order of quantizers::methods()
  /// qtl::output_error of a weight made with this policy.
  qtl::result<double> (*output_error)(const quantized_weight& made,
                                      const qtl::layer_samples& layer) = nullptr;
  /// Where the elements of a weight lie on this policy's grid when they are rounded to nearest.
  qtl::result<code_usage> (*usage)(qtl::matrix_view<const float> weight) = nullptr;
};

/// All methods; all policies, the wide ones first.
std::span<const method_info> methods();
std::span<const weight_policy> weight_policies();

/// The entry of that name or with that description; null where there is none.
const method_info* find_method(std::string_view name);
const weight_policy* find_policy(std::string_view name);
const weight_policy* find_policy(const qtl::policy_desc& desc);

/// Runs a method, which is one of methods(), on a layer.
qtl::result<quantized_weight> quantize(const weight_policy& policy, const method_info& method,
                                       const qtl::layer_samples& layer);

}  // namespace quantizers
