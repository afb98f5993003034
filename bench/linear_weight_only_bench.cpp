// SPDX-License-Identifier: Apache-2.0
// bench/linear_weight_only_bench.cpp - layers with weights of any format, activations kept in 16
// bits.
#include "linear_bench.hpp"

namespace qtl_bench {

void register_linear_weight_only(extent e) { register_family<linear_family::weight_only>(e); }

}  // namespace qtl_bench
