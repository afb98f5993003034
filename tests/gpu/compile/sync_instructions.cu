// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a; expects: cp.async.cg.shared.global, shfl.sync.bfly.b32
// Every function of the synchronising and moving instruction files, for the assembler of each
// target.
#include <cstdint>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/ptx/atomic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/shuffle.cuh"

namespace {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;

/// Moves one value of T every way there is.
template<class T>
QTL_DEVICE void move_value(const std::byte* from, std::byte* to) {
  const unsigned offset = ptx::thread_index() * 16;
  const T* source = reinterpret_cast<const T*>(from + offset);
  const std::uint32_t shared = ptx::shared_base() + offset;
  ptx::store_shared<T>(shared, ptx::load_global(source));
  ptx::store_global(reinterpret_cast<T*>(to + offset), ptx::load_shared<T>(shared));
  ptx::store_global(reinterpret_cast<T*>(to + offset), ptx::load_global_once(source));
}

struct every_instruction {
  struct params {
    const std::byte* from;
    std::byte* to;
    std::uint32_t* counter;
  };
  static constexpr qtl::short_name name = "every_instruction";
  static constexpr int threads = 128;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 64 * 1024;

  static gpu::dim grid(const params&) { return {1, 2, 3}; }

  QTL_DEVICE static void move(const params& p) {
    move_value<std::uint8_t>(p.from, p.to);
    move_value<std::uint16_t>(p.from, p.to);
    move_value<float>(p.from, p.to);
    move_value<ptx::words2>(p.from, p.to);
    move_value<double>(p.from, p.to);
    move_value<ptx::words4>(p.from, p.to);
  }

  QTL_DEVICE static void copy(const params& p) {
    const std::uint32_t shared = ptx::shared_base() + 32 * ptx::thread_index();
    ptx::cp_async<4>(shared, p.from, 3);
    ptx::cp_async<8>(shared + 8, p.from);
    ptx::cp_async<16>(shared + 16, p.from);
    ptx::cp_async_once<16>(shared + 16, p.from, 5);
    ptx::cp_async_commit();
    ptx::cp_async_wait<1>();
    ptx::cp_async_arrive(ptx::shared_base());
    ptx::cp_async_wait<0>();
  }

  QTL_DEVICE static float exchange(float x) {
    x += ptx::shuffle_xor(x, 4) + ptx::shuffle(x, 1) + ptx::shuffle_up(x, 2);
    const auto i = static_cast<std::int32_t>(ptx::lane_index() + ptx::warp_index());
    const auto votes = static_cast<std::int32_t>(ptx::ballot(x > 1));
    return x + static_cast<float>(ptx::warp_sum(i) + ptx::warp_max(i) + ptx::warp_min(i) + votes +
                                  ptx::shuffle_down(i, 1));
  }

  QTL_DEVICE static void synchronize(const params& p) {
    ptx::block_barrier();
    ptx::named_barrier(1, 64);
    ptx::named_barrier_arrive(ptx::warp_index() + 2, 128);
    ptx::warp_barrier();
    const std::uint32_t old = ptx::add_global(p.counter, 1);
    ptx::fence_gpu();
    ptx::store_release(p.counter, old + ptx::load_acquire(p.counter + 1));
  }

  QTL_DEVICE static void run(const params& p) {
    move(p);
    copy(p);
    synchronize(p);
    const float x = exchange(static_cast<float>(ptx::block_index_x() + ptx::block_index_y() +
                                                ptx::block_index_z() + ptx::block_threads()));
    const unsigned n = ptx::grid_extent_x() + ptx::grid_extent_y() + ptx::grid_extent_z();
    ptx::store_global(reinterpret_cast<float*>(p.to) + n, x);
  }
};

}  // namespace

namespace qtl_test {

/// What a launch may ask for besides.
struct every_attribute {
  struct params {};
  static constexpr qtl::short_name name = "every_attribute";
  static constexpr int threads = 128;
  static constexpr int min_blocks = 1;
  static constexpr int cluster_blocks = 2;
  static constexpr bool overlaps_previous_grid = true;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr gpu::gpu_target only_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = 0;

  static gpu::dim grid(const params&) { return {2, 1, 1}; }
  QTL_DEVICE static void run(const params&) { ptx::block_barrier(); }
};

}  // namespace qtl_test

/// Named by nobody: the object file is the proof.
qtl::status launch_every_instruction(const std::byte* from, std::byte* to, std::uint32_t* counter) {
  return gpu::launch<every_instruction>({from, to, counter}, nullptr);
}
qtl::status launch_with_every_attribute() {
  return gpu::launch<qtl_test::every_attribute>({}, nullptr);
}
