// SPDX-License-Identifier: Apache-2.0
// The copy engine: boxes in and out under every swizzle, beyond the tensor's edges, to several
// blocks at once.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/host/tensor_map.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/bulk.cuh"
#include "qtl/gpu/ptx/cluster.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/mbarrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/tma.cuh"

#include "gpu/device.hpp"

namespace {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;
using ptx::shared_swizzle;
using qtl_test::device_array;

/// One thread makes a barrier for one arrival; all may use it afterwards.
QTL_DEVICE std::uint32_t fresh_barrier(std::uint32_t at) {
  if (ptx::thread_index() == 0) {
    ptx::mbarrier_init(at, 1);
    ptx::fence_mbarrier_init();
  }
  ptx::block_barrier();
  return at;
}

/// Copies one box in; writes it down row by row as ordinary loads see it, and out again by a box.
struct box_kernel {
  struct params {
    ptx::tensor_map from;
    ptx::tensor_map to;
    std::uint32_t* seen;
    std::int32_t x, y;
    std::uint32_t rows, row_bytes;
    shared_swizzle swizzle;
  };
  static constexpr qtl::short_name name = "box";
  static constexpr int threads = 64;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = 1024 + 16384;

  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static void run(const params& p) {
    const std::uint32_t barrier = fresh_barrier(ptx::shared_base());
    const std::uint32_t tile = ptx::shared_base() + 1024;
    if (ptx::thread_index() == 0) {
      ptx::prefetch_tensor_map(p.from);
      ptx::mbarrier_arrive_expect_tx(barrier, p.rows * p.row_bytes);
      ptx::tma_load_2d(tile, p.from, barrier, p.x, p.y);
    }
    ptx::mbarrier_wait(barrier, 0);
    for (std::uint32_t at = 4 * ptx::thread_index(); at < p.rows * p.row_bytes; at += 4 * threads)
      ptx::store_global(p.seen + at / 4,
                        ptx::load_shared<std::uint32_t>(ptx::swizzled(tile + at, p.swizzle)));
    if (ptx::thread_index() != 7) return;
    ptx::tma_store_2d(p.to, tile, p.x, p.y);
    ptx::bulk_commit();
    ptx::bulk_wait_read<0>();
  }
};

/// 16-bit elements, numbered from 1.
std::vector<std::uint16_t> numbered(std::int64_t count) {
  std::vector<std::uint16_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), std::uint16_t{1});
  return all;
}

ptx::tensor_map map_of(const gpu::tensor_shape& t) {
  auto map = gpu::encode_tensor_map(t);
  qtl_test::require_ok(map.why());
  return *map;
}

/// A 20 x 40 tensor of 16-bit elements in rows of 48.
constexpr std::int64_t rows = 20, columns = 40, pitch = 48;

gpu::tensor_shape shape_of(const device_array<std::uint16_t>& data, shared_swizzle swizzle,
                           int box_rows) {
  gpu::tensor_shape t;
  t.data = data.data();
  t.element_bytes = 2;
  t.columns = columns;
  t.rows = rows;
  t.pitch = pitch * 2;
  t.box_columns = static_cast<std::int32_t>(ptx::span_bytes(swizzle)) / 2;
  t.box_rows = box_rows;
  t.swizzle = swizzle;
  return t;
}

std::uint16_t element_at(const std::vector<std::uint16_t>& all, std::int64_t x, std::int64_t y) {
  const bool inside = x >= 0 && x < columns && y >= 0 && y < rows;
  return inside ? all[static_cast<std::size_t>(y * pitch + x)] : std::uint16_t{0};
}

void check_box(shared_swizzle swizzle, std::int32_t x, std::int32_t y) {
  constexpr int box_rows = 16;
  const std::vector<std::uint16_t> all = numbered(rows * pitch);
  const device_array<std::uint16_t> from(all);
  const device_array<std::uint16_t> to(std::vector<std::uint16_t>(all.size(), 0));
  const auto width = static_cast<std::int32_t>(ptx::span_bytes(swizzle)) / 2;
  const device_array<std::uint16_t> seen(box_rows * width);
  qtl_test::run_kernel<box_kernel>({map_of(shape_of(from, swizzle, box_rows)),
                                    map_of(shape_of(to, swizzle, box_rows)),
                                    reinterpret_cast<std::uint32_t*>(seen.data()), x, y, box_rows,
                                    ptx::span_bytes(swizzle), swizzle});
  std::vector<std::uint16_t> loaded;
  std::vector<std::uint16_t> stored(all.size(), 0);
  for (std::int64_t r = y; r < y + box_rows; ++r)
    for (std::int64_t c = x; c < x + width; ++c) {
      loaded.push_back(element_at(all, c, r));
      if (element_at(all, c, r) != 0)
        stored[static_cast<std::size_t>(r * pitch + c)] = element_at(all, c, r);
    }
  CHECK(seen.download() == loaded);
  CHECK(to.download() == stored);
}

TEST_CASE("boxes inside and across every edge of the tensor") {
  for (const auto swizzle : {shared_swizzle::none, shared_swizzle::bytes_32,
                             shared_swizzle::bytes_64, shared_swizzle::bytes_128}) {
    CAPTURE(static_cast<int>(swizzle));
    qtl_test::for_each_seed([&] {
      for (const std::int32_t x : {0, 3, 36, -5, 64}) {
        CAPTURE(x);
        check_box(swizzle, x, 0);
        check_box(swizzle, x, 11);
        check_box(swizzle, x, -9);
      }
    });
  }
}

/// A row by a box of one dimension and bytes without a tensor, in and out.
struct row_kernel {
  struct params {
    ptx::tensor_map from;
    ptx::tensor_map to;
    const std::uint32_t* bytes_from;
    std::uint32_t* bytes_to;
    std::int32_t x;
  };
  static constexpr qtl::short_name name = "row";
  static constexpr int threads = 32;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = 1024 + 2048;

  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static void run(const params& p) {
    const std::uint32_t barrier = fresh_barrier(ptx::shared_base());
    const std::uint32_t tile = ptx::shared_base() + 1024;
    if (ptx::thread_index() == 3) {
      ptx::mbarrier_expect_tx(barrier, 256);
      ptx::mbarrier_arrive_expect_tx(barrier, 512);
      ptx::tma_load_1d(tile, p.from, barrier, p.x);
      ptx::bulk_load(tile + 1024, p.bytes_from, 512, barrier);
    }
    ptx::mbarrier_wait(barrier, 0);
    // Each lane changes its own 16 bytes; then the copy engine must see them.
    const std::uint32_t mine = tile + 1024 + 16 * ptx::lane_index();
    ptx::store_shared<std::uint32_t>(mine, ptx::load_shared<std::uint32_t>(mine) + 1);
    ptx::fence_async_shared();
    ptx::block_barrier();
    if (ptx::thread_index() != 3) return;
    ptx::tma_store_1d(p.to, tile, p.x);
    ptx::bulk_commit();
    ptx::bulk_store(p.bytes_to, tile + 1024, 512);
    ptx::bulk_commit();
    ptx::bulk_wait<1>();
    ptx::bulk_wait<0>();
  }
};

TEST_CASE("one dimension, and bytes without a tensor") {
  std::vector<std::uint32_t> words(200);
  std::iota(words.begin(), words.end(), 5u);
  const device_array<std::uint32_t> from(words);
  qtl_test::for_each_seed([&] {
    for (const std::int32_t x : {0, 100, 170, -20}) {
      const device_array<std::uint32_t> to(std::vector<std::uint32_t>(200, 0));
      const device_array<std::uint32_t> bytes_to(128);
      gpu::tensor_shape t;
      t.data = from.data();
      t.element_bytes = 4;
      t.columns = 200;
      t.box_columns = 64;
      const ptx::tensor_map in = map_of(t);
      t.data = to.data();
      qtl_test::run_kernel<row_kernel>({in, map_of(t), from.data(), bytes_to.data(), x});
      std::vector<std::uint32_t> stored(200, 0);
      for (std::int32_t i = std::max(x, 0); i < std::min(x + 64, 200); ++i)
        stored[static_cast<std::size_t>(i)] = words[static_cast<std::size_t>(i)];
      CHECK(to.download() == stored);
      std::vector<std::uint32_t> changed(words.begin(), words.begin() + 128);
      for (std::size_t i = 0; i < 128; i += 4) ++changed[i];
      CHECK(bytes_to.download() == changed);
    }
  });
}

/// Four blocks of a cluster: each loads a quarter of the tile for all four, adds up what it got and
/// hands its sum to the next block.
struct multicast_kernel {
  struct params {
    ptx::tensor_map from;
    std::uint32_t* sums;
  };
  static constexpr qtl::short_name name = "multicast";
  static constexpr int threads = 32;
  static constexpr int min_blocks = 1;
  static constexpr unsigned cluster_blocks = 4;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = 1024 + 4 * 1024 + 128;
  static constexpr std::uint32_t quarter = 1024;

  static gpu::dim grid(const params&) { return {8, 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    const std::uint32_t full = fresh_barrier(ptx::shared_base());
    const std::uint32_t handed = fresh_barrier(ptx::shared_base() + 8);
    const std::uint32_t tile = ptx::shared_base() + 1024;
    const std::uint32_t rank = ptx::cluster_rank();
    ptx::cluster_barrier();  // every block's barriers exist
    if (ptx::thread_index() == 0) {
      ptx::mbarrier_arrive_expect_tx(full, 4 * quarter);
      if constexpr (gpu::compiled_sm != 1200)
        ptx::tma_load_2d_multicast(tile + rank * quarter, p.from, full, 0,
                                   static_cast<std::int32_t>(8 * rank), 0xF);
    }
    ptx::mbarrier_wait(full, 0);
    std::uint32_t sum = 0;
    for (std::uint32_t at = 0; at < 4 * quarter; at += 128)
      sum += ptx::load_shared<std::uint32_t>(tile + at + 4 * ptx::lane_index());
    const std::uint32_t next = (rank + 1) % ptx::cluster_blocks();
    const std::uint32_t slot = tile + 4 * quarter + 4 * ptx::lane_index();
    ptx::store_cluster<std::uint32_t>(ptx::map_shared(slot, next), sum + rank);
    ptx::cluster_barrier();
    if (ptx::lane_index() == 0) ptx::mbarrier_arrive_remote(handed, next);
    ptx::mbarrier_wait(handed, 0);
    ptx::store_global(p.sums + 32 * ptx::block_index_x() + ptx::lane_index(),
                      ptx::load_cluster<std::uint32_t>(ptx::map_shared(slot, rank)));
    ptx::cluster_barrier();
  }
};

TEST_CASE("a box for every block of a cluster") {
#if !QTL_GPU_EMULATED
  if (*gpu::device_target() == gpu::gpu_target::sm_120a) return;  // no multicast worth the name
#endif
  std::vector<std::uint32_t> words(1024);
  std::iota(words.begin(), words.end(), 1u);
  const device_array<std::uint32_t> from(words);
  gpu::tensor_shape t;
  t.data = from.data();
  t.element_bytes = 4;
  t.columns = 32;
  t.rows = 32;
  t.pitch = 128;
  t.box_columns = 32;
  t.box_rows = 8;
  const ptx::tensor_map map = map_of(t);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t block = 0; block < 8; ++block)
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
      std::uint32_t sum = (block % 4 + 3) % 4;
      for (std::size_t row = 0; row < 32; ++row) sum += words[32 * row + lane];
      expected.push_back(sum);
    }
  qtl_test::for_each_seed(
      [&] {
        const device_array<std::uint32_t> sums(256);
        sums.expect_written_once();
        qtl_test::run_kernel<multicast_kernel>({map, sums.data()});
        qtl_test::require_written();
        CHECK(sums.download() == expected);
      },
      5);
}

TEST_CASE("what a tensor map refuses, by the argument's name") {
  const device_array<std::uint16_t> data(numbered(rows * pitch));
  const gpu::tensor_shape good = shape_of(data, shared_swizzle::bytes_64, 8);
  const auto refusal = [](gpu::tensor_shape t) {
    return std::string(gpu::encode_tensor_map(t).why().message.c_str());
  };
  const auto with = [&](auto change) {
    gpu::tensor_shape t = good;
    change(t);
    return refusal(t);
  };
  CHECK(refusal(good).empty());
  CHECK(with([](auto& t) { t.pitch = 98; }) == "pitch: modulo 16 is 2, expected 0");
  CHECK(with([](auto& t) { t.pitch = 64; }) ==
        "pitch: less than a row, or 2^40 or more: it is 64, expected 80");
  CHECK(with([](auto& t) { t.box_rows = 257; }) ==
        "box_rows: outside of 1 to 256: it is 257, expected 256");
  CHECK(with([](auto& t) { t.box_columns = 20; }) ==
        "box_columns: bytes modulo 16 is 8, expected 0");
  CHECK(with([](auto& t) { t.box_columns = 16; }) ==
        "box_columns: bytes under this swizzle is 32, expected 64");
  CHECK(with([](auto& t) { t.columns = 0; }) ==
        "columns: outside of 1 to 2^32: it is 0, expected 4294967296");
  CHECK(with([](auto& t) { t.data = static_cast<const char*>(t.data) + 2; }) ==
        "data: address modulo 16 is 2, expected 0");
  CHECK(with([](auto& t) { t.element_bytes = 3; }) == "element_bytes: must be 1, 2, 4 or 8");
}

}  // namespace
