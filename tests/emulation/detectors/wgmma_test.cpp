// SPDX-License-Identifier: Apache-2.0
// Planted faults in the use of wgmma, and the model of Hopper's 8-bit floating-point accumulator.
#include "qtl/gpu/ptx/wgmma.cuh"

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "emulation/detectors/planted.hpp"

namespace {

namespace ptx = qtl::gpu::ptx;
namespace emulated = qtl::gpu::emulated;
using qtl::s8;
using qtl_test::check_report;
using qtl_test::nothing;

/// 64 rows of A and 8 of B, 32 bytes each, in core matrices.
constexpr std::uint32_t a_bytes = 64 * 32;
constexpr std::uint32_t all_bytes = a_bytes + 8 * 32;

std::string report_of(void (*body)(const nothing&), unsigned threads = 128) {
  return qtl_test::report_of({.threads = threads,
                              .shared_bytes = all_bytes + 1024,
                              .least_target = qtl::gpu::gpu_target::sm_90a},
                             body);
}

void check_always(void (*body)(const nothing&), const std::string& part) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    emulated::current_settings().seed = seed;
    check_report(report_of(body), part);
  }
  emulated::current_settings().seed = 1;
}

std::uint64_t a_descriptor() {
  return ptx::wgmma_descriptor(ptx::shared_base(), ptx::shared_swizzle::none, 128, 256);
}
std::uint64_t b_descriptor() {
  return ptx::wgmma_descriptor(ptx::shared_base() + a_bytes, ptx::shared_swizzle::none, 128, 256);
}

/// Writes `word` all over both operands.
void fill(std::uint32_t word, bool fenced = true) {
  for (std::uint32_t at = 4 * ptx::thread_index(); at < all_bytes; at += 512)
    ptx::store_shared<std::uint32_t>(ptx::shared_base() + at, word);
  if (fenced) ptx::fence_async_shared();
  ptx::block_barrier();
}

/// One product onto d, not waited for.
void issue(std::int32_t (&d)[4], bool accumulate = false) {
  ptx::wgmma_fence();
  ptx::wgmma<8, s8, s8>(d, a_descriptor(), b_descriptor(), accumulate);
  ptx::wgmma_commit();
}

void expect(bool holds) {
  if (!holds) emulated::fail("test", "the sum is wrong");
}

TEST_CASE("products that are waited for raise nothing") {
  const auto body = [](const nothing&) {
    fill(0x01010101);
    std::int32_t d[4] = {5, 5, 5, 5};
    issue(d, true);
    issue(d, true);
    ptx::wgmma_wait<1>();
    ptx::wgmma_wait<0>();
    for (const std::int32_t sum : d) expect(sum == 5 + 2 * 32);
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return report_of(body); }) == 0);
}

TEST_CASE("sums read before the wait are poison") {
  const auto body = [](const nothing&) {
    fill(0x01010101);
    std::int32_t d[4];
    issue(d);
    expect(d[0] == 32);
    ptx::wgmma_wait<0>();
  };
  check_always(body, "the sum is wrong");
}

TEST_CASE("sums written before the wait") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        issue(d);
        if (ptx::thread_index() == 77) d[2] = 0;
        ptx::wgmma_wait<0>();
      },
      "thread 77, wgmma.wait_group: a thread wrote accumulator registers while a wgmma still owned");
}

TEST_CASE("sums changed between products without a fence") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4] = {};
        issue(d);
        ptx::wgmma_wait<0>();
        d[1] = 3;
        ptx::wgmma<8, s8, s8>(d, a_descriptor(), b_descriptor(), true);
        ptx::wgmma_commit();
        ptx::wgmma_wait<0>();
      },
      "accumulator registers were written since the last product without wgmma.fence");
}

TEST_CASE("no fence at all") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4] = {};
        ptx::wgmma<8, s8, s8>(d, a_descriptor(), b_descriptor(), true);
      },
      "no wgmma.fence before the first product");
}

TEST_CASE("registers of A changed before the wait") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        std::uint32_t a[4] = {1, 2, 3, 4};
        ptx::wgmma_fence();
        ptx::wgmma<8, s8, s8>(d, a, b_descriptor(), false);
        ptx::wgmma_commit();
        a[3] = ptx::thread_index() == 9 ? 0 : 4;
        ptx::wgmma_wait<0>();
      },
      "thread 9, wgmma.wait_group: a thread wrote the registers of A");
}

TEST_CASE("operands overwritten before the wait") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        issue(d);
        ptx::block_barrier();
        ptx::store_shared<std::uint32_t>(ptx::shared_base() + 4 * ptx::thread_index(), 1);
        ptx::wgmma_wait<0>();
      },
      "may still read");
}

TEST_CASE("a wait that leaves the group running") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        issue(d);
        ptx::wgmma_wait<1>();
        ptx::block_barrier();
        ptx::store_shared<std::uint32_t>(ptx::shared_base() + 4 * ptx::thread_index(), 1);
      },
      "may still read");
}

TEST_CASE("a product that is not in the group waited for") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        ptx::wgmma_fence();
        ptx::wgmma<8, s8, s8>(d, a_descriptor(), b_descriptor(), false);
        ptx::wgmma_wait<0>();  // no commit: it covers nothing
      },
      "wgmma_wait is missing");
}

TEST_CASE("operands stored without a proxy fence") {
  check_always(
      [](const nothing&) {
        fill(0, false);
        std::int32_t d[4];
        issue(d);
        ptx::wgmma_wait<0>();
      },
      "has stored without fence.proxy.async.shared::cta since");
}

TEST_CASE("operands that nobody wrote, or outside of the shared memory") {
  check_always(
      [](const nothing&) {
        std::int32_t d[4];
        issue(d);
      },
      "bytes that nobody has written");
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        ptx::wgmma_fence();
        ptx::wgmma<8, s8, s8>(d, a_descriptor(), b_descriptor() + 4096, false);
      },
      "outside of the");
}

TEST_CASE("descriptors that contradict their swizzle") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        ptx::wgmma_fence();
        const std::uint64_t b =
            ptx::wgmma_descriptor(ptx::shared_base() + 128, ptx::shared_swizzle::bytes_128);
        ptx::wgmma<8, s8, s8>(d, a_descriptor(), b, false);
      },
      "not within the first row of a 128-byte swizzle pattern");
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        ptx::wgmma_fence();
        const std::uint64_t b =
            ptx::wgmma_descriptor(ptx::shared_base(), ptx::shared_swizzle::bytes_64, 16, 256);
        ptx::wgmma<8, s8, s8>(d, a_descriptor(), b, false);
      },
      "is no multiple of the 512 bytes of its swizzle pattern");
}

TEST_CASE("lanes, warps and blocks that do not agree") {
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        issue(d, ptx::lane_index() == 3);
      },
      "divergent collective: the lanes name different operands");
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        issue(d, ptx::warp_index() == 3);
        ptx::wgmma_wait<0>();
      },
      "divergent collective: the warps of a warpgroup issue different products");
  check_always(
      [](const nothing&) {
        fill(0);
        std::int32_t d[4];
        if (ptx::warp_index() != 2) issue(d);
        ptx::wgmma_wait<0>();
      },
      "divergent collective: the warps of a warpgroup issued different numbers of wgmmas");
  check_report(report_of(
                   [](const nothing&) {
                     fill(0);
                     std::int32_t d[4];
                     issue(d);
                   },
                   96),
               "needs 128 threads from a multiple of 128 on");
}

TEST_CASE("only sm_90a has wgmma") {
  emulated::current_settings().target = static_cast<int>(qtl::gpu::gpu_target::sm_100a);
  check_report(report_of([](const nothing&) { ptx::wgmma_fence(); }),
               "wgmma.fence: is not on sm_100a, only on sm_90a");
  emulated::current_settings().target = 0;
}

/// 1 + 2^-14 from two products: what an accumulator of 13 mantissa bits forgets.
float sum_of_unlike_terms() {
  static float found;
  const auto body = [](const nothing&) {
    fill(0x38383838);  // e4m3: 1.0 everywhere
    float d[4] = {std::ldexp(1.0f, -10), 0, 0, 0};
    ptx::wgmma_fence();
    ptx::wgmma<8, qtl::e4m3, qtl::e4m3>(d, a_descriptor(), b_descriptor(), true);
    ptx::wgmma_commit();
    ptx::wgmma_wait<0>();
    if (ptx::thread_index() == 0) found = d[0];
  };
  CHECK(report_of(body).empty());
  return found;
}

TEST_CASE("the accumulator of 8-bit floats keeps as many bits as the settings say") {
  CHECK(sum_of_unlike_terms() == 32.0f + std::ldexp(1.0f, -10));
  emulated::current_wgmma_settings().fp8_mantissa_bits = 13;
  CHECK(sum_of_unlike_terms() == 32.0f);
  emulated::current_wgmma_settings().fp8_mantissa_bits = 15;
  CHECK(sum_of_unlike_terms() == 32.0f + std::ldexp(1.0f, -10));
  emulated::current_wgmma_settings().fp8_mantissa_bits = 23;
}

}  // namespace
