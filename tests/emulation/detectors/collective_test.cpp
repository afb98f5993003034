// SPDX-License-Identifier: Apache-2.0
// Planted faults in what threads do together: collectives, barriers, endings.
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/atomic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/shuffle.cuh"

#include "emulation/detectors/planted.hpp"
#include "gpu/device.hpp"

namespace {

namespace ptx = qtl::gpu::ptx;
namespace emulated = qtl::gpu::emulated;
using qtl_test::check_report;
using qtl_test::nothing;
using qtl_test::report_of;

TEST_CASE("a report names kernel, seed, block, thread and instruction") {
  emulated::current_settings().seed = 42;
  const std::string report = report_of({.threads = 64, .blocks = 3}, [](const nothing&) {
    if (ptx::block_index_x() == 2 && ptx::thread_index() == 37)
      ptx::load_global(static_cast<const float*>(nullptr));
  });
  emulated::current_settings().seed = 1;
  CHECK(report ==
        "planted: seed 42, block (2, 0, 0), thread 37, ld.global: 4 bytes at a null pointer");
}

TEST_CASE("the same seed finds the same thing") {
  const auto twice = [] {
    return report_of({.threads = 64, .blocks = 8}, [](const nothing&) {
      ptx::warp_barrier();
      ptx::load_shared<float>(ptx::shared_base());
    });
  };
  CHECK(twice() == twice());
}

TEST_CASE("lanes at different collectives are divergent") {
  check_report(report_of({},
                         [](const nothing&) {
                           if (ptx::lane_index() < 7)
                             ptx::warp_sum(1);
                           else
                             ptx::warp_max(1);
                         }),
               "divergent collective");
  CHECK(report_of({}, [](const nothing&) { ptx::warp_max(ptx::warp_sum(1)); }).empty());
}

TEST_CASE("masks that name one another's lanes differently are divergent") {
  struct masked {
    static void meet(const nothing&) {
      const std::uint32_t mask = ptx::lane_index() < 16 ? 0xffffffffu : 0xffff0fffu;
      emulated::warp_collective("planted", mask, nullptr, [](void* const*) {});
    }
    static void apart(const nothing&) {
      const std::uint32_t mask = ptx::lane_index() < 16 ? 0x0000ffffu : 0xffff0000u;
      emulated::warp_collective("planted", mask, nullptr, [](void* const*) {});
    }
    static void without_me(const nothing&) {
      emulated::warp_collective("planted", ~(1u << ptx::lane_index()), nullptr,
                                [](void* const*) {});
    }
  };
  check_report(report_of({}, &masked::meet), "with mask 0xffff0fff");
  check_report(report_of({}, &masked::without_me), "leaves out the lane itself");
  CHECK(report_of({}, &masked::apart).empty());
}

TEST_CASE("a warpgroup acts together") {
  struct group {
    static void good(const nothing&) {
      emulated::warpgroup_collective("planted", nullptr, [](void* const*) {});
    }
    static void bad(const nothing&) {
      emulated::warpgroup_collective(ptx::warp_index() == 2 ? "planted.b" : "planted.a", nullptr,
                                     [](void* const*) {});
    }
    static void gone(const nothing&) {
      if (ptx::thread_index() != 100) good({});
    }
  };
  CHECK(report_of({.threads = 256}, &group::good).empty());
  check_report(report_of({.threads = 128}, &group::bad), "divergent collective");
  check_report(report_of({.threads = 128}, &group::gone), "planted");
  check_report(report_of({.threads = 96}, &group::good), "needs 128 threads");
}

TEST_CASE("a lane that has ended is missed") {
  const auto gone = [](const nothing&) {
    if (ptx::lane_index() == 3) return;
    ptx::warp_barrier();
  };
  // Whether it ends before or after the others come is the seed's choice.
  CHECK(qtl_test::seeds_that_find(5, [&] { return report_of({}, gone); }) == 5);
}

TEST_CASE("a shuffle from a lane that does not exist is found") {
  struct short_warp {
    static void bad(const nothing&) { ptx::shuffle(1, 20); }
    static void good(const nothing&) { ptx::shuffle(1, 15); }
  };
  check_report(report_of({.threads = 16}, &short_warp::bad), "a lane that the block has no thread");
  CHECK(report_of({.threads = 16}, &short_warp::good).empty());
}

TEST_CASE("barriers that cannot be are refused") {
  check_report(report_of({.threads = 64}, [](const nothing&) { ptx::named_barrier(16, 64); }),
               "barrier 16 does not exist");
  check_report(report_of({.threads = 64}, [](const nothing&) { ptx::named_barrier(1, 40); }),
               "for 40 threads: no multiple of 32");
  check_report(report_of({.threads = 64}, [](const nothing&) { ptx::named_barrier(1, 96); }),
               "for 96 threads: the block has 64");
}

TEST_CASE("threads that disagree on a barrier's count are found") {
  check_report(
      report_of({.threads = 128},
                [](const nothing&) { ptx::named_barrier(2, ptx::warp_index() == 1 ? 64 : 96); }),
      "while others wait there for");
}

TEST_CASE("one thread arrives once in a phase") {
  check_report(report_of({.threads = 64},
                         [](const nothing&) {
                           ptx::named_barrier_arrive(3, 64);
                           if (ptx::warp_index() == 0) ptx::named_barrier_arrive(3, 64);
                         }),
               "barrier 3");
}

TEST_CASE("half a warp at a barrier is found") {
  struct halves {
    static void bad(const nothing&) {
      if (ptx::lane_index() < 16) ptx::named_barrier(1, 32);
    }
    static void good(const nothing&) {
      if (ptx::warp_index() == 1) ptx::named_barrier(1, 32);
    }
  };
  check_report(report_of({.threads = 64}, &halves::bad), "only 16 lanes of warp");
  CHECK(report_of({.threads = 64}, &halves::good).empty());
}

TEST_CASE("a producer arrives and a consumer waits") {
  struct hand_over {
    static void good(const nothing&) {
      const std::uint32_t address = ptx::shared_base() + 4 * ptx::lane_index();
      if (ptx::warp_index() == 0) {
        ptx::store_shared<std::uint32_t>(address, 5);
        ptx::named_barrier_arrive(1, 64);
      } else {
        ptx::named_barrier(1, 64);
        ptx::load_shared<std::uint32_t>(address ^ 4);
      }
    }
    static void early(const nothing&) {
      const std::uint32_t address = ptx::shared_base() + 4 * ptx::lane_index();
      if (ptx::warp_index() == 0) {
        ptx::named_barrier_arrive(1, 64);
        ptx::store_shared<std::uint32_t>(address, 5);
      } else {
        ptx::named_barrier(1, 64);
        ptx::load_shared<std::uint32_t>(address ^ 4);
      }
    }
    static void alone(const nothing&) {
      if (ptx::warp_index() == 0) ptx::named_barrier_arrive(1, 64);
    }
  };
  const qtl_test::shape two_warps{.threads = 64, .shared_bytes = 128};
  CHECK(qtl_test::seeds_that_find(8, [&] { return report_of(two_warps, &hand_over::good); }) == 0);
  CHECK(qtl_test::seeds_that_find(8, [&] { return report_of(two_warps, &hand_over::early); }) >= 2);
  // Whether a thread of the other warp ends before or after the arrivals is the seed's choice.
  CHECK(qtl_test::seeds_that_find(8, [&] { return report_of(two_warps, &hand_over::alone); }) == 8);
  check_report(report_of(two_warps, &hand_over::alone), "barrier 1");
}

TEST_CASE("a deadlock lists who waits where") {
  const std::string report = report_of({.threads = 128}, [](const nothing&) {
    ptx::named_barrier(ptx::warp_index() < 2 ? 4 : 5, 128);
  });
  check_report(report, "deadlock: no thread can run");
  check_report(report, "threads 0-63 wait at bar.sync of barrier 4");
  check_report(report, "threads 64-127 wait at bar.sync of barrier 5");
  check_report(report, "barrier 5 has 64 of 128 arrivals");
}

TEST_CASE("a thread that ends while others wait for all is found") {
  const auto gone = [](const nothing&) {
    if (ptx::warp_index() != 1) ptx::block_barrier();
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return report_of({.threads = 96}, gone); }) == 5);
}

TEST_CASE("a flag that nobody sets is found, one that another block sets is waited for") {
  struct flag {
    std::uint32_t* word;
    static void spin(const flag& f) {
      if (ptx::block_index_x() + 1 < ptx::grid_extent_x()) {
        while (ptx::load_acquire(f.word) == 0) {
        }
      } else {
        ptx::store_release(f.word, 1);
      }
    }
    static void forever(const flag& f) {
      while (ptx::load_acquire(f.word) == 0) {
      }
    }
  };
  const qtl_test::device_array<std::uint32_t> word(std::vector<std::uint32_t>{0});
  const flag f{word.data()};
  check_report(report_of<flag>({.threads = 1, .blocks = 3}, &flag::forever, f),
               "spins for ever: nothing moves any more; block");
  CHECK(report_of<flag>({.threads = 1, .blocks = 20}, &flag::spin, f).empty());
}

TEST_CASE("an instruction that the target lacks is found") {
  struct newer {
    static void use(const nothing&) { emulated::require("planted", qtl::gpu::gpu_target::sm_90a); }
    static void use_only(const nothing&) {
      emulated::require("planted", qtl::gpu::gpu_target::sm_90a, qtl::gpu::gpu_target::sm_90a);
    }
  };
  using enum qtl::gpu::gpu_target;
  check_report(report_of({}, &newer::use), "planted: is not on sm_80, it came with sm_90a");
  CHECK(report_of({.least_target = sm_100a}, &newer::use).empty());
  check_report(report_of({.least_target = sm_100a}, &newer::use_only), "only on sm_90a");
  CHECK(report_of({.least_target = sm_90a}, &newer::use_only).empty());
}

TEST_CASE("a launch that the GPU would refuse is refused") {
  const auto idle = [](const nothing&) {};
  using enum qtl::gpu::gpu_target;
  check_report(report_of({.threads = 1056}, idle), "threads per block is 1056, expected 1024");
  check_report(report_of({.shared_bytes = 164 * 1024}, idle),
               "shared memory per block is 167936, expected 166912");
  CHECK(report_of({.shared_bytes = 227 * 1024, .least_target = sm_90a}, idle).empty());
  check_report(report_of({.blocks = 3, .cluster_blocks = 2}, idle), "no multiple of the cluster");
  emulated::current_settings().target = static_cast<int>(sm_89);
  check_report(report_of({.least_target = sm_90a}, idle), "least target is 900, expected 890");
  check_report(report_of({.shared_bytes = 100 * 1024}, idle), "expected 101376");
  emulated::current_settings().target = 0;
}

}  // namespace
