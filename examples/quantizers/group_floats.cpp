// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

namespace quantizers {

void add_floats(std::vector<weight_policy>& table) {
  using namespace qtl;
  add<"e4m3", policy<e4m3, symmetric, per_channel>>(table);
  add<"e4m3_tensor", policy<e4m3, symmetric, per_tensor>>(table);
  add<"e4m3_block", policy<e4m3, symmetric, per_block<128, 128>>>(table);
  add<"e5m2", policy<e5m2, symmetric, per_channel>>(table);
}

}  // namespace quantizers
