// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/choose_blocks.cuh - the parameters of every block of a matrix, whatever the blocks' extents.
// Holds: block_quantization (the Config, also of encode_blocks.cuh), quantize_blocks_params, choose_blocks. The
// first launch for blocks that quantize_rows does not take: per_block<R, C>, and groups that are no
// power of two.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/kernel/quantize_rows.cuh"

namespace qtl::inline v0::gpu {

/// The Config of choose_blocks and encode_blocks. A team reads one block of the matrix in the first
/// kernel; in the second, `Team::threads` threads encode a row.
template<QuantPolicy Policy, RealFormat Format, class Team, parameter_form Form>
struct block_quantization {
  static_assert(Policy::granularity::block_rows >= 1, "blocks of at least one row; not per_tensor");
  using policy = Policy;
  using format = Format;
  using team = Team;
  static constexpr parameter_form form = Form;
};

/// What both kernels are given.
template<QuantPolicy Policy, RealFormat Format, parameter_form Form>
struct quantize_blocks_params {
  typename plain_row<Format>::params x;
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::byte* codes = nullptr;
  std::int64_t row_bytes = 0;      ///< from one row of codes to the next
  std::int64_t written_bytes = 0;  ///< of each row: the packed codes, then zeros
  params_table<Policy, Form> blocks;
  const float* tensor_scale = nullptr;  ///< of two levels, in the GPU's memory; null: 1
};

/// The kernel.
template<class Config>
struct choose_blocks {
  using policy = typename Config::policy;
  using format = typename Config::format;
  using team = typename Config::team;

  static constexpr short_name name = "choose_blocks";
  static constexpr int threads = team::threads * team::rows;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = reduce_bytes<team::threads>;

  using params = quantize_blocks_params<policy, format, Config::form>;

  /// How many sets of parameters the matrix has.
  QTL_HOST_DEVICE static std::int64_t blocks(const params& p) {
    return grid_rows(p) * grid_cols(p);
  }
  static dim grid(const params& p) {
    return {static_cast<unsigned>(ceil_div<std::int64_t>(blocks(p), team::rows)), 1, 1};
  }

  QTL_DEVICE static void run(const params& p) {
    const std::int64_t block = static_cast<std::int64_t>(ptx::block_index_x()) * team::rows +
                               ptx::thread_index() / team::threads;
    const std::int64_t across = grid_cols(p);
    if (block >= blocks(p)) return;
    const std::int64_t i = block / across;
    const std::int64_t g = block % across;
    const scan_for<policy> seen =
        team_reduce<team::threads>(scan_block(p, i, g), ptx::shared_base());
    if (ptx::thread_index() % team::threads != 0) return;
    const float tensor_scale = p.tensor_scale != nullptr ? ptx::load_global(p.tensor_scale) : 1.0f;
    p.blocks.store(i, g, choose_block<policy>(seen, tensor_scale));
  }

 private:
  static constexpr std::int64_t block_rows = policy::granularity::block_rows;
  static constexpr std::int64_t block_cols = policy::granularity::block_cols;

  QTL_HOST_DEVICE static std::int64_t grid_rows(const params& p) {
    return ceil_div(p.m, block_rows);
  }
  QTL_HOST_DEVICE static std::int64_t grid_cols(const params& p) {
    if constexpr (block_cols == 0)
      return 1;
    else
      return ceil_div(p.k, block_cols);
  }

  // This thread's chunks of block (i, g), row by row.
  QTL_DEVICE static scan_for<policy> scan_block(const params& p, std::int64_t i, std::int64_t g) {
    const std::int64_t row = i * block_rows;
    const std::int64_t rows = p.m - row < block_rows ? p.m - row : block_rows;
    const std::int64_t width = block_cols == 0 ? p.k : block_cols;
    const std::int64_t column = g * width;
    const std::int64_t cols = p.k - column < width ? p.k - column : width;
    const std::int64_t chunks = ceil_div<std::int64_t>(cols, chunk_size);
    scan_for<policy> seen;
    for (std::int64_t at = ptx::thread_index() % team::threads; at < rows * chunks;
         at += team::threads) {
      const real_element<format>* from = p.x.x + (row + at / chunks) * p.x.row_stride + column;
      const std::int64_t first = at % chunks * chunk_size;
      real_chunk<format> chunk;
      chunk.load(from, first, cols, is_aligned(from, 16));
      float x[chunk_size];
      chunk.values(x);
      unrolled<chunk_size>([&](auto e) {
        if (e < chunk_count(first, cols)) seen.add(x[e]);
      });
    }
    return seen;
  }
};

}  // namespace qtl::inline v0::gpu
