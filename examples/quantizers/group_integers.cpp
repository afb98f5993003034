// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

namespace quantizers {

void add_integers(std::vector<weight_policy>& table) {
  using namespace qtl;
  add<"s8", policy<s8, symmetric, per_channel>>(table);
  add<"u8_affine", policy<u8, affine, per_channel>>(table);
  add<"mxint8", mx<s2f6>>(table);
  add<"s3_g128", policy<s3, symmetric_half_step, per_group<128>, scaled_by<f16>>>(table);
  add<"s2_g64", policy<s2, symmetric_half_step, per_group<64>, scaled_by<f16>>>(table);
}

}  // namespace quantizers
