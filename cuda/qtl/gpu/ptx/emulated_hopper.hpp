// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/emulated_hopper.hpp - what Hopper's instructions ask of the emulator.
// Holds: mbarriers, bulk copies, wgmma, clusters, registers. Defined in tests/emulation.
// Asynchronous work is done as late and in as odd an order as the hardware is allowed to; what it
// still reads or writes is marked meanwhile, so that touching it too early is an error and not a
// matter of luck.
#pragma once

#include "qtl/gpu/ptx/emulated.hpp"

#if QTL_GPU_EMULATED

#include <type_traits>

#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0::gpu::emulated {

// Barriers that count arrivals and bytes.

/// As ptx/mbarrier.cuh has them, here and below.
void mbarrier_init(std::uint32_t barrier, std::uint32_t arrivals);
/// Its bytes are unwritten memory again.
void mbarrier_invalidate(std::uint32_t barrier);
/// One arrival, after expecting `bytes` more.
void mbarrier_arrive(std::uint32_t barrier, std::uint32_t bytes);
void mbarrier_expect_tx(std::uint32_t barrier, std::uint32_t bytes);
void mbarrier_arrive_remote(std::uint32_t barrier, std::uint32_t rank);
bool mbarrier_try_wait(std::uint32_t barrier, std::uint32_t parity);
void mbarrier_wait(std::uint32_t barrier, std::uint32_t parity);

// Bulk copies.

/// A box of a tensor and the shared memory that it comes from or goes to.
struct tma_box {
  std::uint32_t shared;
  const void* map;
  std::uint32_t barrier;
  int rank;
  std::int32_t at[2];   ///< coordinates, the innermost first
  std::uint16_t ranks;  ///< multicast: the blocks of the cluster; 0: this one
};
void tma_load(const tma_box& box);
void tma_store(const tma_box& box);
void prefetch_tensor_map(const void* map);
void bulk_load(std::uint32_t to, const void* from, std::uint32_t bytes, std::uint32_t barrier);
void bulk_store(void* to, std::uint32_t from, std::uint32_t bytes);
void bulk_commit();
/// only_read: the groups need only have read shared memory.
void bulk_wait(int pending, bool only_read);

/// What the emulator's tensor maps hold; host/tensor_map.cuh writes it after its checks.
struct tensor_map_fields {
  std::uint64_t magic;  ///< tensor_map_magic, so that other bytes are not taken for a map
  const void* data;
  std::int64_t extents[2];  ///< elements, the innermost first
  std::int64_t pitch;       ///< bytes from row to row
  std::int32_t box[2];
  std::int32_t element_bytes;
  std::int32_t rank;
  std::int32_t swizzle;  ///< of ptx::shared_swizzle
};
inline constexpr std::uint64_t tensor_map_magic = 0x7174'6c6d'6170'0001;
/// Called for each map that the host encodes.
void count_tensor_map();
/// How many that were, since the program began.
std::uint64_t encoded_tensor_maps();

// wgmma.

/// The types of operands.
enum class operand : std::uint8_t { s8, u8, e4m3, e5m2, f16, bf16 };
template<class F>
inline constexpr operand operand_of = std::is_same_v<F, qtl::s8>     ? operand::s8
                                      : std::is_same_v<F, qtl::u8>   ? operand::u8
                                      : std::is_same_v<F, qtl::e4m3> ? operand::e4m3
                                      : std::is_same_v<F, qtl::e5m2> ? operand::e5m2
                                      : std::is_same_v<F, qtl::f16>  ? operand::f16
                                                                     : operand::bf16;

/// One wgmma as one thread sees it.
struct wgmma_call {
  operand a_type;
  operand b_type;
  int n;
  void* d;                           ///< n / 2 values of 4 bytes
  const std::uint32_t* a_registers;  ///< four, or null: A comes from shared memory
  std::uint64_t a;                   ///< descriptors
  std::uint64_t b;
  bool accumulate;
};
void wgmma(const wgmma_call& call);
void wgmma_fence();
void wgmma_commit();
void wgmma_wait(int pending);

/// How the emulated tensor cores add 8-bit floats.
struct wgmma_settings {
  /// Explicit mantissa bits that the accumulator keeps after every 32 elements of k, the rest cut
  /// off. Hopper keeps 13; 23 is a correctly rounded f32.
  int fp8_mantissa_bits = 23;
};
wgmma_settings& current_wgmma_settings();

// Clusters, roles, fences.

/// As ptx/cluster.cuh has them.
std::uint32_t cluster_rank();
/// 1 where the launch has no clusters.
std::uint32_t cluster_blocks();
/// Fails when the thread has not waited since it last arrived.
void cluster_arrive();
/// Fails when the thread has not arrived.
void cluster_wait();
/// Fails when the cluster has no such block.
std::uint32_t map_shared(std::uint32_t address, std::uint32_t rank);
/// Fails when the block has ended or nobody has written the word.
std::uint32_t load_cluster_word(std::uint32_t mapped);
/// An ordinary store, which asynchronous hardware sees after a proxy fence of the storing thread.
void store_cluster_word(std::uint32_t mapped, std::uint32_t value);
/// The lane is drawn by seed, the same in every call of a launch.
bool elect_one();
/// What each thread owns at first: as many registers as a kernel alone on a multiprocessor can
/// have.
void give_registers(int count);
/// Waits until the block has enough free ones.
void take_registers(int count);
/// Stores of this thread, and barriers it has initialized, are seen by asynchronous hardware.
void fence_async(const char* instruction);
/// Barriers that this thread has initialized are seen by TMA and by other blocks.
void fence_mbarrier_init();
/// Only a point where another thread may run: the emulator's launches never overlap.
void grid_dependency(const char* instruction);

}  // namespace qtl::inline v0::gpu::emulated

#endif  // QTL_GPU_EMULATED
