// SPDX-License-Identifier: Apache-2.0
// bench/linear_fp8_bench.cpp - layers with 8-bit floats on both sides.
#include "linear_bench.hpp"

namespace qtl_bench {

void register_linear_fp8(extent e) { register_family<linear_family::fp8>(e); }

}  // namespace qtl_bench
