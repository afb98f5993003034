// SPDX-License-Identifier: Apache-2.0
// qtl/methods/method.hpp - what every quantization method takes and gives.
// Holds: layer_samples, method_result<P>, the concept Method, check_samples. Not here: output_error (output_error.hpp).
// To add a method: a file beside this with a struct whose members are its options and that satisfies Method.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "qtl/ops/dequantize.hpp"
#include "qtl/ops/quantize.hpp"

namespace qtl::inline v0 {

/// A row-major float matrix of Eigen's, as methods compute with it.
using eigen_matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What a method knows of a linear layer y = x W^T: the weight, and inputs that it was given.
struct layer_samples {
  matrix_view<const float> weight;  ///< n x k
  matrix_view<const float> inputs;  ///< samples x k; methods that need no data leave it unread
};

/// A quantized weight, and what must change elsewhere so that the layer's output stays what it was.
/// What is empty needs no change. In order: x is rotated, then scaled, then permuted.
template<QuantPolicy P>
struct method_result {
  QTensor<P> weight;  ///< n x k
  std::vector<float>
      input_scale;  ///< k: the layer's x is x / input_scale; fold it into what comes before
  std::vector<std::int64_t> input_order;  ///< k: column j of the layer's x is column input_order[j]
  std::int64_t rotation = 0;  ///< block of the Hadamard rotation of x, see hadamard.hpp; 0: none
  std::uint64_t rotation_seed = 0;  ///< of the rotation's random signs; 0: no signs
  std::vector<float> bias_delta;    ///< n: added to the bias
  std::int64_t stored_bytes = 0;    ///< where the scales are kept as codes too; 0: weight.bytes()
  fixed_text<128> note;             ///< what a user should know, a fallback for example

  /// Bytes of the weight as it is to be kept, scales and zero points included.
  std::int64_t bytes() const { return stored_bytes > 0 ? stored_bytes : weight.bytes(); }
  /// The same in bits per weight.
  double bits_per_weight() const {
    const auto weights = static_cast<double>(weight.rows()) * static_cast<double>(weight.cols());
    if (stored_bytes == 0 || weights == 0) return weight.bits_per_element();
    return 8.0 * static_cast<double>(stored_bytes) / weights;
  }
};

/// The test behind Method.
template<class M>
inline constexpr bool is_method = requires(const M& method, const layer_samples& layer) {
  { M::name } -> std::convertible_to<short_name>;
  { M::needs_inputs } -> std::convertible_to<bool>;
  { method.template apply<policy<s8>>(layer) } -> std::same_as<result<method_result<policy<s8>>>>;
};

/// Satisfied by a struct with `name`, `needs_inputs` and `apply<P>(layer_samples)` returning a
/// result<method_result<P>>. Why: tools walk over methods and policies, and results are compared.
template<class M>
// clang-format off
concept Method =
    is_method<M> ||
    unsatisfied<"a method has static name and needs_inputs, and apply<P>(layer_samples) returning a result<method_result<P>>", M>;
// clang-format on

/// ok where the weight is finite and, where inputs are needed, there are some, as wide as the
/// weight and finite. Errors: not_finite by row and column, invalid_argument for no samples,
/// shape_mismatch for their width.
inline status check_samples(const layer_samples& layer, bool needs_inputs) {
  if (const status s = check_finite(layer.weight, "weight"); !s.ok()) return s;
  if (!needs_inputs) return {};
  if (layer.inputs.rows == 0)
    return failure(error_code::invalid_argument, "inputs",
                   "there are no samples, expected at least one row");
  if (layer.inputs.cols != layer.weight.cols)
    return mismatch("inputs", "number of columns", 1, layer.weight.cols, layer.inputs.cols);
  return check_finite(layer.inputs, "inputs");
}

/// A copy of a view as an Eigen matrix.
inline eigen_matrix to_eigen(matrix_view<const float> m) {
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<const eigen_matrix, Eigen::Unaligned, strides>(
      m.data, m.rows, m.cols, strides(m.row_stride, m.col_stride));
}

/// A view of an Eigen matrix.
inline matrix_view<const float> view_of(const eigen_matrix& m) { return as_view(m); }

}  // namespace qtl::inline v0
