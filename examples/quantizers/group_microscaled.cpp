// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

namespace quantizers {

void add_microscaled(std::vector<weight_policy>& table) {
  using namespace qtl;
  add<"mxfp8", mx<e4m3>>(table);
  add<"mxfp8_e5m2", mx<e5m2>>(table);
  add<"mxfp6", mx<e2m3>>(table);
  add<"mxfp6_e3m2", mx<e3m2>>(table);
}

}  // namespace quantizers
