// SPDX-License-Identifier: Apache-2.0
// EXPECT: parameters given beforehand are for the whole tensor: the policy must be per_tensor
#include "qtl/ops/quantize.hpp"

using namespace qtl;

auto good(matrix_view<const float> x) { return quantize_with(x, qparams<policy<s8>>{}); }

#ifdef QTL_BAD
auto bad(matrix_view<const float> x) {
  return quantize_with(x, qparams<policy<s8, symmetric, per_channel>>{});
}
#endif
