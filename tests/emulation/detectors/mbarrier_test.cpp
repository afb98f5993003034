// SPDX-License-Identifier: Apache-2.0
// Planted faults in the use of mbarriers.
#include "qtl/gpu/ptx/mbarrier.cuh"

#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "emulation/detectors/planted.hpp"

namespace {

namespace ptx = qtl::gpu::ptx;
using qtl_test::check_report;
using qtl_test::nothing;

const qtl_test::shape one_warp{
    .threads = 32, .shared_bytes = 64, .least_target = qtl::gpu::gpu_target::sm_90a};

std::string report_of(void (*body)(const nothing&)) { return qtl_test::report_of(one_warp, body); }

/// Lane 0 makes a barrier for so many arrivals.
std::uint32_t barrier_for(std::uint32_t arrivals) {
  if (ptx::lane_index() == 0) ptx::mbarrier_init(ptx::shared_base() + 8, arrivals);
  ptx::block_barrier();
  return ptx::shared_base() + 8;
}

TEST_CASE("a barrier used as it should be raises nothing") {
  const auto body = [](const nothing&) {
    const std::uint32_t barrier = barrier_for(32);
    ptx::mbarrier_wait(barrier, 1);
    for (std::uint32_t phase = 0; phase < 5; ++phase) {
      ptx::mbarrier_arrive(barrier);
      ptx::mbarrier_wait(barrier, phase % 2);
    }
    ptx::block_barrier();
    if (ptx::lane_index() == 0) ptx::mbarrier_invalidate(barrier);
    ptx::block_barrier();
    ptx::store_shared<std::uint32_t>(ptx::shared_base() + 8, 1);
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return report_of(body); }) == 0);
}

TEST_CASE("a barrier that nobody initialized") {
  check_report(report_of([](const nothing&) { ptx::mbarrier_arrive(ptx::shared_base()); }),
               "mbarrier.arrive: shared_base() + 0 holds no barrier");
  check_report(report_of([](const nothing&) { ptx::mbarrier_wait(ptx::shared_base() + 16, 0); }),
               "mbarrier.try_wait.parity: shared_base() + 16 holds no barrier");
}

TEST_CASE("a barrier initialized twice, or for nobody") {
  check_report(report_of([](const nothing&) { ptx::mbarrier_init(ptx::shared_base(), 1); }),
               "is initialized already");
  check_report(report_of([](const nothing&) { barrier_for(0); }), "0 arrivals, expected 1 to");
}

TEST_CASE("a barrier at an address that is not its own") {
  check_report(report_of([](const nothing&) { ptx::mbarrier_init(ptx::shared_base() + 4, 1); }),
               "not aligned to 8");
}

TEST_CASE("a barrier read or written as memory") {
  check_report(report_of([](const nothing&) { ptx::load_shared<std::uint32_t>(barrier_for(1)); }),
               "reads a barrier as if it were memory");
  check_report(
      report_of([](const nothing&) { ptx::store_shared<std::uint32_t>(barrier_for(1) + 4, 0); }),
      "writes a barrier as if it were memory");
}

TEST_CASE("more arrivals than a phase has") {
  check_report(report_of([](const nothing&) {
                 const std::uint32_t barrier = barrier_for(1);
                 if (ptx::lane_index() == 0) ptx::mbarrier_expect_tx(barrier, 16);
                 ptx::block_barrier();
                 ptx::mbarrier_arrive(barrier);
               }),
               "over-arrival: the barrier at shared_base() + 8 has all 1 arrivals of its phase");
}

TEST_CASE("a wait for a phase that nobody ends") {
  check_report(report_of([](const nothing&) { ptx::mbarrier_wait(barrier_for(3), 0); }),
               "threads 0-31 wait at mbarrier.try_wait.parity for the barrier at shared_base() + 8 "
               "(3 of 3 arrivals and 0 bytes are missing), parity 0");
}

TEST_CASE("a loop of try_wait that never ends") {
  check_report(report_of([](const nothing&) {
                 const std::uint32_t barrier = barrier_for(1);
                 while (!ptx::mbarrier_try_wait(barrier, 0)) {
                 }
               }),
               "nothing moves any more");
}

TEST_CASE("bytes that never come") {
  check_report(report_of([](const nothing&) {
                 const std::uint32_t barrier = barrier_for(32);
                 ptx::mbarrier_arrive_expect_tx(barrier, 4);
                 ptx::mbarrier_wait(barrier, 0);
               }),
               "0 of 32 arrivals and 128 bytes are missing");
  check_report(report_of([](const nothing&) {
                 const std::uint32_t barrier = barrier_for(64);
                 ptx::mbarrier_arrive_expect_tx(barrier, 4);
               }),
               "the block ends while a barrier still expects bytes");
  check_report(
      report_of([](const nothing&) { ptx::mbarrier_arrive_expect_tx(barrier_for(64), 1u << 17); }),
      "it counts to 1048575");
}

TEST_CASE("a barrier invalidated while it is waited for") {
  const auto body = [](const nothing&) {
    const std::uint32_t barrier = barrier_for(2);
    ptx::mbarrier_arrive(barrier + 0 * ptx::lane_index());
    if (ptx::lane_index() == 5) ptx::mbarrier_invalidate(barrier);
    if (ptx::lane_index() != 5) ptx::mbarrier_wait(barrier, 1);
  };
  CHECK(qtl_test::seeds_that_find(10, [&] { return report_of(body); }) > 0);
}

TEST_CASE("cp.async arrives only when its bytes have landed") {
  const auto body = [](const std::uint32_t* const& data) {
    const std::uint32_t barrier = barrier_for(32);
    const std::uint32_t mine = ptx::shared_base() + 128 + 4 * ptx::lane_index();
    ptx::cp_async<4>(mine, data + ptx::lane_index());
    ptx::cp_async_arrive(barrier);
    ptx::mbarrier_wait(barrier, 0);
    ptx::load_shared<std::uint32_t>(ptx::shared_base() + 128 + 4 * (31 - ptx::lane_index()));
  };
  std::uint32_t words[32] = {};
  void* device = qtl::gpu::emulated::allocate(sizeof words);
  CHECK(qtl::gpu::emulated::host_write(device, words, sizeof words).ok());
  const auto* data = static_cast<const std::uint32_t*>(device);
  qtl_test::shape s = one_warp;
  s.shared_bytes = 256;
  const int found = qtl_test::seeds_that_find(
      5, [&] { return qtl_test::report_of<const std::uint32_t*>(s, body, data); });
  CHECK(found == 0);
  qtl::gpu::emulated::release(device);
}

TEST_CASE("transactions do not exist before sm_90") {
  qtl_test::shape s = one_warp;
  s.least_target = qtl::gpu::gpu_target::sm_80;
  check_report(
      qtl_test::report_of(s, [](const nothing&) { ptx::mbarrier_expect_tx(barrier_for(1), 16); }),
      "mbarrier.expect_tx: is not on sm_80");
}

}  // namespace
