// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

namespace quantizers {

void add_four_bit_floats(std::vector<weight_policy>& table) {
  using namespace qtl;
  add<"e2m1", policy<e2m1, symmetric, per_group<32>, scaled_by<f16>>>(table);
  add<"mxfp4", mx<e2m1>>(table);
  add<"nvfp4", nvfp4_tensor<>>(table);
  add<"nf4", policy<nf4, symmetric, per_group<64>>>(table);
  add<"fp4_bnb", policy<fp4_bnb, symmetric, per_group<64>>>(table);
}

}  // namespace quantizers
