// SPDX-License-Identifier: Apache-2.0
// tests/gpu/question_kernels_test.cpp - the benchmark's kernels that ask what Hopper can do leave
// behind what they must, so that a figure of theirs is one of work that was done.
#include "qtl/gpu/host/tensor_map.cuh"

#include "../../bench/gpu/question_answers.hpp"
#include "gpu/device.hpp"

namespace {

using namespace qtl_bench;
using qtl_test::device_array;
using qtl_test::require_ok;

bool is_hopper() { return *gpu::device_target() == gpu::gpu_target::sm_90a; }

TEST_CASE("a loop of products over operands that stay") {
  if (!is_hopper()) return;
  qtl_test::for_each_seed([] {
    for (const std::int64_t slabs : {1, 3}) {
      const device_array<std::uint32_t> folded(2 * product_loop::threads);
      folded.expect_written_once();
      qtl_test::run_kernel<product_loop>({folded.data(), slabs, 2});
      qtl_test::require_written();
      const std::vector<std::uint32_t> got = folded.download();
      const std::vector<std::uint32_t> want = expected_loop(slabs);
      for (std::size_t i = 0; i < got.size(); ++i) REQUIRE(got[i] == want[i % want.size()]);
    }
  });
}

// Chunks that do not divide among the blocks; one block has none at all.
template<stream_kind Kind, int Stages>
void check_stream() {
  using kernel = weight_stream<Kind, Stages>;
  for (const std::int64_t chunks : {2, 7}) {
    std::vector<std::uint32_t> words(static_cast<std::size_t>(chunks * kernel::chunk_bytes / 4));
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = drawn_word(static_cast<std::uint32_t>(i));
    const device_array<std::uint32_t> data(words);
    const device_array<std::uint32_t> folded(32 * 3);
    typename kernel::params p;
    p.data = reinterpret_cast<const std::byte*>(data.data());
    p.rows = *gpu::encode_tensor_map(stream_rows(p.data, chunks, kernel::chunk_bytes));
    p.chunks = chunks;
    p.folded = folded.data();
    p.blocks = 3;
    folded.expect_written_once();
    qtl_test::run_kernel<kernel>(p);
    qtl_test::require_written();
    CHECK(folded.download() == expected_stream(chunks, kernel::chunk_bytes, 3));
  }
}

TEST_CASE("streams read every chunk, whoever brings it") {
  if (!is_hopper()) return;
  qtl_test::for_each_seed([] {
    check_stream<stream_kind::boxes, 2>();
    check_stream<stream_kind::lines, 2>();
    check_stream<stream_kind::copies, 2>();
    check_stream<stream_kind::lines, 12>();
  });
}

}  // namespace
