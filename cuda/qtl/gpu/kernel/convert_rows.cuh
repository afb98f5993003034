// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/convert_rows.cuh - m x k reals to f16 or bf16, each rounded once.
// Holds: real_conversion (the Config), convert_rows. For activations that a product takes in 16 bits and that come in
// another format, or at addresses that wide loads cannot use. Bits are those of the format's
// encode.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/row_source.cuh"

namespace qtl::inline v0::gpu {

/// The Config of convert_rows.
template<class From, class To>
struct real_conversion {
  static_assert(std::same_as<To, f16> || std::same_as<To, bf16>);
  using from = From;
  using to = To;
};

/// The kernel: a thread converts eight neighbours.
template<class Config>
struct convert_rows {
  using source = plain_row<typename Config::from>;
  using format = typename Config::to;

  static constexpr short_name name = "convert_rows";
  static constexpr int threads = 128;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 0;

  struct params {
    typename source::params x;
    std::int64_t m = 0;
    std::int64_t k = 0;
    std::byte* to = nullptr;
    std::int64_t row_bytes = 0;  ///< a multiple of 16; the bytes beyond k are not written
  };

  static std::int64_t chunks(const params& p) {
    return p.m * ceil_div<std::int64_t>(p.k, chunk_size);
  }
  static dim grid(const params& p) {
    return {static_cast<unsigned>(ceil_div<std::int64_t>(chunks(p), threads)), 1, 1};
  }

  QTL_DEVICE static void run(const params& p) {
    const std::int64_t across = ceil_div<std::int64_t>(p.k, chunk_size);
    const std::int64_t at =
        static_cast<std::int64_t>(ptx::block_index_x()) * threads + ptx::thread_index();
    if (at >= p.m * across) return;
    const std::int64_t row = at / across;
    const std::int64_t first = at % across * chunk_size;
    const source from(p.x, row, p.k);
    typename source::chunk chunk;
    from.load(chunk, first);
    float x[chunk_size];
    from.values(chunk, first, x);
    store(p.to + row * p.row_bytes + first * 2, x, chunk_count(first, p.k));
  }

 private:
  QTL_DEVICE static std::uint32_t rounded(float low, float high) {
    if constexpr (std::same_as<format, f16>)
      return ptx::f16x2_from_floats(low, high);
    else
      return ptx::bf16x2_from_floats(low, high);
  }

  QTL_DEVICE static void store(std::byte* to, const float (&x)[chunk_size], int count) {
    const ptx::words4 pairs{
        {rounded(x[0], x[1]), rounded(x[2], x[3]), rounded(x[4], x[5]), rounded(x[6], x[7])}};
    if (count == chunk_size) {
      ptx::store_global(reinterpret_cast<ptx::words4*>(to), pairs);
      return;
    }
    unrolled<chunk_size>([&](auto e) {
      if (e < count)
        ptx::store_global(reinterpret_cast<std::uint16_t*>(to) + e,
                          static_cast<std::uint16_t>(pairs.w[e / 2] >> (e % 2 * 16)));
    });
  }
};

}  // namespace qtl::inline v0::gpu
