// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/separate/f16_products.cuh - compiles the backend's products with activations of f16, for programs that define
// QTL_SEPARATE_KERNELS. Included by exactly one file, beside the one that includes
// "qtl/gpu/backend.cuh".
#pragma once

#include "qtl/gpu/host/kernel_group.cuh"
#include "qtl/gpu/host/kernel_list.cuh"

namespace qtl::inline v0::gpu {
template struct kernel_group<f16_entries>;
}  // namespace qtl::inline v0::gpu
