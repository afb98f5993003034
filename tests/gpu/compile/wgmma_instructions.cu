// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/wgmma_instructions.cu - wgmma where it is not: the compiler says so.
// targets: 90a; expects: wgmma.wait_group.sync.aligned;
// refused: 80 89 100a 120a; because: wgmma exists on sm_90a only.
#include "qtl/gpu/ptx/wgmma.cuh"

/// Asks no question of the target, as a kernel may that is not meant for others.
__global__ void wait_for_products() { qtl::gpu::ptx::wgmma_wait<0>(); }
