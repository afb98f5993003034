// SPDX-License-Identifier: Apache-2.0
// examples/sweep/layers.hpp - the weights of a model, each with inputs that methods see and others
// that they do not.
// Holds: sampled_layer, layer_source: the bundled network, or files. To add a source: a class beside those in layers.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "qtl/methods/method.hpp"

#include "command_line.hpp"
#include "results.hpp"

namespace sweep {

using matrix = qtl::eigen_matrix;

/// A weight with its sample inputs. Errors are measured on `unseen`, so that a method cannot win
/// by fitting the samples that it was given.
struct sampled_layer {
  std::string name;
  matrix weight;  ///< n x k
  matrix seen;    ///< samples x k; no rows where there are none
  matrix unseen;

  bool has_inputs() const { return seen.rows() != 0; }
};

/// Layers one at a time: a large model need not fit into memory as floats.
class layer_source {
 public:
  virtual ~layer_source() = default;
  virtual std::vector<std::string> names() const = 0;
  virtual sampled_layer load(const std::string& name) const = 0;
  virtual run_identity identity() const = 0;
};

/// What the options name. Throws common::usage_error or qtl::error.
std::unique_ptr<layer_source> open_source(const options& o);

/// Whether `name` matches a pattern in which * stands for anything and ? for one character.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace sweep
