// SPDX-License-Identifier: Apache-2.0
// Planted faults in clusters, and in registers handed from role to role.
#include "qtl/gpu/ptx/cluster.cuh"

#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/host/tensor_map.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/elect.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/grid_dependency.cuh"
#include "qtl/gpu/ptx/mbarrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/setmaxnreg.cuh"
#include "qtl/gpu/ptx/tma.cuh"

#include "emulation/detectors/planted.hpp"
#include "gpu/device.hpp"

namespace {

namespace ptx = qtl::gpu::ptx;
namespace emulated = qtl::gpu::emulated;
using qtl_test::check_report;
using qtl_test::nothing;

std::string pair_report(void (*body)(const nothing&)) {
  return qtl_test::report_of({.threads = 64,
                              .shared_bytes = 256,
                              .blocks = 4,
                              .least_target = qtl::gpu::gpu_target::sm_90a,
                              .cluster_blocks = 2},
                             body);
}

std::string roles_report(void (*body)(const nothing&)) {
  return qtl_test::report_of({.threads = 384, .least_target = qtl::gpu::gpu_target::sm_90a}, body);
}

template<class F>
void check_always(const F& report, const std::string& part) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    emulated::current_settings().seed = seed;
    check_report(report(), part);
  }
  emulated::current_settings().seed = 1;
}

TEST_CASE("blocks that meet and exchange words raise nothing") {
  const auto body = [](const nothing&) {
    const std::uint32_t mine = ptx::shared_base() + 4 * ptx::thread_index();
    ptx::wait_for_previous_grid();
    ptx::store_cluster<std::uint32_t>(ptx::map_shared(mine, ptx::cluster_rank() ^ 1), 1);
    ptx::cluster_arrive();
    ptx::cluster_wait();
    ptx::load_shared<std::uint32_t>(mine);
    ptx::cluster_barrier();
    ptx::let_next_grid_start();
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return pair_report(body); }) == 0);
}

TEST_CASE("a thread that stays away from the cluster's barrier") {
  check_always(
      [] {
        return pair_report([](const nothing&) {
          if (ptx::cluster_rank() == 0 || ptx::thread_index() != 5) ptx::cluster_arrive();
          if (ptx::cluster_rank() == 0) ptx::cluster_wait();
        });
      },
      "wait at barrier.cluster.wait for the cluster's threads, round 1");
}

TEST_CASE("arrivals and waits that do not alternate") {
  check_always(
      [] {
        return pair_report([](const nothing&) {
          ptx::cluster_arrive();
          ptx::cluster_arrive();
        });
      },
      "arrives a second time without barrier.cluster.wait");
  check_always([] { return pair_report([](const nothing&) { ptx::cluster_wait(); }); },
               "waits without barrier.cluster.arrive");
}

TEST_CASE("a block that is not in the cluster, or has ended") {
  check_always(
      [] { return pair_report([](const nothing&) { ptx::map_shared(ptx::shared_base(), 2); }); },
      "names block 2 of a cluster of 2");
  const auto early = [](const nothing&) {
    const std::uint32_t mine = ptx::shared_base() + 4 * ptx::thread_index();
    ptx::store_shared<std::uint32_t>(mine, 1);
    ptx::cluster_barrier();
    if (ptx::cluster_rank() == 1) return;
    for (int i = 0; i < 50; ++i) {
      ptx::warp_barrier();
      ptx::load_cluster<std::uint32_t>(ptx::map_shared(mine, 1));
    }
  };
  CHECK(qtl_test::seeds_that_find(10, [&] { return pair_report(early); }) > 0);
}

TEST_CASE("another block's words read before it wrote them") {
  check_always(
      [] {
        return pair_report([](const nothing&) {
          const std::uint32_t mine = ptx::shared_base() + 4 * ptx::thread_index();
          ptx::load_cluster<std::uint32_t>(ptx::map_shared(mine, ptx::cluster_rank() ^ 1));
          ptx::cluster_barrier();
        });
      },
      "bytes that nobody has written");
}

TEST_CASE("a remote arrival at a barrier that was not published") {
  check_always(
      [] {
        return pair_report([](const nothing&) {
          if (ptx::thread_index() == 0) ptx::mbarrier_init(ptx::shared_base(), 64);
          ptx::cluster_barrier();
          ptx::mbarrier_arrive_remote(ptx::shared_base(), ptx::cluster_rank() ^ 1);
          ptx::cluster_barrier();
        });
      },
      "was not fenced by fence.mbarrier_init");
}

/// A box of 1024 bytes for both blocks of a pair.
struct multicast_case {
  qtl_test::device_array<std::uint8_t> data{std::vector<std::uint8_t>(1024, 1)};
  qtl::gpu::ptx::tensor_map map;

  multicast_case() {
    qtl::gpu::tensor_shape t;
    t.data = data.data();
    t.columns = 128;
    t.rows = 8;
    t.pitch = 128;
    t.box_columns = 128;
    t.box_rows = 8;
    map = *qtl::gpu::encode_tensor_map(t);
  }
  std::string report_of(void (*body)(const ptx::tensor_map&)) const {
    return qtl_test::report_of<ptx::tensor_map>({.threads = 32,
                                                 .shared_bytes = 2048,
                                                 .blocks = 2,
                                                 .least_target = qtl::gpu::gpu_target::sm_90a,
                                                 .cluster_blocks = 2},
                                                body, map);
  }
};

/// Thread 0 makes a published barrier for one arrival.
void make_barrier() {
  if (ptx::thread_index() != 0) return;
  ptx::mbarrier_init(ptx::shared_base(), 1);
  ptx::fence_mbarrier_init();
}

/// Thread 0 of block 0 sends the box to the blocks named; every block expects it.
void send(const ptx::tensor_map& map, std::uint16_t ranks) {
  if (ptx::thread_index() != 0) return;
  ptx::mbarrier_arrive_expect_tx(ptx::shared_base(), 1024);
  if (ptx::cluster_rank() == 0)
    ptx::tma_load_2d_multicast(ptx::shared_base() + 1024, map, ptx::shared_base(), 0, 0, ranks);
}

TEST_CASE("a multicast that both blocks wait for raises nothing") {
  const multicast_case c;
  const auto body = [](const ptx::tensor_map& map) {
    make_barrier();
    ptx::cluster_barrier();
    send(map, 3);
    ptx::mbarrier_wait(ptx::shared_base(), 0);
    ptx::load_shared<ptx::words4>(ptx::shared_base() + 1024 + 16 * ptx::lane_index());
    ptx::cluster_barrier();
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return c.report_of(body); }) == 0);
}

TEST_CASE("a multicast beyond the cluster, or that forgets a block") {
  const multicast_case c;
  check_always(
      [&] {
        return c.report_of([](const ptx::tensor_map& map) {
          make_barrier();
          ptx::cluster_barrier();
          send(map, 5);
          ptx::cluster_barrier();
        });
      },
      "multicast to blocks 0x5 of a cluster of 2");
  check_always(
      [&] {
        return c.report_of([](const ptx::tensor_map& map) {
          make_barrier();
          ptx::cluster_barrier();
          send(map, 1);
          ptx::mbarrier_wait(ptx::shared_base(), 0);
          ptx::cluster_barrier();
        });
      },
      "block (1, 0, 0), threads 0-31 wait at mbarrier.try_wait.parity for the barrier at "
      "shared_base() + 0 (0 of 1 arrivals and 1024 bytes are missing), parity 0");
}

TEST_CASE("a multicast to a block whose barrier may not exist yet") {
  const multicast_case c;
  const auto body = [](const ptx::tensor_map& map) {
    make_barrier();
    ptx::block_barrier();  // the cluster's is needed
    send(map, 3);
    ptx::mbarrier_wait(ptx::shared_base(), 0);
    ptx::cluster_barrier();
  };
  CHECK(qtl_test::seeds_that_find(10, [&] { return c.report_of(body); }) > 0);
}

TEST_CASE("a multicast over what the other block has stored without a fence") {
  const multicast_case c;
  check_always(
      [&] {
        return c.report_of([](const ptx::tensor_map& map) {
          make_barrier();
          if (ptx::cluster_rank() == 1)
            ptx::store_shared<std::uint32_t>(ptx::shared_base() + 1024 + 4 * ptx::lane_index(), 1);
          ptx::cluster_barrier();
          send(map, 3);
          ptx::cluster_barrier();
        });
      },
      "overwrites shared_base() + 1024, which thread 0 has stored without");
}

TEST_CASE("one lane is elected, always the same") {
  const auto body = [](const nothing&) {
    const bool first = ptx::elect_one();
    if (ptx::elect_one() != first) emulated::fail("test", "another lane");
    if (first) ptx::store_shared<std::uint32_t>(ptx::shared_base(), ptx::lane_index());
    ptx::warp_barrier();
    ptx::load_shared<std::uint32_t>(ptx::shared_base());
  };
  CHECK(qtl_test::seeds_that_find(5, [&] {
          return qtl_test::report_of(
              {.threads = 32, .shared_bytes = 4, .least_target = qtl::gpu::gpu_target::sm_90a},
              body);
        }) == 0);
}

TEST_CASE("registers handed from one role to two raise nothing") {
  const auto body = [](const nothing&) {
    if (ptx::warp_index() < 4)
      ptx::give_registers<40>();
    else
      ptx::take_registers<232>();
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return roles_report(body); }) == 0);
}

TEST_CASE("more registers than were given") {
  check_always(
      [] {
        return roles_report([](const nothing&) {
          if (ptx::warp_index() < 4)
            ptx::give_registers<48>();
          else
            ptx::take_registers<232>();
        });
      },
      "wait at setmaxnreg.inc for free registers per thread, up to 232");
}

TEST_CASE("registers given that are not there, taken that are") {
  check_always([] { return roles_report([](const nothing&) { ptx::give_registers<176>(); }); },
               "keeps 176 registers of 168");
  check_always([] { return roles_report([](const nothing&) { ptx::take_registers<160>(); }); },
               "takes 160 registers and owns 168");
}

TEST_CASE("half a warpgroup at setmaxnreg") {
  check_always(
      [] {
        return roles_report([](const nothing&) {
          if (ptx::warp_index() < 2) ptx::give_registers<40>();
        });
      },
      "setmaxnreg.dec");
}

}  // namespace
