// SPDX-License-Identifier: Apache-2.0
// qtl/methods/input_change.hpp - what a layer's inputs become before they meet a method's weight.
// Holds: changed_inputs. In order: rotated, divided by the scale, permuted.
#pragma once

#include <cstdint>

#include "qtl/methods/hadamard.hpp"
#include "qtl/methods/method.hpp"

namespace qtl::inline v0 {

/// x (rows of k) as the quantized weight of `r` expects it. Precondition: x has r.weight.cols()
/// columns.
template<QuantPolicy P>
eigen_matrix changed_inputs(const method_result<P>& r, matrix_view<const float> x) {
  eigen_matrix m = to_eigen(x);
  if (r.rotation != 0) hadamard_rotation{r.rotation, r.rotation_seed}.rotate(m);
  if (!r.input_scale.empty())
    for (Eigen::Index j = 0; j < m.cols(); ++j)
      m.col(j) /= r.input_scale[static_cast<std::size_t>(j)];
  if (r.input_order.empty()) return m;
  eigen_matrix ordered(m.rows(), m.cols());
  for (Eigen::Index j = 0; j < m.cols(); ++j)
    ordered.col(j) = m.col(static_cast<Eigen::Index>(r.input_order[static_cast<std::size_t>(j)]));
  return ordered;
}

}  // namespace qtl::inline v0
