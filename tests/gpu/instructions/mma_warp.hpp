// SPDX-License-Identifier: Apache-2.0
// tests/gpu/instructions/mma_warp.hpp - a product by one warp, with the fragments laid out element
// by element as the PTX manual's formulas say (section "Matrix fragments for mma"), whatever the
// width.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "qtl/format/number_format.hpp"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/mma_fp8.cuh"
#include "qtl/gpu/ptx/mma_half.cuh"
#include "qtl/gpu/ptx/mma_int4.cuh"
#include "qtl/gpu/ptx/mma_int8.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "gpu/device.hpp"

namespace qtl_test {

/// One product: d = a b + c, with codes as raw bits.
template<class A, class B>
struct product {
  static constexpr int depth = 256 / A::bits;
  static constexpr bool integer = qtl::kind_of<A> == qtl::format_kind::integer;
  using sum = std::conditional_t<integer, std::int32_t, float>;
  std::array<std::array<std::uint32_t, depth>, 16> a{};
  std::array<std::array<std::uint32_t, 8>, depth> b{};
  std::array<std::array<sum, 8>, 16> d{};  ///< c before, the result after
};

/// Block i multiplies the i-th product's fragments; lane l's words stand together.
template<class A, class B>
struct mma_kernel {
  using sum = typename product<A, B>::sum;
  struct params {
    const qtl::gpu::ptx::words4* a;
    const qtl::gpu::ptx::words2* b;
    const qtl::gpu::ptx::words4* c;
    qtl::gpu::ptx::words4* d;
    unsigned products;
  };
  static constexpr qtl::short_name name = "mma";
  static constexpr int threads = 32;
  static constexpr int min_blocks = 1;
  static constexpr qtl::gpu::gpu_target least_target =
      qtl::gpu::ptx::Fp8Operand<A> ? qtl::gpu::gpu_target::sm_89 : qtl::gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 0;

  static qtl::gpu::dim grid(const params& p) { return {p.products}; }

  QTL_DEVICE static void multiply(sum (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    namespace ptx = qtl::gpu::ptx;
    if constexpr (A::bits == 16)
      ptx::mma_m16n8k16<A>(d, a, b);
    else if constexpr (A::bits == 8)
      ptx::mma_m16n8k32<A, B>(d, a, b);
    else
      ptx::mma_m16n8k64<A, B>(d, a, b);
  }

  QTL_DEVICE static void run(const params& p) {
    namespace ptx = qtl::gpu::ptx;
    const std::int64_t at =
        static_cast<std::int64_t>(ptx::block_index_x()) * 32 + ptx::lane_index();
    const ptx::words4 a = ptx::load_global(p.a + at), c = ptx::load_global(p.c + at);
    const ptx::words2 b = ptx::load_global(p.b + at);
    sum d[4];
    for (int i = 0; i < 4; ++i) d[i] = qtl::bit_cast<sum>(c.w[i]);
    multiply(d, a.w, b.w);
    ptx::words4 result;
    for (int i = 0; i < 4; ++i) result.w[i] = qtl::bit_cast<std::uint32_t>(d[i]);
    ptx::store_global(p.d + at, result);
  }
};

/// Where lane's i-th element of A, B and D lies; the manual's formulas, with p elements to a
/// register.
struct place {
  unsigned row, column;
};
inline place place_of_a(unsigned lane, unsigned i, unsigned p) {
  const bool upper = i < p || (i >= 2 * p && i < 3 * p);
  return {lane / 4 + (upper ? 0 : 8), lane % 4 * p + i % p + (i < 2 * p ? 0 : 4 * p)};
}
inline place place_of_b(unsigned lane, unsigned i, unsigned p) {
  return {lane % 4 * p + i % p + (i < p ? 0 : 4 * p), lane / 4};
}
inline place place_of_d(unsigned lane, unsigned i) {
  return {lane / 4 + (i < 2 ? 0 : 8), lane % 4 * 2 + i % 2};
}

/// Has the GPU compute all products; their d become the results.
template<class A, class B>
void multiply_all(std::vector<product<A, B>>& products) {
  namespace ptx = qtl::gpu::ptx;
  constexpr unsigned p = 32 / A::bits;
  std::vector<ptx::words4> a(32 * products.size()), c(a.size());
  std::vector<ptx::words2> b(a.size());
  for (unsigned at = 0; at < a.size(); ++at) {
    const product<A, B>& one = products[at / 32];
    for (unsigned i = 0; i < 4 * p; ++i) {
      const place from = place_of_a(at % 32, i, p);
      a[at].w[i / p] |= one.a[from.row][from.column] << A::bits * (i % p);
    }
    for (unsigned i = 0; i < 2 * p; ++i) {
      const place from = place_of_b(at % 32, i, p);
      b[at].w[i / p] |= one.b[from.row][from.column] << B::bits * (i % p);
    }
    for (unsigned i = 0; i < 4; ++i) {
      const place from = place_of_d(at % 32, i);
      c[at].w[i] = qtl::bit_cast<std::uint32_t>(one.d[from.row][from.column]);
    }
  }
  const device_array<ptx::words4> a_there(a), c_there(c), d_there(c_there.size());
  const device_array<ptx::words2> b_there(b);
  run_kernel<mma_kernel<A, B>>({a_there.data(), b_there.data(), c_there.data(), d_there.data(),
                                static_cast<unsigned>(products.size())});
  const std::vector<ptx::words4> d = d_there.download();
  for (unsigned at = 0; at < d.size(); ++at)
    for (unsigned i = 0; i < 4; ++i) {
      const place to = place_of_d(at % 32, i);
      products[at / 32].d[to.row][to.column] =
          qtl::bit_cast<typename product<A, B>::sum>(d[at].w[i]);
    }
}

/// Element (row, column) of a b, with values as F::decode has them, and the sum of its magnitudes.
template<class A, class B, class Number>
std::pair<Number, Number> plain_product(const product<A, B>& one, unsigned row, unsigned column) {
  Number sum = 0, size = 0;
  for (unsigned k = 0; k < product<A, B>::depth; ++k) {
    const auto a = static_cast<Number>(A::decode(qtl::from_bits<A>(one.a[row][k])));
    const auto b = static_cast<Number>(B::decode(qtl::from_bits<B>(one.b[k][column])));
    sum += a * b;
    size += a * b < 0 ? -(a * b) : a * b;
  }
  return {sum, size};
}

}  // namespace qtl_test
