// SPDX-License-Identifier: Apache-2.0
// gpu/hopper_product.hpp - the smallest complete Hopper product: one producer, two consuming
// warpgroups. y (m x n, s32) = x (m x k, s8) w^T (n x k, s8) by TMA, mbarriers and wgmma. Its
// faults are planted by the tests of the emulator, which must find each of them; `none` is right
// and also runs on a GPU.
#pragma once

#include <cstdint>

#include "qtl/base/fixed_text.hpp"
#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/elect.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/mbarrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/setmaxnreg.cuh"
#include "qtl/gpu/ptx/tma.cuh"
#include "qtl/gpu/ptx/wgmma.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl_test {

/// What is wrong with the kernel.
enum class product_fault {
  none,
  no_full_wait,          ///< the consumers do not wait for the copies
  early_release,         ///< a stage is given back while its products still run
  wrong_parity,          ///< the producer's first wait waits for a phase that nobody ends
  no_expect_tx,          ///< the full barrier does not know of the bytes
  no_product_wait,       ///< the sums are stored while the last products run
  no_init_fence,         ///< the barriers are not published to the copy engine
  no_product_fence,      ///< no wgmma.fence
  too_many_registers,    ///< setmaxnreg asks for more than the block has
  one_arrival_too_many,  ///< a stage is given back twice
};

/// 128 x 64 outputs a block, three stages of 128 columns of k.
template<product_fault Fault>
struct hopper_product {
  static constexpr int tile_m = 128;
  static constexpr int tile_n = 64;
  static constexpr int slab = 128;
  static constexpr int stages = 3;
  static constexpr std::uint32_t x_bytes = tile_m * slab;
  static constexpr std::uint32_t stage_bytes = x_bytes + tile_n * slab;

  struct params {
    qtl::gpu::ptx::tensor_map x;
    qtl::gpu::ptx::tensor_map w;
    std::int32_t* y;
    std::int64_t m;
    std::int64_t n;
    std::int64_t k;
  };
  static constexpr qtl::short_name name = "hopper_product";
  static constexpr int threads = 384;
  static constexpr int min_blocks = 1;
  static constexpr qtl::gpu::gpu_target least_target = qtl::gpu::gpu_target::sm_90a;
  static constexpr qtl::gpu::gpu_target only_target = qtl::gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = 1024 + stages * stage_bytes;

  static qtl::gpu::dim grid(const params& p) {
    return {static_cast<unsigned>(qtl::ceil_div<std::int64_t>(p.m, tile_m)),
            static_cast<unsigned>(qtl::ceil_div<std::int64_t>(p.n, tile_n)), 1};
  }

  /// A stage of the ring, and the parity of the ring's current round.
  struct ring {
    std::uint32_t stage = 0;
    std::uint32_t parity = 0;

    QTL_DEVICE void advance() {
      stage = stage + 1 == stages ? 0 : stage + 1;
      parity ^= stage == 0 ? 1u : 0u;
    }
    QTL_DEVICE std::uint32_t full() const { return qtl::gpu::ptx::shared_base() + 8 * stage; }
    QTL_DEVICE std::uint32_t empty() const { return full() + 8 * stages; }
    QTL_DEVICE std::uint32_t tile() const {
      return qtl::gpu::ptx::shared_base() + 1024 + stage * stage_bytes;
    }
  };

  QTL_DEVICE static void produce(const params& p) {
    namespace ptx = qtl::gpu::ptx;
    const auto row = static_cast<std::int32_t>(ptx::block_index_x() * tile_m);
    const auto column = static_cast<std::int32_t>(ptx::block_index_y() * tile_n);
    ring r;
    for (std::int32_t from = 0; from < p.k; from += slab) {
      ptx::mbarrier_wait(r.empty(), Fault == product_fault::wrong_parity ? r.parity : r.parity ^ 1);
      if constexpr (Fault == product_fault::no_expect_tx)
        ptx::mbarrier_arrive(r.full());
      else
        ptx::mbarrier_arrive_expect_tx(r.full(), stage_bytes);
      ptx::tma_load_2d(r.tile(), p.x, r.full(), from, row);
      ptx::tma_load_2d(r.tile() + x_bytes, p.w, r.full(), from, column);
      r.advance();
    }
  }

  /// The 64 rows of this warpgroup times the stage's columns.
  QTL_DEVICE static void multiply(std::int32_t (&sums)[tile_n / 2], std::uint32_t tile,
                                  unsigned group, bool accumulate) {
    namespace ptx = qtl::gpu::ptx;
    const std::uint64_t x =
        ptx::wgmma_descriptor(tile + group * 64 * slab, ptx::shared_swizzle::bytes_128);
    const std::uint64_t w = ptx::wgmma_descriptor(tile + x_bytes, ptx::shared_swizzle::bytes_128);
    if constexpr (Fault != product_fault::no_product_fence) ptx::wgmma_fence();
    for (std::uint32_t step = 0; step < slab; step += 32)
      ptx::wgmma<tile_n, qtl::s8, qtl::s8>(sums, ptx::wgmma_advance(x, step),
                                           ptx::wgmma_advance(w, step), accumulate || step > 0);
    ptx::wgmma_commit();
  }

  QTL_DEVICE static void release(const ring& r) {
    namespace ptx = qtl::gpu::ptx;
    if (ptx::lane_index() == 0) ptx::mbarrier_arrive(r.empty());
    if (Fault == product_fault::one_arrival_too_many && ptx::lane_index() == 1)
      ptx::mbarrier_arrive(r.empty());
  }

  QTL_DEVICE static void consume(const params& p, std::int32_t (&sums)[tile_n / 2],
                                 unsigned group) {
    namespace ptx = qtl::gpu::ptx;
    ring r;
    ring before;
    for (std::int64_t from = 0; from < p.k; from += slab) {
      if constexpr (Fault != product_fault::no_full_wait) ptx::mbarrier_wait(r.full(), r.parity);
      multiply(sums, r.tile(), group, from > 0);
      if constexpr (Fault == product_fault::early_release) {
        release(r);
      } else {
        ptx::wgmma_wait<1>();
        if (from > 0) release(before);
      }
      before = r;
      r.advance();
    }
    if constexpr (Fault != product_fault::no_product_wait) ptx::wgmma_wait<0>();
    ptx::keep_registers(sums);
  }

  QTL_DEVICE static void store(const params& p, const std::int32_t (&sums)[tile_n / 2],
                               unsigned group) {
    namespace ptx = qtl::gpu::ptx;
    const unsigned lane = ptx::lane_index();
    const std::int64_t row = std::int64_t{ptx::block_index_x()} * tile_m + group * 64 +
                             ptx::warp_index() % 4 * 16 + lane / 4;
    const std::int64_t column = std::int64_t{ptx::block_index_y()} * tile_n + lane % 4 * 2;
    qtl::gpu::unrolled<tile_n / 2>([&](auto i) {
      const std::int64_t at_row = row + i / 2 % 2 * 8;
      const std::int64_t at_column = column + i / 4 * 8 + i % 2;
      if (at_row < p.m && at_column < p.n)
        ptx::store_global(p.y + at_row * p.n + at_column, sums[i]);
    });
  }

  QTL_DEVICE static void prepare_barriers() {
    namespace ptx = qtl::gpu::ptx;
    if (ptx::thread_index() == 0) {
      for (ring r; r.parity == 0; r.advance()) {
        ptx::mbarrier_init(r.full(), 1);
        ptx::mbarrier_init(r.empty(), 8);
      }
      if constexpr (Fault != product_fault::no_init_fence) ptx::fence_mbarrier_init();
    }
    ptx::block_barrier();
  }

  QTL_DEVICE static void run(const params& p) {
    namespace ptx = qtl::gpu::ptx;
    prepare_barriers();
    const unsigned role = ptx::warp_index() / 4;
    if (role == 0) {
      ptx::give_registers<40>();
      if (ptx::warp_index() == 0 && ptx::elect_one()) produce(p);
    } else {
      ptx::take_registers<Fault == product_fault::too_many_registers ? 240 : 232>();
      std::int32_t sums[tile_n / 2] = {};
      ptx::keep_registers(sums);
      consume(p, sums, role - 1);
      store(p, sums, role - 1);
    }
  }
};

}  // namespace qtl_test
