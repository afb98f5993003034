// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/hopper_product.cu - the smallest Hopper kernel through nvcc: its launch, its maps, its registers.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/host/tensor_map.cuh"

#include "gpu/hopper_product.hpp"

/// Instantiates the kernel and its launch.
qtl::status launch_hopper_product(
    const qtl_test::hopper_product<qtl_test::product_fault::none>::params& p, void* stream) {
  return qtl::gpu::launch<qtl_test::hopper_product<qtl_test::product_fault::none>>(p, stream);
}
