// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/cluster.cuh - the blocks of a cluster: who they are, their barrier, each other's shared memory.
// Holds: cluster_rank, cluster_blocks, cluster_arrive, cluster_wait, cluster_barrier; map_shared, load_cluster,
// store_cluster.
// Without clusters a kernel runs in clusters of one block, and all of this works.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/gpu/ptx/emulated_hopper.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// This block's number in its cluster.
template<int Sm = compiled_sm>
QTL_DEVICE std::uint32_t cluster_rank() {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
#if QTL_GPU_EMULATED
  return emulated::cluster_rank();
#else
  std::uint32_t rank = 0;
  if constexpr (Sm >= 900) asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
#endif
}

/// The blocks of the cluster.
template<int Sm = compiled_sm>
QTL_DEVICE std::uint32_t cluster_blocks() {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
#if QTL_GPU_EMULATED
  return emulated::cluster_blocks();
#else
  std::uint32_t blocks = 1;
  if constexpr (Sm >= 900) asm volatile("mov.u32 %0, %%cluster_nctarank;" : "=r"(blocks));
  return blocks;
#endif
}

/// Arrives at the cluster's barrier; what this thread did before is seen by those who wait.
template<int Sm = compiled_sm>
QTL_DEVICE void cluster_arrive() {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::cluster_arrive();
#else
  if constexpr (Sm >= 900) asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
#endif
}

/// Returns when every thread of the cluster has arrived. Once per cluster_arrive.
template<int Sm = compiled_sm>
QTL_DEVICE void cluster_wait() {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::cluster_wait();
#else
  if constexpr (Sm >= 900) asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
#endif
}

/// All threads of the cluster meet. A block must not end while others reach into its shared memory:
/// such kernels end with this.
template<int Sm = compiled_sm>
QTL_DEVICE void cluster_barrier() {
  cluster_arrive<Sm>();
  cluster_wait<Sm>();
}

/// The address in the cluster's window of what lies at `address` in block `rank`'s shared memory.
template<int Sm = compiled_sm>
QTL_DEVICE std::uint32_t map_shared(std::uint32_t address, std::uint32_t rank) {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
#if QTL_GPU_EMULATED
  return emulated::map_shared(address, rank);
#else
  std::uint32_t there = 0;
  if constexpr (Sm >= 900)
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(rank));
  return there;
#endif
}

/// Reads 4 bytes at an address from map_shared.
template<class T, int Sm = compiled_sm>
QTL_DEVICE T load_cluster(std::uint32_t mapped) {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
  static_assert(sizeof(T) == 4 && std::is_trivially_copyable_v<T>, "load_cluster reads 4 bytes");
#if QTL_GPU_EMULATED
  return __builtin_bit_cast(T, emulated::load_cluster_word(mapped));
#else
  std::uint32_t bits = 0;
  if constexpr (Sm >= 900)
    asm volatile("ld.shared::cluster.u32 %0, [%1];" : "=r"(bits) : "r"(mapped) : "memory");
  return __builtin_bit_cast(T, bits);
#endif
}

/// Writes 4 bytes at an address from map_shared.
template<class T, int Sm = compiled_sm>
QTL_DEVICE void store_cluster(std::uint32_t mapped, T value) {
  static_assert(target_has(Sm, 900), "clusters exist from sm_90 on");
  static_assert(sizeof(T) == 4 && std::is_trivially_copyable_v<T>, "store_cluster writes 4 bytes");
#if QTL_GPU_EMULATED
  emulated::store_cluster_word(mapped, __builtin_bit_cast(std::uint32_t, value));
#else
  if constexpr (Sm >= 900)
    asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(mapped),
                 "r"(__builtin_bit_cast(std::uint32_t, value))
                 : "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
