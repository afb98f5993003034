// SPDX-License-Identifier: Apache-2.0
// bench/linear_integer_bench.cpp - layers with integer weights and activations.
#include "linear_bench.hpp"

namespace qtl_bench {

void register_linear_integer(extent e) { register_family<linear_family::integer>(e); }

}  // namespace qtl_bench
