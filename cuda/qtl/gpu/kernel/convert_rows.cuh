// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/convert_rows.cuh - m x k reals to another format, each rounded once, their columns in any order.
// Holds: real_conversion (the Config), convert_rows. For activations that a product takes in 16 bits and that come in
// another format, or at addresses that wide loads cannot use; and for those whose columns must be
// put into the order of a weight's. Bits are those of the format's encode.
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
  static_assert(std::same_as<To, f16> || std::same_as<To, bf16> || std::same_as<To, From>);
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
    const std::int32_t* column_order = nullptr;  ///< column p is column_order[p] of x; null: p
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
    const int count = chunk_count(first, p.k);
    float x[chunk_size];
    if (p.column_order != nullptr)
      gather(p, row, first, count, x);
    else
      load(p, row, first, x);
    auto* to = reinterpret_cast<real_element<format>*>(p.to + row * p.row_bytes) + first;
    store_reals<format>(to, x, count, true);
  }

 private:
  QTL_DEVICE static void load(const params& p, std::int64_t row, std::int64_t first,
                              float (&x)[chunk_size]) {
    const source from(p.x, row, p.k);
    typename source::chunk chunk;
    from.load(chunk, first);
    from.values(chunk, first, x);
  }

  QTL_DEVICE static void gather(const params& p, std::int64_t row, std::int64_t first, int count,
                                float (&x)[chunk_size]) {
    unrolled<chunk_size>([&](auto e) {
      x[e] = 0.0f;
      if (e >= count) return;
      const std::int32_t column = ptx::load_global(p.column_order + first + e);
      x[e] = decoded_element<typename Config::from>(
          ptx::load_global(p.x.x + row * p.x.row_stride + column));
    });
  }
};

}  // namespace qtl::inline v0::gpu
