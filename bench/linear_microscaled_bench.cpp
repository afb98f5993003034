// SPDX-License-Identifier: Apache-2.0
// bench/linear_microscaled_bench.cpp - layers with MX and NVFP4 on both sides.
#include "linear_bench.hpp"

namespace qtl_bench {

void register_linear_microscaled(extent e) { register_family<linear_family::microscaled>(e); }

}  // namespace qtl_bench
