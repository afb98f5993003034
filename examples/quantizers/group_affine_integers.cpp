// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

namespace quantizers {

void add_affine_integers(std::vector<weight_policy>& table) {
  using namespace qtl;
  add<"u4_g128", policy<u4, affine, per_group<128>, scaled_by<f16>>>(table);
  add<"u4_g32", policy<u4, affine, per_group<32>, scaled_by<f16>>>(table);
  add<"u4_g64_shift", policy<u4, affine_float_shift, per_group<64>, scaled_by<f16>>>(table);
  add<"u2_g64", policy<u2, affine, per_group<64>, scaled_by<f16>>>(table);
}

}  // namespace quantizers
