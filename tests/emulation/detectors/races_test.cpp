// SPDX-License-Identifier: Apache-2.0
// Planted races: slots that are overwritten too early, words that two warps touch unordered. Each
// is found by order in every seed, and those that do harm by some seeds' interleaving alone.
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/atomic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"
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

/// Under how many of eight seeds something is found, with the check of order or without it.
int found(const qtl_test::shape& s, void (*body)(const nothing&), bool by_order) {
  emulated::current_settings().check_races = by_order;
  const int seeds = qtl_test::seeds_that_find(8, [&] { return report_of(s, body); });
  emulated::current_settings().check_races = true;
  return seeds;
}

/// Four warps hand words through a ring of slots, with one barrier in each turn: enough for two
/// slots; with one, a fast warp overwrites what a slow one still reads.
struct ring {
  template<unsigned Slots>
  static void run(const nothing&) {
    const unsigned t = ptx::thread_index();
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint32_t slot = ptx::shared_base() + 512 * (i % Slots);
      ptx::store_shared<std::uint32_t>(slot + 4 * t, i);
      ptx::block_barrier();
      if (ptx::load_shared<std::uint32_t>(slot + 4 * (127 - t)) != i)
        emulated::fail("planted", "another turn's word");
    }
  }
};

TEST_CASE("a slot that is overwritten too early is found") {
  const qtl_test::shape four{.threads = 128, .shared_bytes = 1024};
  CHECK(found(four, &ring::run<1>, true) == 8);
  CHECK(found(four, &ring::run<1>, false) == 8);
  CHECK(found(four, &ring::run<2>, true) == 0);
}

/// A producer warp and a consumer warp share four slots; the consumer may release a slot before it
/// has read it, which does harm only where the producer runs far ahead.
struct slots {
  static constexpr unsigned count = 4, turns = 16;

  template<bool Early>
  static void run(const nothing&) {
    for (unsigned i = 0; i < turns && ptx::warp_index() < 2; ++i) {
      const std::uint32_t slot = ptx::shared_base() + 128 * (i % count) + 4 * ptx::lane_index();
      if (ptx::warp_index() == 0) {
        if (i >= count) ptx::named_barrier(1 + i % count, 64);
        ptx::store_shared<std::uint32_t>(slot, i);
        ptx::named_barrier_arrive(1 + count + i % count, 64);
      } else {
        ptx::named_barrier(1 + count + i % count, 64);
        if (Early && i + count < turns) ptx::named_barrier_arrive(1 + i % count, 64);
        if (ptx::load_shared<std::uint32_t>(slot) != i)
          emulated::fail("planted", "another turn's word");
        if (!Early && i + count < turns) ptx::named_barrier_arrive(1 + i % count, 64);
      }
    }
  }
};

TEST_CASE("a slot that is released too early is found") {
  const qtl_test::shape two{.threads = 64, .shared_bytes = 512};
  CHECK(found(two, &slots::run<true>, true) == 8);
  CHECK(found(two, &slots::run<true>, false) >= 4);
  CHECK(found(two, &slots::run<false>, true) == 0);
}

TEST_CASE("two warps that write one word are found though nobody reads it") {
  struct writers {
    static void apart(const nothing&) {
      ptx::store_shared<std::uint32_t>(ptx::shared_base() + 4 * ptx::thread_index(), 1);
    }
    static void together(const nothing&) {
      ptx::store_shared<std::uint32_t>(ptx::shared_base() + 4 * ptx::lane_index(), 1);
    }
    static void in_turn(const nothing&) {
      if (ptx::warp_index() == 0) together({});
      ptx::block_barrier();
      if (ptx::warp_index() == 1) together({});
    }
  };
  const qtl_test::shape two{.threads = 64, .shared_bytes = 256};
  CHECK(found(two, &writers::apart, true) == 0);
  CHECK(found(two, &writers::together, true) == 8);
  CHECK(found(two, &writers::together, false) == 0);
  CHECK(found(two, &writers::in_turn, true) == 0);
  check_report(report_of(two, &writers::together), "data race at shared_base() + ");
  check_report(report_of(two, &writers::together), "wrote it, and nothing orders that before this");
}

/// Reads another warp's words, then copies over its own, which that warp may still read.
struct overwrite {
  const ptx::words4* from;
  template<bool Synchronized>
  static void run(const overwrite& o) {
    const std::uint32_t mine = ptx::shared_base() + 16 * ptx::thread_index();
    const std::uint32_t other = ptx::shared_base() + 16 * (63 - ptx::thread_index());
    ptx::store_shared<ptx::words4>(mine, {});
    ptx::block_barrier();
    ptx::load_shared<ptx::words4>(other);
    if constexpr (Synchronized) ptx::block_barrier();
    ptx::cp_async<16>(mine, o.from);
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();
    ptx::block_barrier();
    ptx::load_shared<ptx::words4>(other);
  }
};

TEST_CASE("a copy over words that another warp still reads is found") {
  const qtl_test::device_array<ptx::words4> from(std::vector<ptx::words4>(1));
  const overwrite o{from.data()};
  const auto report = [&](void (*body)(const overwrite&)) {
    return report_of<overwrite>({.threads = 64, .shared_bytes = 1024}, body, o);
  };
  CHECK(qtl_test::seeds_that_find(8, [&] { return report(&overwrite::run<false>); }) == 8);
  CHECK(qtl_test::seeds_that_find(8, [&] { return report(&overwrite::run<true>); }) == 0);
}

/// Lanes of one warp exchange words: only a barrier of the warp orders that, no other collective.
struct lanes {
  enum class by { nothing, shuffle, warp, block };
  template<by Order>
  static void run(const nothing&) {
    const std::uint32_t base = ptx::shared_base() + 128 * ptx::warp_index();
    ptx::store_shared<std::uint32_t>(base + 4 * ptx::lane_index(), 1);
    if constexpr (Order == by::shuffle) ptx::shuffle_xor(1, 1);
    if constexpr (Order == by::warp) ptx::warp_barrier();
    if constexpr (Order == by::block) ptx::block_barrier();
    ptx::load_shared<std::uint32_t>(base + 4 * (ptx::lane_index() ^ 1));
    ptx::load_shared<std::uint32_t>(base);
    if constexpr (Order == by::shuffle) ptx::shuffle_xor(1, 1);
    if constexpr (Order == by::warp) ptx::warp_barrier();
    if constexpr (Order == by::block) ptx::block_barrier();
    ptx::store_shared<std::uint32_t>(base + 4 * ptx::lane_index(), 2);
  }
};

TEST_CASE("lanes of a warp are ordered by its barrier alone") {
  const qtl_test::shape two{.threads = 64, .shared_bytes = 256};
  using by = lanes::by;
  CHECK(found(two, &lanes::run<by::nothing>, true) == 8);
  CHECK(found(two, &lanes::run<by::shuffle>, true) == 8);
  CHECK(found(two, &lanes::run<by::shuffle>, false) == 0);
  CHECK(found(two, &lanes::run<by::warp>, true) == 0);
  CHECK(found(two, &lanes::run<by::block>, true) == 0);
  check_report(report_of(two, &lanes::run<by::shuffle>), "another lane of the warp");
}

TEST_CASE("a flag in global memory orders shared memory too") {
  struct flagged {
    std::uint32_t* flag;
    static void run(const flagged& f) {
      const std::uint32_t word = ptx::shared_base() + 4 * ptx::lane_index();
      if (ptx::warp_index() == 0) {
        ptx::store_shared<std::uint32_t>(word, 1);
        ptx::warp_barrier();
        if (ptx::lane_index() == 0) ptx::store_release(f.flag, 1);
      } else {
        while (ptx::load_acquire(f.flag) == 0) {
        }
        ptx::load_shared<std::uint32_t>(word);
      }
    }
  };
  const int seeds = qtl_test::seeds_that_find(8, [] {
    const qtl_test::device_array<std::uint32_t> flag(std::vector<std::uint32_t>{0});
    return report_of<flagged>({.threads = 64, .shared_bytes = 128}, &flagged::run, {flag.data()});
  });
  CHECK(seeds == 0);
}

}  // namespace
