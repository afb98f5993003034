// SPDX-License-Identifier: Apache-2.0
// tests/gpu/truncated_sums.hpp - sums of FP8 products as Hopper keeps them.
#pragma once

#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated_hopper.hpp"
#endif

namespace qtl_test {

/// On accumulators of 13 bits for the life of this object; a GPU does as it does.
struct truncated_sums {
#if QTL_GPU_EMULATED
  truncated_sums() { qtl::gpu::emulated::current_wgmma_settings().fp8_mantissa_bits = 13; }
  ~truncated_sums() { qtl::gpu::emulated::current_wgmma_settings().fp8_mantissa_bits = 23; }
#endif
};

}  // namespace qtl_test
