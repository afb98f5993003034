// SPDX-License-Identifier: Apache-2.0
// tests/gpu/instructions/matrices_test.cpp - ldmatrix, stmatrix and movmatrix: which element lands
// where. A test's shared memory holds 16-bit elements that tell their own place, rows in a shuffled
// order.
#include <cstring>
#include <string_view>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/ldmatrix.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "gpu/device.hpp"

// Not unnamed: nvcc loses its way where a kernel of an unnamed namespace meets TEST_CASE_TEMPLATE,
// which opens another one inside.
namespace qtl_test::matrices {

using qtl::gpu::ptx::words4;
namespace ptx = qtl::gpu::ptx;

constexpr int rows = 32;  // of four matrices

/// Where matrix row r lies in shared memory: rows in a shuffled order, `stride` bytes apart.
QTL_HOST_DEVICE constexpr std::uint32_t place_of_row(std::uint32_t r, std::uint32_t stride) {
  return (r * 5 + 3) % rows * stride;
}

/// What a kernel here shares: one warp, 32 rows of 16 bytes that come from and go to global memory.
template<qtl::gpu::gpu_target Target, std::uint32_t Stride>
struct one_warp {
  struct params {
    const words4* rows;   ///< matrix row r, 8 elements
    words4* results;      ///< of every lane, or row
    std::uint32_t shift;  ///< added to every address
  };
  static constexpr qtl::short_name name = "matrices";
  static constexpr int threads = 32;
  static constexpr int min_blocks = 1;
  static constexpr qtl::gpu::gpu_target least_target = Target;
  static constexpr std::uint32_t shared_bytes = rows * Stride + 16;

  static qtl::gpu::dim grid(const params&) { return {}; }
  QTL_DEVICE static std::uint32_t my_row() {
    return ptx::shared_base() + place_of_row(ptx::lane_index(), Stride);
  }
  QTL_DEVICE static void fill(const params& p) {
    ptx::store_shared<words4>(my_row(), ptx::load_global(p.rows + ptx::lane_index()));
    ptx::warp_barrier();
  }
};

template<int Count, bool Transposed, std::uint32_t Stride = 80>
struct load_kernel : one_warp<qtl::gpu::gpu_target::sm_80, Stride> {
  using base = one_warp<qtl::gpu::gpu_target::sm_80, Stride>;
  using typename base::params;
  static constexpr int count = Count;
  static constexpr bool transposed = Transposed;

  QTL_DEVICE static void run(const params& p) {
    base::fill(p);
    const std::uint32_t address = base::my_row() + p.shift;
    std::uint32_t r[Count];
    if constexpr (Count == 4)
      Transposed ? ptx::ldmatrix_x4_transposed(r, address) : ptx::ldmatrix_x4(r, address);
    else if constexpr (Count == 2)
      Transposed ? ptx::ldmatrix_x2_transposed(r, address) : ptx::ldmatrix_x2(r, address);
    else
      Transposed ? ptx::ldmatrix_x1_transposed(r, address) : ptx::ldmatrix_x1(r, address);
    words4 result{};
    for (int m = 0; m < Count; ++m) result.w[m] = r[m];
    ptx::store_global(p.results + ptx::lane_index(), result);
  }
};

template<bool Transposed>
struct store_kernel : one_warp<qtl::gpu::gpu_target::sm_90a, 80> {
  static constexpr bool transposed = Transposed;

  QTL_DEVICE static void run(const params& p) {
    const words4 mine = ptx::load_global(p.rows + ptx::lane_index());
    if constexpr (Transposed)
      ptx::stmatrix_x4_transposed(my_row() + p.shift, mine.w);
    else
      ptx::stmatrix_x4(my_row() + p.shift, mine.w);
    ptx::warp_barrier();
    ptx::store_global(p.results + ptx::lane_index(), ptx::load_shared<words4>(my_row()));
  }
};

struct move_kernel : one_warp<qtl::gpu::gpu_target::sm_80, 16> {
  QTL_DEVICE static void run(const params& p) {
    words4 mine = ptx::load_global(p.rows + ptx::lane_index());
    mine.w[0] = ptx::movmatrix(mine.w[0]);
    ptx::store_global(p.results + ptx::lane_index(), mine);
  }
};

/// Element e of row r says 100 r + e.
std::vector<words4> telling_rows() {
  std::vector<words4> all(rows);
  for (std::uint32_t r = 0; r < rows; ++r)
    for (std::uint32_t e = 0; e < 8; ++e) all[r].w[e / 2] |= (100 * r + e) << 16 * (e % 2);
  return all;
}

template<class K>
std::vector<words4> results_of(const std::vector<words4>& given) {
  const qtl_test::device_array<words4> from(given), to(rows);
  qtl_test::run_kernel<K>({from.data(), to.data(), 0});
  return to.download();
}

/// The manual: lane l holds in register m the elements 2 (l % 4) and the next of row l / 4 of
/// matrix m; transposed, of column l / 4. `half` is 0 or 1.
std::uint32_t element(bool transposed, unsigned lane, unsigned m, unsigned half) {
  const unsigned along = lane % 4 * 2 + half, across = lane / 4;
  return transposed ? 100 * (8 * m + along) + across : 100 * (8 * m + across) + along;
}

using load_1 = load_kernel<1, false>;
using load_1_transposed = load_kernel<1, true>;
using load_2 = load_kernel<2, false>;
using load_2_transposed = load_kernel<2, true>;
using load_4 = load_kernel<4, false>;
using load_4_transposed = load_kernel<4, true>;

TEST_CASE_TEMPLATE("ldmatrix hands out the elements of 8 x 8 matrices", K, load_1,
                   load_1_transposed, load_2, load_2_transposed, load_4, load_4_transposed) {
  qtl_test::for_each_seed([] {
    const auto results = results_of<K>(telling_rows());
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned m = 0; m < K::count; ++m)
        for (unsigned half = 0; half < 2; ++half) {
          CAPTURE(lane);
          CHECK((results[lane].w[m] >> 16 * half & 0xFFFFu) ==
                element(K::transposed, lane, m, half));
        }
  });
}

TEST_CASE_TEMPLATE("stmatrix puts them back", K, store_kernel<false>, store_kernel<true>) {
  std::vector<words4> fragments(32);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned m = 0; m < 4; ++m)
      for (unsigned half = 0; half < 2; ++half)
        fragments[lane].w[m] |= element(K::transposed, lane, m, half) << 16 * half;
  const auto results = results_of<K>(fragments), expected = telling_rows();
  CHECK(std::memcmp(results.data(), expected.data(), rows * sizeof(words4)) == 0);
}

TEST_CASE("movmatrix transposes") {
  std::vector<words4> fragments(32);
  for (unsigned lane = 0; lane < 32; ++lane)
    fragments[lane].w[0] = element(false, lane, 0, 0) | element(false, lane, 0, 1) << 16;
  const auto results = results_of<move_kernel>(fragments);
  for (unsigned lane = 0; lane < 32; ++lane)
    CHECK(results[lane].w[0] == (element(true, lane, 0, 0) | element(true, lane, 0, 1) << 16));
}

#if QTL_GPU_EMULATED

template<class K>
void check_fails(std::uint32_t shift, std::string_view sentence) {
  const qtl_test::device_array<words4> from(telling_rows()), to(rows);
  CHECK(!qtl::gpu::launch<K>({from.data(), to.data(), shift}, nullptr).ok());
  const std::string_view text = qtl::gpu::emulated::last_failure();
  INFO(text);
  CHECK(text.find(sentence) != std::string_view::npos);
}

TEST_CASE("the emulator refuses rows that are not at multiples of 16 bytes") {
  check_fails<load_4>(4,
                      "thread 0, ldmatrix.x4: 16 bytes at shared_base() + 244: not aligned to 16");
  check_fails<load_2_transposed>(8,
                                 "ldmatrix.x2.trans: 16 bytes at shared_base() + 248: not aligned");
  check_fails<store_kernel<false>>(4, "stmatrix.x4: 16 bytes at shared_base() + 244: not aligned");
}

TEST_CASE("the emulator refuses to load rows that nobody wrote") {
  check_fails<load_4>(16, "reads bytes that nobody has written");
}

/// Says that sm_80 is enough, which is wrong of stmatrix.
struct too_early : store_kernel<false> {
  static constexpr qtl::gpu::gpu_target least_target = qtl::gpu::gpu_target::sm_80;
};

TEST_CASE("the emulator refuses stmatrix before sm_90a") {
  check_fails<too_early>(0, "stmatrix.x4: is not on sm_80");
}

template<std::uint32_t Stride>
std::uint64_t conflicts_of_load() {
  results_of<load_kernel<4, false, Stride>>(telling_rows());
  const std::uint64_t with_load = qtl::gpu::emulated::last_launch().bank_conflicts;
  results_of<load_kernel<1, false, Stride>>(telling_rows());
  return (with_load - qtl::gpu::emulated::last_launch().bank_conflicts) / 3;  // of one matrix
}

TEST_CASE("the emulator counts bank conflicts matrix by matrix") {
  CHECK(conflicts_of_load<128>() == 7);  // all eight rows in the same banks
  CHECK(conflicts_of_load<64>() == 3);
  CHECK(conflicts_of_load<144>() == 0);
  CHECK(conflicts_of_load<16>() == 0);
}

#endif

}  // namespace qtl_test::matrices
