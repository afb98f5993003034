// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/separate/integer_quantizers.cuh - compiles the backend's quantizers of integer activations, for programs that define
// QTL_SEPARATE_KERNELS. Included by exactly one file, beside the one that includes
// "qtl/gpu/backend.cuh".
#pragma once

#include "qtl/gpu/host/quantizer_list.cuh"

namespace qtl::inline v0::gpu {
template struct quantizer_group<integer_activations>;
}  // namespace qtl::inline v0::gpu
