// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/separate/hopper_fp8_products.cuh - compiles the backend's FP8 products of Hopper, for programs that define
// QTL_SEPARATE_KERNELS. Included by exactly one file, beside the one that includes
// "qtl/gpu/backend.cuh".
#pragma once

#include "qtl/gpu/host/kernel_group.cuh"
#include "qtl/gpu/host/kernel_list.cuh"

namespace qtl::inline v0::gpu {
template struct kernel_group<hopper_fp8_entries>;
}  // namespace qtl::inline v0::gpu
