// SPDX-License-Identifier: Apache-2.0
// The count of bank conflicts against layouts whose conflicts are known.
#include <cstdint>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/ldmatrix.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "emulation/detectors/planted.hpp"

namespace {

namespace ptx = qtl::gpu::ptx;
namespace emulated = qtl::gpu::emulated;
using qtl_test::nothing;

/// The counts of one warp whose lanes store T at stride * lane.
struct strided {
  std::uint32_t stride;
  template<class T>
  static void store(const strided& s) {
    ptx::store_shared<T>(ptx::shared_base() + s.stride * ptx::lane_index(), T{});
  }
};

template<class T>
emulated::launch_counts counts_of(std::uint32_t stride) {
  CHECK(
      qtl_test::report_of<strided>({.shared_bytes = 32768}, &strided::store<T>, {stride}).empty());
  return emulated::last_launch();
}

TEST_CASE("neighbouring words have no conflicts") {
  for (const emulated::launch_counts c :
       {counts_of<std::uint8_t>(1), counts_of<std::uint32_t>(4)}) {
    CHECK(c.shared_requests == 1);
    CHECK(c.shared_wavefronts == 1);
    CHECK(c.bank_conflicts == 0);
  }
  CHECK(counts_of<ptx::words2>(8).shared_wavefronts == 2);
  CHECK(counts_of<ptx::words4>(16).shared_wavefronts == 4);
  CHECK(counts_of<ptx::words4>(16).bank_conflicts == 0);
}

TEST_CASE("strides that meet in a bank conflict") {
  CHECK(counts_of<std::uint32_t>(8).bank_conflicts == 1);
  CHECK(counts_of<std::uint32_t>(128).bank_conflicts == 31);
  CHECK(counts_of<std::uint32_t>(132).bank_conflicts == 0);
  CHECK(counts_of<std::uint32_t>(0).bank_conflicts == 0);  // one word for all
  CHECK(counts_of<ptx::words4>(128).bank_conflicts == 4 * 7);
  CHECK(counts_of<ptx::words4>(144).bank_conflicts == 0);
}

TEST_CASE("lanes are grouped however the seed interleaves them") {
  const auto column = [](const nothing&) {
    const std::uint32_t mine = ptx::shared_base() + 512 * ptx::warp_index();
    for (unsigned i = 0; i < 100; ++i)
      ptx::store_shared<std::uint32_t>(mine + 128 * (i % 4) + 4 * ptx::lane_index(), i);
    if (ptx::lane_index() < 8) ptx::store_shared<std::uint64_t>(mine, 1);
    ptx::store_shared<std::uint32_t>(mine + 4 * ptx::lane_index(), 1);
  };
  const int found = qtl_test::seeds_that_find(4, [&] {
    const std::string report = qtl_test::report_of({.threads = 64, .shared_bytes = 1024}, column);
    CHECK(emulated::last_launch().shared_requests == 2 * 102);
    CHECK(emulated::last_launch().bank_conflicts == 0);
    return report;
  });
  CHECK(found == 0);
}

TEST_CASE("ldmatrix is served in phases of eight rows") {
  struct rows {
    std::uint32_t pitch;
    static void load(const rows& r) {
      const std::uint32_t at = ptx::shared_base() + r.pitch * ptx::lane_index();
      ptx::store_shared<ptx::words4>(at, {});
      ptx::warp_barrier();
      std::uint32_t out[4];
      ptx::ldmatrix_x4(out, at);
    }
  };
  CHECK(qtl_test::report_of<rows>({.shared_bytes = 8192}, &rows::load, {144}).empty());
  CHECK(emulated::last_launch().bank_conflicts == 0);
  CHECK(qtl_test::report_of<rows>({.shared_bytes = 8192}, &rows::load, {128}).empty());
  CHECK(emulated::last_launch().bank_conflicts == 2 * 4 * 7);
}

}  // namespace
