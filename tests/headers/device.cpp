// SPDX-License-Identifier: Apache-2.0
// tests/headers/device.cpp - compiled by nvcc: kernels include these headers and need no flag for
// them.
#include <cstdint>

#include "qtl/core.hpp"

__global__ void exponents(const float* x, int* y) {
  y[threadIdx.x] = qtl::is_finite(x[threadIdx.x]) ? qtl::floor_log2(x[threadIdx.x]) : 0;
}
