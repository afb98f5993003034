// SPDX-License-Identifier: Apache-2.0
// The launcher, the runtime and the synchronising instructions, by kernels of a few lines.
#include "qtl/gpu/host/launch.cuh"

#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/ptx/atomic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/shuffle.cuh"

#include "gpu/device.hpp"

namespace {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;

/// Reverses the words of each block's part, through shared memory.
struct reverse_kernel {
  struct params {
    const std::uint32_t* from;
    std::uint32_t* to;
    std::int64_t n;
  };
  static constexpr qtl::short_name name = "reverse";
  static constexpr int threads = 128;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = threads * 4;

  static gpu::dim grid(const params& p) { return {static_cast<unsigned>(p.n / threads), 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    const unsigned t = ptx::thread_index();
    const std::int64_t first = static_cast<std::int64_t>(ptx::block_index_x()) * threads;
    ptx::cp_async<4>(ptx::shared_base() + 4 * t, p.from + first + t);
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();
    ptx::block_barrier();
    const auto word = ptx::load_shared<std::uint32_t>(ptx::shared_base() + 4 * (threads - 1 - t));
    ptx::store_global(p.to + first + t, word);
  }
};

TEST_CASE("words come back reversed within each block") {
  std::vector<std::uint32_t> host(1024);
  std::iota(host.begin(), host.end(), 7u);
  const qtl_test::device_array<std::uint32_t> from(host);
  qtl_test::for_each_seed([&] {
    const qtl_test::device_array<std::uint32_t> to(from.size());
    to.expect_written_once();
    qtl_test::run_kernel<reverse_kernel>({from.data(), to.data(), from.size()});
    qtl_test::require_written();
    const std::vector<std::uint32_t> result = to.download();
    for (std::size_t i = 0; i < host.size(); ++i)
      CHECK(result[i] == host[i / 128 * 128 + 127 - i % 128]);
  });
}

/// Sums, extremes, votes and shuffles of one warp.
struct exchange_kernel {
  struct params {
    std::int32_t* out;  ///< 8 results for each of 32 lanes
  };
  static constexpr qtl::short_name name = "exchange";
  static constexpr int threads = 32;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 0;

  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static void run(const params& p) {
    const int lane = static_cast<int>(ptx::lane_index());
    const int value = 3 * lane - 40;
    std::int32_t* out = p.out + 8 * lane;
    ptx::store_global(out + 0, ptx::warp_sum(value));
    ptx::store_global(out + 1, ptx::warp_max(value));
    ptx::store_global(out + 2, ptx::warp_min(value));
    ptx::store_global(out + 3, ptx::shuffle_xor(value, 5));
    ptx::store_global(out + 4, ptx::shuffle(value, 9));
    ptx::store_global(out + 5, ptx::shuffle_down(value, 4));
    ptx::store_global(out + 6, ptx::shuffle_up(value, 4));
    ptx::store_global(out + 7, static_cast<std::int32_t>(ptx::ballot(value > 0)));
  }
};

TEST_CASE("a warp exchanges values") {
  qtl_test::for_each_seed([] {
    const qtl_test::device_array<std::int32_t> out(32 * 8);
    qtl_test::run_kernel<exchange_kernel>({out.data()});
    const std::vector<std::int32_t> result = out.download();
    for (int lane = 0; lane < 32; ++lane) {
      const std::int32_t* mine = result.data() + 8 * lane;
      CHECK(mine[0] == 3 * 496 - 40 * 32);
      CHECK(mine[1] == 3 * 31 - 40);
      CHECK(mine[2] == -40);
      CHECK(mine[3] == 3 * (lane ^ 5) - 40);
      CHECK(mine[4] == 3 * 9 - 40);
      CHECK(mine[5] == 3 * (lane + 4 < 32 ? lane + 4 : lane) - 40);
      CHECK(mine[6] == 3 * (lane >= 4 ? lane - 4 : lane) - 40);
      CHECK(static_cast<std::uint32_t>(mine[7]) == 0xffffffffu << 14);
    }
  });
}

/// Blocks pass a ticket on: block i waits until i blocks have gone before it.
struct ticket_kernel {
  struct params {
    std::uint32_t* turn;
    std::uint32_t* order;
    unsigned blocks;
  };
  static constexpr qtl::short_name name = "ticket";
  static constexpr int threads = 32;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 0;

  static gpu::dim grid(const params& p) { return {p.blocks, 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    const unsigned block = ptx::block_index_x();
    if (ptx::thread_index() != 0) return;
    while (ptx::load_acquire(p.turn) != block) {
    }
    ptx::store_global(p.order + block, block + 100);
    ptx::fence_gpu();
    ptx::add_global(p.turn, 1);
  }
};

TEST_CASE("a block may wait for another one") {
  qtl_test::for_each_seed([] {
    const qtl_test::device_array<std::uint32_t> turn(std::vector<std::uint32_t>{0});
    const qtl_test::device_array<std::uint32_t> order(6);
    qtl_test::run_kernel<ticket_kernel>({turn.data(), order.data(), 6});
    CHECK(turn.download() == std::vector<std::uint32_t>{6});
    CHECK(order.download() == std::vector<std::uint32_t>{100, 101, 102, 103, 104, 105});
  });
}

TEST_CASE("the runtime names the device") {
  const qtl::result<gpu::properties> p = gpu::device_properties();
  REQUIRE(p.ok());
  CHECK(!p->name.empty());
  CHECK(p->multiprocessors > 0);
  CHECK(p->shared_per_block >= 99 * 1024);
}

TEST_CASE("impossible sizes are a status") {
  CHECK(gpu::allocate(-1).why().code == qtl::error_code::invalid_argument);
  CHECK(gpu::allocate(0).ok());
}

}  // namespace
