// SPDX-License-Identifier: Apache-2.0
// The instructions that move and synchronize, by what they leave in memory: every size of load,
// store and asynchronous copy, counters, named barriers, and a thread's place in the grid.
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/ptx/atomic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "gpu/device.hpp"

namespace {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;
using qtl_test::device_array;

/// What the kernels of this file have in common.
template<int Threads, std::uint32_t SharedBytes>
struct small_kernel {
  static constexpr int threads = Threads;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = SharedBytes;
};

std::vector<std::uint8_t> counting_bytes(std::size_t n) {
  std::vector<std::uint8_t> bytes(n);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  return bytes;
}

/// Moves one T per thread: global to shared to global, and once more with load_global_once.
template<class T>
struct move_kernel : small_kernel<64, 64 * sizeof(T)> {
  struct params {
    const T* from;
    T* to;  ///< 64 by way of shared memory, 64 directly
  };
  static constexpr qtl::short_name name = "move";
  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static void run(const params& p) {
    const unsigned t = ptx::thread_index();
    constexpr unsigned size = sizeof(T);
    ptx::store_shared<T>(ptx::shared_base() + size * t, ptx::load_global(p.from + t));
    ptx::block_barrier();
    ptx::store_global(p.to + t, ptx::load_shared<T>(ptx::shared_base() + size * t));
    ptx::store_global(p.to + 64 + t, ptx::load_global_once(p.from + t));
  }
};

template<class T>
void check_moves() {
  const std::vector<std::uint8_t> bytes = counting_bytes(64 * sizeof(T));
  const device_array<std::uint8_t> from(bytes), to(2 * from.size());
  to.expect_written_once();
  qtl_test::run_kernel<move_kernel<T>>(
      {reinterpret_cast<const T*>(from.data()), reinterpret_cast<T*>(to.data())});
  qtl_test::require_written();
  const std::vector<std::uint8_t> result = to.download();
  for (std::size_t i = 0; i < result.size(); ++i) CHECK(result[i] == bytes[i % bytes.size()]);
}

TEST_CASE("values of every size arrive as they left") {
  qtl_test::for_each_seed([] {
    check_moves<std::uint8_t>();
    check_moves<std::uint16_t>();
    check_moves<float>();
    check_moves<std::uint64_t>();
    check_moves<ptx::words2>();
    check_moves<ptx::words4>();
  });
}

/// Copies Bytes per thread in two groups: whole in the first, only thread % (Bytes + 1) of them in
/// the second.
template<int Bytes, bool Once>
struct copy_kernel : small_kernel<64, 2 * 64 * Bytes> {
  struct params {
    const std::byte* from;
    std::byte* to;
  };
  static constexpr qtl::short_name name = "copy";
  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static void copy(std::uint32_t to, const std::byte* from, int bytes) {
    if constexpr (Once)
      ptx::cp_async_once<Bytes>(to, from, bytes);
    else
      ptx::cp_async<Bytes>(to, from, bytes);
  }

  /// Thread `t` writes what lies at shared `from`, byte by byte.
  QTL_DEVICE static void write_back(std::uint32_t from, std::byte* to) {
    for (unsigned i = 0; i < Bytes; ++i)
      ptx::store_global(to + i, ptx::load_shared<std::byte>(from + i));
  }

  QTL_DEVICE static void run(const params& p) {
    const unsigned t = ptx::thread_index();
    const std::uint32_t whole = ptx::shared_base() + Bytes * t;
    const std::uint32_t part = whole + 64 * Bytes;
    copy(whole, p.from + Bytes * t, Bytes);
    ptx::cp_async_commit();
    copy(part, p.from + Bytes * t, static_cast<int>(t % (Bytes + 1)));
    ptx::cp_async_commit();
    ptx::cp_async_wait<1>();
    write_back(whole, p.to + Bytes * t);
    ptx::cp_async_wait<0>();
    write_back(part, p.to + Bytes * (64 + t));
  }
};

template<int Bytes, bool Once>
void check_copies() {
  const std::vector<std::uint8_t> bytes = counting_bytes(64 * Bytes);
  const device_array<std::uint8_t> from(bytes), to(2 * 64 * Bytes);
  qtl_test::run_kernel<copy_kernel<Bytes, Once>>(
      {reinterpret_cast<const std::byte*>(from.data()), reinterpret_cast<std::byte*>(to.data())});
  const std::vector<std::uint8_t> result = to.download();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t thread = i / Bytes;
    const bool copied = i % Bytes < thread % (Bytes + 1);
    CHECK(result[i] == bytes[i]);
    CHECK(result[bytes.size() + i] == (copied ? bytes[i] : 0));
  }
}

TEST_CASE("asynchronous copies of every size fill with zeros") {
  qtl_test::for_each_seed([] {
    check_copies<4, false>();
    check_copies<8, false>();
    check_copies<16, false>();
    check_copies<16, true>();
  });
}

/// Every thread of every block counts itself, and writes where it stands.
struct place_kernel : small_kernel<96, 0> {
  struct params {
    std::uint32_t* counter;
    std::uint32_t* out;
    gpu::dim blocks;
  };
  static constexpr qtl::short_name name = "place";
  static gpu::dim grid(const params& p) { return p.blocks; }

  QTL_DEVICE static void run(const params& p) {
    const unsigned block =
        ptx::block_index_x() +
        ptx::grid_extent_x() * (ptx::block_index_y() + ptx::grid_extent_y() * ptx::block_index_z());
    const unsigned mine = block * ptx::block_threads() + ptx::warp_index() * 32 + ptx::lane_index();
    ptx::store_global(p.out + mine, mine + 1000 * ptx::grid_extent_z());
    ptx::add_global(p.counter, 1);
  }
};

TEST_CASE("threads know their place, and a counter sees all of them") {
  qtl_test::for_each_seed([] {
    const device_array<std::uint32_t> counter(std::vector<std::uint32_t>{5}), out(24 * 96);
    out.expect_written_once();
    qtl_test::run_kernel<place_kernel>({counter.data(), out.data(), {2, 3, 4}});
    qtl_test::require_written();
    CHECK(counter.download() == std::vector<std::uint32_t>{5 + 24 * 96});
    const std::vector<std::uint32_t> result = out.download();
    for (std::size_t i = 0; i < result.size(); ++i) CHECK(result[i] == i + 4000);
  });
}

/// Warp 0 hands words to warp 1 through two slots, by named barriers of 64 threads.
struct hand_over_kernel : small_kernel<96, 2 * 32 * 4> {
  struct params {
    std::uint32_t* out;  ///< turns x 32
    unsigned turns;
  };
  static constexpr qtl::short_name name = "hand_over";
  static constexpr unsigned filled = 1, emptied = 3;  ///< barriers of slot 0; slot 1's follow
  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static void run(const params& p) {
    const unsigned lane = ptx::lane_index();
    for (unsigned turn = 0; turn < p.turns && ptx::warp_index() < 2; ++turn) {
      const unsigned slot = turn % 2;
      const std::uint32_t words = ptx::shared_base() + 128 * slot;
      if (ptx::warp_index() == 0) {
        if (turn >= 2) ptx::named_barrier(emptied + slot, 64);
        ptx::store_shared<std::uint32_t>(words + 4 * lane, 100 * turn + lane);
        ptx::named_barrier_arrive(filled + slot, 64);
      } else {
        ptx::named_barrier(filled + slot, 64);
        const auto word = ptx::load_shared<std::uint32_t>(words + 4 * (31 - lane));
        if (turn + 2 < p.turns) ptx::named_barrier_arrive(emptied + slot, 64);
        ptx::store_global(p.out + 32 * turn + lane, word);
      }
    }
  }
};

TEST_CASE("named barriers hand slots over") {
  qtl_test::for_each_seed(
      [] {
        const device_array<std::uint32_t> out(7 * 32);
        qtl_test::run_kernel<hand_over_kernel>({out.data(), 7});
        const std::vector<std::uint32_t> result = out.download();
        for (unsigned i = 0; i < 7 * 32; ++i) CHECK(result[i] == 100 * (i / 32) + 31 - i % 32);
      },
      10);
}

}  // namespace
