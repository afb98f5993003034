// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

namespace quantizers {

void add_four_bit_integers(std::vector<weight_policy>& table) {
  using namespace qtl;
  add<"s4_channel", policy<s4, symmetric, per_channel>>(table);
  add<"s4_g128_f32", policy<s4, symmetric, per_group<128>>>(table);
  add<"s4_g128", policy<s4, symmetric, per_group<128>, scaled_by<f16>>>(table);
  add<"s4_g32", policy<s4, symmetric, per_group<32>, scaled_by<f16>>>(table);
}

}  // namespace quantizers
