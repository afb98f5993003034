// SPDX-License-Identifier: Apache-2.0
// wgmma: every pair of types, every n, every swizzle, A from shared memory and from registers,
// against plain loops. Elements are small integers, so that every sum is exact in f32 in whatever
// order it is made.
#include "qtl/gpu/ptx/wgmma.cuh"

#include <cstdint>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

#include "gpu/device.hpp"

namespace {

namespace gpu = qtl::gpu;
namespace ptx = qtl::gpu::ptx;
using ptx::shared_swizzle;

/// One product as the kernel below does it.
template<int N, class A, class B, shared_swizzle Pattern, bool FromRegisters>
struct product {
  static constexpr int n = N;
  using a = A;
  using b = B;
  using sum = ptx::wgmma_accumulator<A>;
  static constexpr shared_swizzle pattern = Pattern;
  static constexpr bool from_registers = FromRegisters;
  /// Bytes of k in a row: one row of the pattern, or one step without a swizzle.
  static constexpr std::uint32_t row_bytes =
      Pattern == shared_swizzle::none ? 32 : ptx::span_bytes(Pattern);
};

/// d (64 x n, f32 or s32) += a b^T, or = where accumulate is 0.
template<class C>
struct wgmma_kernel {
  struct params {
    const std::byte* a;
    const std::byte* b;
    typename C::sum* d;
    int accumulate;
  };
  static constexpr qtl::short_name name = "wgmma";
  static constexpr int threads = 128;
  static constexpr int min_blocks = 1;
  static constexpr gpu::gpu_target least_target = gpu::gpu_target::sm_90a;
  static constexpr gpu::gpu_target only_target = gpu::gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes = (64 + C::n) * C::row_bytes;

  static gpu::dim grid(const params&) { return {}; }

  QTL_DEVICE static std::uint32_t address(std::uint32_t tile, unsigned row, unsigned chunk) {
    if constexpr (C::pattern == shared_swizzle::none)
      return tile + row / 8 * 256 + chunk * 128 + row % 8 * 16;
    else
      return ptx::swizzled(tile + row * C::row_bytes + chunk * 16, C::pattern);
  }

  QTL_DEVICE static void fill(std::uint32_t tile, const std::byte* from, unsigned rows) {
    constexpr unsigned chunks = C::row_bytes / 16;
    for (unsigned i = ptx::thread_index(); i < rows * chunks; i += threads)
      ptx::store_shared<ptx::words4>(
          address(tile, i / chunks, i % chunks),
          ptx::load_global(reinterpret_cast<const ptx::words4*>(from + i * 16)));
  }

  QTL_DEVICE static std::uint64_t descriptor(std::uint32_t tile) {
    if constexpr (C::pattern == shared_swizzle::none)
      return ptx::wgmma_descriptor(tile, shared_swizzle::none, 128, 256);
    else
      return ptx::wgmma_descriptor(tile, C::pattern);
  }

  /// The lane's part of rows 0..63 and bytes step .. step + 31 of A.
  QTL_DEVICE static void load_a(std::uint32_t (&a)[4], const std::byte* from, unsigned step) {
    const unsigned row = ptx::warp_index() * 16 + ptx::lane_index() / 4;
    gpu::unrolled<4>([&](auto i) {
      const unsigned at = (row + i % 2 * 8) * C::row_bytes + step + ptx::lane_index() % 4 * 4 +
                          static_cast<unsigned>(i / 2) * 16;
      a[i] = ptx::load_global(reinterpret_cast<const std::uint32_t*>(from + at));
    });
    ptx::keep_registers(a);
  }

  /// Where the lane's first accumulator belongs, and from there accumulator i.
  QTL_DEVICE static typename C::sum* first_place(typename C::sum* d) {
    const unsigned row = ptx::warp_index() * 16 + ptx::lane_index() / 4;
    return d + row * C::n + ptx::lane_index() % 4 * 2;
  }
  QTL_HOST_DEVICE static constexpr int distance(int i) {
    return i / 2 % 2 * 8 * C::n + i / 4 * 8 + i % 2;
  }

  QTL_DEVICE static void multiply(typename C::sum (&d)[C::n / 2], const params& p) {
    const std::uint32_t tile = ptx::shared_base();
    const std::uint64_t b = descriptor(tile + 64 * C::row_bytes);
    for (unsigned step = 0; step < C::row_bytes; step += 32) {
      const bool accumulate = p.accumulate != 0 || step > 0;
      std::uint32_t a[4];
      if constexpr (C::from_registers) load_a(a, p.a, step);
      ptx::wgmma_fence();
      if constexpr (C::from_registers)
        ptx::wgmma<C::n, typename C::a, typename C::b>(d, a, ptx::wgmma_advance(b, step),
                                                       accumulate);
      else
        ptx::wgmma<C::n, typename C::a, typename C::b>(
            d, ptx::wgmma_advance(descriptor(tile), step), ptx::wgmma_advance(b, step), accumulate);
      ptx::wgmma_commit();
      ptx::wgmma_wait<0>();
      ptx::keep_registers(d);
    }
  }

  QTL_DEVICE static void run(const params& p) {
    fill(ptx::shared_base(), p.a, 64);
    fill(ptx::shared_base() + 64 * C::row_bytes, p.b, C::n);
    ptx::fence_async_shared();
    ptx::block_barrier();
    typename C::sum d[C::n / 2];
    typename C::sum* const mine = first_place(p.d);
    gpu::unrolled<C::n / 2>([&](auto i) {
      constexpr int at = distance(decltype(i)::value);
      d[i] = ptx::load_global(mine + at);
    });
    ptx::keep_registers(d);
    multiply(d, p);
    gpu::unrolled<C::n / 2>([&](auto i) {
      constexpr int at = distance(decltype(i)::value);
      ptx::store_global(mine + at, d[i]);
    });
  }
};

/// Small integers, as codes of F in memory and as numbers.
template<class F>
struct operand {
  std::vector<std::byte> bytes;
  std::vector<int> values;

  operand(std::int64_t count, std::uint32_t seed) {
    const bool is_signed = !std::is_same_v<F, qtl::u8>;
    std::uint32_t state = seed;
    for (std::int64_t i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      const int span = ptx::Int8Operand<F> ? 256 : 15;
      const int value = static_cast<int>(state >> 8) % span - (is_signed ? span / 2 : 0);
      values.push_back(value);
      const typename F::code code = F::encode(static_cast<float>(value));
      const auto* raw = reinterpret_cast<const std::byte*>(&code);
      bytes.insert(bytes.end(), raw, raw + sizeof code);
    }
  }
};

template<class C>
std::vector<typename C::sum> expected(const std::vector<int>& a, const std::vector<int>& b,
                                      int accumulate) {
  const auto depth = static_cast<int>(a.size()) / 64;
  std::vector<typename C::sum> d;
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < C::n; ++j) {
      int sum = accumulate != 0 ? i - j : 0;
      for (int p = 0; p < depth; ++p)
        sum +=
            a[static_cast<std::size_t>(i * depth + p)] * b[static_cast<std::size_t>(j * depth + p)];
      d.push_back(static_cast<typename C::sum>(sum));
    }
  return d;
}

template<class C>
void check() {
  CAPTURE(C::n);
  CAPTURE(C::row_bytes);
  CAPTURE(C::from_registers);
  constexpr std::int64_t depth = C::row_bytes / sizeof(typename C::a::code);
  const operand<typename C::a> a(64 * depth, 1);
  const operand<typename C::b> b(C::n * depth, 2);
  const qtl_test::device_array<std::byte> a_device(a.bytes);
  const qtl_test::device_array<std::byte> b_device(b.bytes);
  const std::vector<typename C::sum> before = expected<C>({}, {}, 1);
  for (const int accumulate : {0, 1}) {
    const qtl_test::device_array<typename C::sum> d(before);
    qtl_test::run_kernel<wgmma_kernel<C>>({a_device.data(), b_device.data(), d.data(), accumulate});
    CHECK(d.download() == expected<C>(a.values, b.values, accumulate));
  }
}

/// Both places of A and all patterns.
template<int N, class A, class B>
void check_patterns() {
  check<product<N, A, B, shared_swizzle::none, false>>();
  check<product<N, A, B, shared_swizzle::bytes_32, true>>();
  check<product<N, A, B, shared_swizzle::bytes_64, false>>();
  check<product<N, A, B, shared_swizzle::bytes_128, true>>();
}

template<class A, class B>
void check_columns() {
  constexpr auto wide = shared_swizzle::bytes_128;
  check<product<8, A, B, wide, false>>();
  check<product<16, A, B, wide, true>>();
  check<product<24, A, B, wide, false>>();
  check<product<48, A, B, wide, true>>();
  check<product<64, A, B, wide, false>>();
  check<product<96, A, B, wide, true>>();
  check<product<128, A, B, wide, false>>();
  check<product<160, A, B, wide, true>>();
  check<product<192, A, B, wide, false>>();
  check<product<256, A, B, wide, false>>();
}

TEST_CASE("integers of both signs") {
  check_patterns<32, qtl::s8, qtl::s8>();
  check_patterns<32, qtl::u8, qtl::s8>();
  check_patterns<32, qtl::s8, qtl::u8>();
  check_patterns<32, qtl::u8, qtl::u8>();
}
TEST_CASE("floats of eight bits") {
  check_patterns<32, qtl::e4m3, qtl::e4m3>();
  check_patterns<32, qtl::e5m2, qtl::e4m3>();
  check_patterns<32, qtl::e4m3, qtl::e5m2>();
  check_patterns<32, qtl::e5m2, qtl::e5m2>();
}
TEST_CASE("floats of sixteen bits") {
  check_patterns<32, qtl::f16, qtl::f16>();
  check_patterns<32, qtl::bf16, qtl::bf16>();
}
TEST_CASE("every n with s32 accumulators") { check_columns<qtl::s8, qtl::s8>(); }
TEST_CASE("every n with f32 accumulators") { check_columns<qtl::e4m3, qtl::e4m3>(); }

}  // namespace
