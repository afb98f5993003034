// SPDX-License-Identifier: Apache-2.0
// Planted faults in the use of the copy engine.
#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/host/tensor_map.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/bulk.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/mbarrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/tma.cuh"

#include "emulation/detectors/planted.hpp"
#include "gpu/device.hpp"

namespace {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;
using qtl_test::check_report;

/// A 32 x 128 tensor of bytes in boxes of eight rows, 1024 bytes each.
struct copy_params {
  ptx::tensor_map map;
  std::byte* data;
};
constexpr std::uint32_t box_bytes = 1024;

class planted_copies {
 public:
  planted_copies() : data_(std::vector<std::uint8_t>(32 * 128, 1)) {
    gpu::tensor_shape t;
    t.data = data_.data();
    t.columns = 128;
    t.rows = 32;
    t.pitch = 128;
    t.box_columns = 128;
    t.box_rows = 8;
    t.swizzle = ptx::shared_swizzle::bytes_128;
    params_.map = *gpu::encode_tensor_map(t);
    params_.data = reinterpret_cast<std::byte*>(data_.data());
  }
  std::string report_of(void (*body)(const copy_params&)) const {
    return qtl_test::report_of<copy_params>(
        {.threads = 32, .shared_bytes = 4096, .least_target = gpu::gpu_target::sm_90a}, body,
        params_);
  }
  /// Every seed finds it, with one sentence or the other.
  void check_always(void (*body)(const copy_params&), const std::string& part,
                    const std::string& or_part = "?") const {
    qtl_test::for_each_seed(
        [&] {
          const std::string report = report_of(body);
          CAPTURE(report);
          const bool found = report.find(part) != std::string::npos;
          CHECK((found || report.find(or_part) != std::string::npos));
        },
        5);
  }

 private:
  qtl_test::device_array<std::uint8_t> data_;
  copy_params params_;
};

std::uint32_t barrier() { return ptx::shared_base(); }
std::uint32_t tile() { return ptx::shared_base() + 1024; }

void make_barrier(bool publish = true) {
  if (ptx::lane_index() == 0) {
    ptx::mbarrier_init(barrier(), 1);
    if (publish) ptx::fence_mbarrier_init();
  }
  ptx::block_barrier();
}

void load(const copy_params& p, std::uint32_t expected = box_bytes) {
  ptx::mbarrier_arrive_expect_tx(barrier(), expected);
  ptx::tma_load_2d(tile(), p.map, barrier(), 0, 8);
}

TEST_CASE("bytes read before their barrier says so") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) load(p);
        ptx::warp_barrier();
        ptx::load_shared<std::uint32_t>(tile() + 4 * ptx::lane_index());
      },
      "reads the destination of a copy that is still in flight",
      "the block ends while its bulk loads still run");
}

TEST_CASE("bytes written while a copy lands on them") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) {
          load(p);
          ptx::store_shared<std::uint32_t>(tile(), 1);
        }
      },
      "writes the destination of a copy that is still in flight");
}

TEST_CASE("a block that ends before its copies") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) load(p);
      },
      "the block ends while its bulk loads still run");
}

TEST_CASE("fewer bytes expected than come") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) load(p, box_bytes / 2);
        ptx::mbarrier_wait(barrier(), 0);
        ptx::load_shared<ptx::words4>(tile() + 16 * ptx::lane_index());
        ptx::load_shared<ptx::words4>(tile() + 512 + 16 * ptx::lane_index());
      },
      "still in flight", "bytes that nobody expected");
}

TEST_CASE("a barrier that was not published") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier(false);
        if (ptx::lane_index() == 0) load(p);
      },
      "was not fenced after its init");
}

TEST_CASE("a destination that the swizzle cannot have") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) ptx::tma_load_2d(tile() + 512, p.map, barrier(), 0, 0);
      },
      "shared_base() + 1536 is not aligned to 1024");
}

TEST_CASE("a destination outside of the shared memory") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) ptx::tma_load_2d(tile() + 3072, p.map, barrier(), 0, 0);
      },
      "the block has 4096 bytes of shared memory");
}

TEST_CASE("bytes that are no tensor map, or one of other dimensions") {
  planted_copies{}.check_always(
      [](const copy_params&) {
        const ptx::tensor_map none;
        make_barrier();
        ptx::tma_load_2d(tile(), none, barrier(), 0, 0);
      },
      "no tensor map");
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        ptx::tma_load_1d(tile(), p.map, barrier(), 0);
      },
      "a copy of 1 dimensions through a map of 2");
}

TEST_CASE("sizes and addresses that plain bulk copies refuse") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) ptx::bulk_load(tile(), p.data, 24, barrier());
      },
      "copies 24 bytes, expected a multiple of 16");
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        if (ptx::lane_index() == 0) ptx::bulk_load(tile() + 8, p.data, 16, barrier());
      },
      "not aligned to 16");
}

/// Every lane stores its part of a box, which lane 0 then sends away.
void stage(bool fenced) {
  for (std::uint32_t at = 16 * ptx::lane_index(); at < box_bytes; at += 512)
    ptx::store_shared<ptx::words4>(tile() + at, {});
  if (fenced) ptx::fence_async_shared();
  ptx::block_barrier();
}

TEST_CASE("a store that is waited for raises nothing") {
  const planted_copies copies;
  const auto body = [](const copy_params& p) {
    stage(true);
    if (ptx::lane_index() == 0) {
      ptx::tma_store_2d(p.map, tile(), 0, 0);
      ptx::bulk_commit();
      ptx::bulk_wait_read<0>();
    }
    ptx::block_barrier();
    stage(true);
  };
  CHECK(qtl_test::seeds_that_find(5, [&] { return copies.report_of(body); }) == 0);
}

TEST_CASE("a store of what was written without a proxy fence") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        stage(false);
        if (ptx::lane_index() == 0) ptx::tma_store_2d(p.map, tile(), 0, 0);
      },
      "has stored without fence.proxy.async.shared::cta since");
  // A fence of another thread does not help.
  planted_copies{}.check_always(
      [](const copy_params& p) {
        stage(false);
        if (ptx::lane_index() != 0) return;
        ptx::fence_async_shared();
        ptx::tma_store_2d(p.map, tile(), 0, 0);
      },
      "has stored without fence.proxy.async.shared::cta since");
}

TEST_CASE("a load over what was written without a proxy fence") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        make_barrier();
        stage(false);
        if (ptx::lane_index() == 0) load(p);
      },
      "overwrites shared_base() + 1024, which thread");
}

TEST_CASE("a staged box overwritten before it was read") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        stage(true);
        if (ptx::lane_index() == 0) {
          ptx::tma_store_2d(p.map, tile(), 0, 0);
          ptx::bulk_commit();
        }
        ptx::block_barrier();
        ptx::store_shared<std::uint32_t>(tile() + 4 * ptx::lane_index(), 7);
      },
      "may still read");
}

TEST_CASE("a wait that covers one group too few, or another thread's") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        stage(true);
        if (ptx::lane_index() != 0) return;
        ptx::tma_store_2d(p.map, tile(), 0, 0);
        ptx::bulk_commit();
        ptx::bulk_wait_read<1>();
        ptx::store_shared<std::uint32_t>(tile(), 7);
      },
      "may still read");
  planted_copies{}.check_always(
      [](const copy_params& p) {
        stage(true);
        if (ptx::lane_index() == 0) {
          ptx::tma_store_2d(p.map, tile(), 0, 0);
          ptx::bulk_commit();
        }
        ptx::block_barrier();
        if (ptx::lane_index() != 1) return;
        ptx::bulk_wait_read<0>();
        ptx::store_shared<std::uint32_t>(tile(), 7);
      },
      "may still read");
}

TEST_CASE("a block that ends before its stores were read") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        stage(true);
        if (ptx::lane_index() == 0) {
          ptx::tma_store_2d(p.map, tile(), 0, 0);
          ptx::bulk_commit();
        }
      },
      "bulk_wait_read is missing");
}

TEST_CASE("a store of bytes that nobody wrote") {
  planted_copies{}.check_always(
      [](const copy_params& p) {
        if (ptx::lane_index() == 0) ptx::tma_store_2d(p.map, tile(), 0, 0);
      },
      "bytes that nobody has written");
}

TEST_CASE("two stores of one element where it is to be written once") {
  const planted_copies copies;
  const auto body = [](const copy_params& p) {
    stage(true);
    if (ptx::lane_index() != 0) return;
    ptx::bulk_store(p.data, tile(), 512);
    ptx::bulk_store(p.data + 256, tile(), 512);
    ptx::bulk_commit();
    ptx::bulk_wait<0>();
  };
  CHECK(copies.report_of(body).empty());
  const qtl_test::device_array<std::uint8_t> out(1024);
  const copy_params p{{}, reinterpret_cast<std::byte*>(out.data())};
  out.expect_written_once();
  check_report(
      qtl_test::report_of<copy_params>(
          {.threads = 32, .shared_bytes = 4096, .least_target = gpu::gpu_target::sm_90a}, body, p),
      "written a second time");
  CHECK_FALSE(gpu::emulated::check_written().ok());
}

}  // namespace
