// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/bulk_ring.cuh - stages of shared memory that the copy engine fills and warps empty.
// Holds: ring_position, bulk_ring<Stages, StageBytes>. Every stage has two barriers: `full` ends when
// its bytes have landed, `empty` when every consuming warp has let go of it, in all blocks whose
// copies may write to it.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/mbarrier.cuh"
#include "qtl/gpu/ptx/registers.cuh"

namespace qtl::inline v0::gpu {

/// The stage that comes next, and the parity of its round.
template<int Stages>
struct ring_position {
  std::uint32_t stage = 0;
  std::uint32_t parity = 0;

  QTL_DEVICE void advance() {
    stage = stage + 1 == Stages ? 0 : stage + 1;
    if (stage == 0) parity ^= 1u;
  }
  /// As `count` times advance().
  QTL_DEVICE void skip(std::int64_t count) {
    const std::int64_t reached = stage + count;
    parity ^= static_cast<std::uint32_t>(reached / Stages) & 1u;
    stage = static_cast<std::uint32_t>(reached % Stages);
  }
};

/// Lies at `base`, a multiple of 1024: the barriers, then the stages.
template<int Stages, std::uint32_t StageBytes>
struct bulk_ring {
  using position = ring_position<Stages>;
  static constexpr std::uint32_t spare_at = 512;
  static_assert(StageBytes % 1024 == 0, "stages begin where a swizzle pattern does");
  static_assert(Stages >= 2 && 2 * Stages * ptx::mbarrier_bytes <= spare_at,
                "one stage is filled while another is read");
  static constexpr std::uint32_t shared_bytes = 1024 + Stages * StageBytes;

  std::uint32_t base;

  QTL_DEVICE std::uint32_t full(const position& at) const {
    return base + at.stage * ptx::mbarrier_bytes;
  }
  QTL_DEVICE std::uint32_t empty(const position& at) const {
    return full(at) + Stages * ptx::mbarrier_bytes;
  }
  QTL_DEVICE std::uint32_t stage(const position& at) const {
    return base + 1024 + at.stage * StageBytes;
  }

  /// 16 bytes between the barriers and the stages, the `which`-th of 32.
  QTL_DEVICE std::uint32_t spare(unsigned which) const { return base + spare_at + 16 * which; }

  /// By one thread, before the block (or the cluster) meets. `releases`: warps that empty a stage.
  QTL_DEVICE void prepare(std::uint32_t releases) const {
    for (position at; at.parity == 0; at.advance()) {
      ptx::mbarrier_init(full(at), 1);
      ptx::mbarrier_init(empty(at), releases);
    }
    ptx::fence_mbarrier_init();
  }

  /// Waits until the stage is empty, then expects so many bytes. The first round passes: the phase
  /// before a barrier's first has ended.
  QTL_DEVICE void begin_fill(const position& at, std::uint32_t bytes = StageBytes) const {
    ptx::mbarrier_wait(empty(at), at.parity ^ 1u);
    ptx::mbarrier_arrive_expect_tx(full(at), bytes);
  }
  QTL_DEVICE void wait_full(const position& at) const { ptx::mbarrier_wait(full(at), at.parity); }
  /// By a whole warp: it will not read the stage again. Blocks: those of the cluster.
  template<unsigned Blocks>
  QTL_DEVICE void release(const position& at) const {
    const unsigned lane = ptx::lane_index();
    if constexpr (Blocks == 1) {
      if (lane == 0) ptx::mbarrier_arrive(empty(at));
    } else {
      if (lane < Blocks) ptx::mbarrier_arrive_remote(empty(at), lane);
    }
  }
};

}  // namespace qtl::inline v0::gpu
