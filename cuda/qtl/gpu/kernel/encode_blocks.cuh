// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/encode_blocks.cuh - codes under parameters that lie in memory, one set for each block.
// Holds: encode_blocks, the launch after choose_blocks (which has its Config and params).
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/kernel/choose_blocks.cuh"

namespace qtl::inline v0::gpu {

/// The kernel: a block of threads encodes a row.
template<class Config>
struct encode_blocks {
  using policy = typename Config::policy;
  using format = typename Config::format;

  static constexpr short_name name = "encode_blocks";
  static constexpr int threads = Config::team::threads;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 0;

  using params = quantize_blocks_params<policy, format, Config::form>;

  static dim grid(const params& p) { return {static_cast<unsigned>(p.m), 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    const encode_blocks worker(p);
    for (std::int64_t first = std::int64_t{ptx::thread_index()} * chunk_size; first < p.k;
         first += std::int64_t{threads} * chunk_size)
      worker.encode_chunk(first);
    store_zeros(worker.codes_, packed_bytes(p.k, bits), p.written_bytes, ptx::thread_index(),
                threads);
  }

 private:
  using element = typename policy::format;
  static constexpr int bits = element::bits;
  static constexpr std::int64_t block_rows = policy::granularity::block_rows;
  static constexpr std::int64_t block_cols = policy::granularity::block_cols;

  QTL_DEVICE explicit encode_blocks(const params& p)
      : p_(p), row_(ptx::block_index_x()), source_(p.x, row_, p.k),
        codes_(p.codes + row_ * p.row_bytes), codes_aligned_(is_aligned(codes_, bits)),
        tensor_scale_(p.tensor_scale != nullptr ? ptx::load_global(p.tensor_scale) : 1.0f) {}

  QTL_DEVICE qparams<policy> params_at(std::int64_t column) const {
    const std::int64_t g = block_cols != 0 ? column / block_cols : 0;
    return p_.blocks.load(row_ / block_rows, g, tensor_scale_);
  }

  QTL_DEVICE void encode_chunk(std::int64_t first) const {
    const int count = chunk_count(first, p_.k);
    real_chunk<format> chunk;
    source_.load(chunk, first);
    float x[chunk_size];
    chunk.values(x);
    code_chunk codes;
    if constexpr (block_cols % chunk_size == 0) {
      codes = element_encoder<policy, true>(params_at(first))(x, count, row_, first);
    } else {
      unrolled<chunk_size>([&](auto e) {
        if (e < count) codes.bits |= encode_one(x[e], first + e) << (e * bits);
      });
    }
    store_codes<bits>(codes_ + first / chunk_size * bits, codes.bits, count, codes_aligned_);
  }

  // Where a chunk may cross from one block into the next.
  QTL_DEVICE std::uint64_t encode_one(float x, std::int64_t column) const {
    return to_bits<element>(
        encode_element<policy>(x, params_at(column), element_rounding<policy>(row_, column)));
  }

  const params& p_;
  std::int64_t row_;
  plain_row<format> source_;
  std::byte* codes_;
  bool codes_aligned_;
  float tensor_scale_;
};

}  // namespace qtl::inline v0::gpu
