// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/hopper_product.cu - the smallest Hopper kernel through nvcc: its launch, its
// maps, its registers.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8,
// cp.async.bulk.tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes; targets: 80 100a;
// For the targets that cannot run it, its launch still compiles.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/host/tensor_map.cuh"

#include "gpu/hopper_product.hpp"

/// Instantiates the kernel and its launch.
qtl::status launch_hopper_product(
    const qtl_test::hopper_product<qtl_test::product_fault::none>::params& p, void* stream) {
  return qtl::gpu::launch<qtl_test::hopper_product<qtl_test::product_fault::none>>(p, stream);
}
