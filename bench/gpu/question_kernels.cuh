// SPDX-License-Identifier: Apache-2.0
// bench/gpu/question_kernels.cuh - kernels that answer one question each, and compute nothing of
// use.
// Holds: drawn_word, product_loop, stream_kind, weight_stream. For sm_90a: they ask what Hopper can do.
#pragma once

#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/ptx/bulk.cuh"
#include "qtl/gpu/ptx/elect.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/tma.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"
#include "qtl/gpu/tile/bulk_ring.cuh"
#include "qtl/gpu/tile/pipeline.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"

namespace qtl_bench {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;

/// Word `i` of what operands are filled with: neither zeros nor a pattern that is easy on wires.
QTL_HOST_DEVICE constexpr std::uint32_t drawn_word(std::uint32_t i) {
  std::uint32_t x = i * 0x9E3779B9u + 0x7F4A7C15u;
  x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
  x = (x ^ (x >> 13)) * 0xC2B2AE35u;
  return x ^ (x >> 16);
}

/// 128 x 256 outputs a block, k as long as asked, over one slab of operands that stays in shared
/// memory: what the tensor cores do where nothing is loaded. Two warpgroups of 64 x 256.
struct product_loop {
  static constexpr int rows = 128, columns = 256;

  struct params {
    std::uint32_t* folded = nullptr;  ///< of each thread of each block, its sums by exclusive or
    std::int64_t slabs = 0;           ///< of 128 bytes of k
    std::int32_t blocks = 1;
  };
  static constexpr qtl::short_name name = "product_loop";
  static constexpr int threads = 256;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr gpu::gpu_target only_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = (rows + columns) * gpu::slab_bytes;
  static gpu::dim grid(const params& p) { return {static_cast<unsigned>(p.blocks), 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    const std::uint32_t x = ptx::shared_base();
    fill(x);
    const std::uint32_t group = ptx::warp_index() / 4;
    gpu::running_group_sums<qtl::s8, qtl::s8, 1, columns> sums;
    sums.begin(p, 0, 0);
    const gpu::slab_operands slab{x + group * 64 * gpu::slab_bytes, x + rows * gpu::slab_bytes};
    for (std::int64_t i = 0; i < p.slabs; ++i) sums.add(slab, i);
    sums.finish();
    std::uint32_t folded = 0;
    gpu::unrolled<columns / 2>(
        [&](auto i) { folded ^= static_cast<std::uint32_t>(sums.values[0][i]); });
    ptx::store_global(p.folded + ptx::block_index_x() * threads + ptx::thread_index(), folded);
  }

 private:
  // Word j of row i is drawn_word(32 i + j), under the swizzle that wgmma reads.
  QTL_DEVICE static void fill(std::uint32_t to) {
    for (std::uint32_t word = ptx::thread_index(); word < (rows + columns) * 32; word += threads) {
      const std::uint32_t row = word / 32, unit = word % 32 / 4 ^ row % 8;
      ptx::store_shared<std::uint32_t>(to + row * gpu::slab_bytes + unit * 16 + word % 4 * 4,
                                       drawn_word(word));
    }
    ptx::fence_async_shared();
    ptx::block_barrier();
  }
};

/// Ways to bring weights in.
enum class stream_kind { boxes, lines, copies };

/// Reads memory once and does nothing with it: chunks of 16 KB, `Stages` of them under way in each
/// block, brought by TMA boxes of swizzled rows, by bulk copies of consecutive bytes, or by every
/// thread's cp.async.
template<stream_kind Kind, int Stages>
struct weight_stream {
  static constexpr std::uint32_t chunk_bytes = 16384;

  struct params {
    ptx::tensor_map rows;  ///< of boxes: all memory as rows of 128 bytes
    const std::byte* data = nullptr;
    std::int64_t chunks = 0;
    std::uint32_t* folded = nullptr;  ///< 32 words a block
    std::int32_t blocks = 1;
  };
  static constexpr bool is_bulk = Kind != stream_kind::copies;
  using ring_type = gpu::bulk_ring<Stages, chunk_bytes>;

  static constexpr qtl::short_name name = "weight_stream";
  static constexpr int threads = is_bulk ? 64 : 256;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr gpu::gpu_target only_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes =
      is_bulk ? ring_type::shared_bytes : Stages * chunk_bytes;
  static gpu::dim grid(const params& p) { return {static_cast<unsigned>(p.blocks), 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    const std::int64_t first = ptx::block_index_x();
    const std::int64_t mine =
        first < p.chunks ? qtl::ceil_div(p.chunks - first, std::int64_t{p.blocks}) : 0;
    if constexpr (is_bulk)
      run_bulk(p, first, mine);
    else
      run_copies(p, first, mine);
  }

 private:
  // One word of each of 32 lanes, from the chunk's first 128 bytes: enough to know that it came.
  QTL_DEVICE static void fold(std::uint32_t& folded, std::uint32_t chunk) {
    folded ^= ptx::load_shared<std::uint32_t>(chunk + ptx::lane_index() * 4);
  }
  QTL_DEVICE static void keep(const params& p, std::uint32_t folded) {
    ptx::store_global(p.folded + ptx::block_index_x() * 32 + ptx::lane_index(), folded);
  }

  QTL_DEVICE static void run_bulk(const params& p, std::int64_t first, std::int64_t mine) {
    const ring_type ring{ptx::shared_base()};
    if (ptx::thread_index() == 0) ring.prepare(1);
    ptx::block_barrier();
    typename ring_type::position at;
    if (ptx::warp_index() == 0) {
      if (!ptx::elect_one()) return;
      for (std::int64_t i = 0; i < mine; ++i, at.advance()) {
        ring.begin_fill(at);
        const std::int64_t chunk = first + i * p.blocks;
        if constexpr (Kind == stream_kind::boxes)
          ptx::tma_load_2d(ring.stage(at), p.rows, ring.full(at), 0,
                           static_cast<std::int32_t>(chunk * (chunk_bytes / 128)),
                           ptx::l2_evict_first());
        else
          ptx::bulk_load(ring.stage(at), p.data + chunk * chunk_bytes, chunk_bytes, ring.full(at));
      }
      return;
    }
    std::uint32_t folded = 0;
    for (std::int64_t i = 0; i < mine; ++i, at.advance()) {
      ring.wait_full(at);
      fold(folded, ring.stage(at));
      ptx::warp_barrier();
      ring.template release<1>(at);
    }
    keep(p, folded);
  }

  QTL_DEVICE static void run_copies(const params& p, std::int64_t first, std::int64_t mine) {
    const std::uint32_t ring = ptx::shared_base();
    const auto stage_at = [ring](int stage) {
      return ring + static_cast<std::uint32_t>(stage) * chunk_bytes;
    };
    std::uint32_t folded = 0;
    gpu::run_pipeline<Stages>(
        mine,
        [&](std::int64_t i, int stage) {
          const std::byte* from = p.data + (first + i * p.blocks) * chunk_bytes;
          gpu::unrolled<static_cast<int>(chunk_bytes) / 16 / threads>([&](auto j) {
            const std::uint32_t at = (ptx::thread_index() + j * threads) * 16;
            ptx::cp_async_once<16>(stage_at(stage) + at, from + at);
          });
        },
        [&](std::int64_t, int stage) {
          if (ptx::warp_index() == 0) fold(folded, stage_at(stage));
        });
    if (ptx::warp_index() == 0) keep(p, folded);
  }
};

}  // namespace qtl_bench
