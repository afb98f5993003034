// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/tensor_map.cuh - the 128 bytes that describe a tensor in global memory to TMA.
// Holds: tensor_map. Made on the host by host/tensor_map.cuh; a kernel takes it inside its params, by value.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Opaque: the driver's bytes on a GPU, the emulator's elsewhere.
struct alignas(64) tensor_map {
  std::uint64_t words[16] = {};
};

/// Brings the map near before its first use. Any one thread; never needed, only faster.
template<int Sm = compiled_sm>
QTL_DEVICE void prefetch_tensor_map(const tensor_map& map) {
  static_assert(target_has(Sm, 900), "prefetch.tensormap exists from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::prefetch_tensor_map(&map);
#else
  if constexpr (Sm >= 900) asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
