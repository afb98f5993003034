// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/eigen_gemm.hpp - products through Eigen's float GEMM, tile by tile.
// Integer paths are exact and bit-equal to the reference: 256 products of |code - zero_point| <=
// 255 stay below 2^24, where f32 is exact in any order, and tiles are then summed in integers.
// Other pairs dequantize a tile at a time. Tiles are small enough for Eigen's packing buffers to
// lie on its stack: nothing here allocates.
#pragma once

#include <algorithm>
#include <cstdint>

#include <Eigen/Core>

#include "qtl/gemm/kernel.hpp"

namespace qtl::inline v0 {

namespace eigen_gemm {

// Floats; m_block rows of accumulators share one converted weight tile.
inline constexpr std::int64_t m_block = 256;
inline constexpr std::int64_t m_tile = 64;
inline constexpr std::int64_t n_tile = 64;
inline constexpr std::int64_t k_tile = 256;

/// What one thread works in.
struct tile_memory {
  float* x;               // m_tile x k_tile
  float* w;               // n_tile x k_tile
  float* product;         // m_tile x n_tile
  float* sum;             // m_block x n_tile
  std::int64_t* integer;  // m_block x n_tile

  static constexpr std::int64_t floats =
      (m_tile + n_tile) * k_tile + m_tile * n_tile + m_block * n_tile;
  static constexpr std::int64_t bytes = floats * 4 + m_block * n_tile * 8;

  explicit tile_memory(std::byte* memory)
      : x(reinterpret_cast<float*>(memory)), w(x + m_tile * k_tile), product(w + n_tile * k_tile),
        sum(product + m_tile * n_tile),
        integer(reinterpret_cast<std::int64_t*>(sum + m_block * n_tile)) {}
};

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using tile_map = Eigen::Map<row_major, Eigen::Aligned64, Eigen::OuterStride<>>;

// A box of the product: rows [i, i + mi), columns [j, j + nj), depth [p, p + pk).
struct box {
  std::int64_t i, mi, j, nj, p, pk;
};

// Codes less zero points, for the integer paths. A chunk never crosses a block, so one zero point
// serves a row.
template<class Operand>
void read_differences(const Operand& o, std::int64_t first, std::int64_t count, const box& b,
                      float* tile) {
  for (std::int64_t r = 0; r < count; ++r) {
    float* out = tile + r * k_tile;
    o.elements.read(o.row(first + r), b.p, b.pk, out);
    const auto zero = static_cast<float>(o.block_at(first + r, b.p).zero_point);
    if (zero != 0.0f)
      for (std::int64_t c = 0; c < b.pk; ++c) out[c] -= zero;
  }
}

// Reals, block by block.
template<class Operand>
void read_reals(const Operand& o, std::int64_t first, std::int64_t count, const box& b,
                float* tile) {
  for (std::int64_t r = 0; r < count; ++r) {
    float* out = tile + r * k_tile;
    o.elements.read(o.row(first + r), b.p, b.pk, out);
    for (std::int64_t p = b.p; p < b.p + b.pk;) {
      const std::int64_t end = std::min(o.block_end(p), b.p + b.pk);
      const block_values v = o.block_at(first + r, p);
      for (; p < end; ++p) out[p - b.p] = v.real(out[p - b.p]);
    }
  }
}

inline void read_activations(const gemm_args& g, const box& b, bool integer, float* tile) {
  if (integer) return read_differences(g.x, b.i, b.mi, b, tile);
  if (g.x.codes != nullptr) return read_reals(g.x, b.i, b.mi, b, tile);
  for (std::int64_t r = 0; r < b.mi; ++r)
    for (std::int64_t c = 0; c < b.pk; ++c) tile[r * k_tile + c] = g.x.reals(b.i + r, b.p + c);
}

inline void multiply_tile(const tile_memory& t, const box& b) {
  const tile_map x(t.x, b.mi, b.pk, Eigen::OuterStride<>(k_tile));
  const tile_map w(t.w, b.nj, b.pk, Eigen::OuterStride<>(k_tile));
  tile_map product(t.product, b.mi, b.nj, Eigen::OuterStride<>(n_tile));
  product.setZero();
  product.noalias() += x * w.transpose();
}

// Calls f(row in block, column in tile, exact or f32 product).
template<class F>
void for_each_product(const tile_memory& t, const box& b, std::int64_t block_start, F&& f) {
  for (std::int64_t r = 0; r < b.mi; ++r)
    for (std::int64_t c = 0; c < b.nj; ++c)
      f((b.i - block_start + r) * n_tile + c, t.product[r * n_tile + c]);
}

// The scales that change along k, at column p: what reference::grouped_element multiplies per
// segment.
inline float segment_scale(const gemm_args& g, std::int64_t i, std::int64_t j, std::int64_t p) {
  const float x = g.key.activation.block_cols != 0 ? g.x.block_at(i, p).scale : 1.0f;
  const float w = g.key.weight.block_cols != 0 ? g.w.block_at(j, p).scale : 1.0f;
  return x * w;
}

// The scales that are constant along k.
inline float row_scale(const gemm_args& g, std::int64_t i, std::int64_t j) {
  const float x = g.key.activation.block_cols != 0 ? 1.0f : g.x.block_at(i, 0).scale;
  const float w = g.key.weight.block_cols != 0 ? 1.0f : g.w.block_at(j, 0).scale;
  return x * w;
}

// Ends a segment: sum = fma(float(integer sum), scales of the segment, sum).
inline void fold_segment(const gemm_args& g, const tile_memory& t, const box& whole,
                         std::int64_t p) {
  for (std::int64_t r = 0; r < whole.mi; ++r)
    for (std::int64_t c = 0; c < whole.nj; ++c) {
      const std::int64_t at = r * n_tile + c;
      t.sum[at] = fused_multiply_add(static_cast<float>(t.integer[at]),
                                     segment_scale(g, whole.i + r, whole.j + c, p), t.sum[at]);
      t.integer[at] = 0;
    }
}

inline void store_block(const gemm_args& g, const tile_memory& t, const box& whole) {
  const bool real = g.key.accumulator == accumulation::real;
  const bool grouped = g.key.accumulator == accumulation::s32_grouped;
  for (std::int64_t r = 0; r < whole.mi; ++r)
    for (std::int64_t c = 0; c < whole.nj; ++c) {
      const std::int64_t i = whole.i + r;
      const std::int64_t j = whole.j + c;
      const std::int64_t at = r * n_tile + c;
      const float acc = real || grouped ? t.sum[at] : static_cast<float>(t.integer[at]);
      const float y =
          real ? acc + g.bias_at(j) : fused_multiply_add(acc, row_scale(g, i, j), g.bias_at(j));
      store_output(g.y, i, j, y);
    }
}

// One block of at most m_block x n_tile outputs, over all of k.
inline void compute_block(const gemm_args& g, const tile_memory& t, const box& whole) {
  const bool integer = g.key.accumulator != accumulation::real;
  const bool grouped = g.key.accumulator == accumulation::s32_grouped;
  const std::int64_t segment =
      integer ? segment_length(g.key.weight, g.key.activation, g.k()) : g.k();
  std::fill_n(t.sum, m_block * n_tile, 0.0f);
  std::fill_n(t.integer, m_block * n_tile, std::int64_t{0});
  for (std::int64_t p = 0; p < g.k();) {
    const std::int64_t segment_end = std::min(g.k(), (p / segment + 1) * segment);
    const std::int64_t end = std::min(segment_end, p + k_tile);
    box b{whole.i, 0, whole.j, whole.nj, p, end - p};
    if (integer)
      read_differences(g.w, b.j, b.nj, b, t.w);
    else
      read_reals(g.w, b.j, b.nj, b, t.w);
    for (; b.i < whole.i + whole.mi; b.i += m_tile) {
      b.mi = std::min(m_tile, whole.i + whole.mi - b.i);
      read_activations(g, b, integer, t.x);
      multiply_tile(t, b);
      if (integer)
        for_each_product(t, b, whole.i, [&](std::int64_t at, float v) {
          t.integer[at] += static_cast<std::int64_t>(v);
        });
      else
        for_each_product(t, b, whole.i, [&](std::int64_t at, float v) { t.sum[at] += v; });
    }
    if (grouped && end == segment_end) fold_segment(g, t, whole, p);
    p = end;
  }
  store_block(g, t, whole);
}

// Columns are dealt out in tiles; which thread gets one does not matter to its bits.
inline void run(const gemm_args& g) {
  const std::int64_t tiles = ceil_div(g.n(), n_tile);
  const std::int64_t workers =
      std::clamp<std::int64_t>(g.executor.threads(), 1, std::max<std::int64_t>(tiles, 1));
  g.executor.parallel_for(workers, [&](std::int64_t worker) {
    const tile_memory memory(g.workspace.data() + worker * tile_memory::bytes);
    for (std::int64_t tile = worker; tile < tiles; tile += workers)
      for (std::int64_t i = 0; i < g.m(); i += m_block) {
        const std::int64_t j = tile * n_tile;
        compute_block(g, memory,
                      {i, std::min(m_block, g.m() - i), j, std::min(n_tile, g.n() - j), 0, 0});
      }
  });
}

inline std::int64_t workspace_size(const gemm_key&, const gemm_shape& shape) {
  const std::int64_t tiles = std::max<std::int64_t>(ceil_div(shape.n, n_tile), 1);
  return std::clamp<std::int64_t>(shape.threads, 1, tiles) * tile_memory::bytes;
}

/// Integer codes on both sides: exact, bit-equal to the reference.
inline constexpr gemm_kernel integer_kernel{
    .name = "eigen_integer",
    .supports = [](const gemm_key& key) { return key.accumulator != accumulation::real; },
    .workspace_size = workspace_size,
    .run = run,
};

/// Everything else: operands dequantized to f32, summed in f32.
/// Bound: |y - reference| <= (k + 2) 2^-23 (sum |x||w| + |bias|), before the rounding to the
/// output's format.
inline constexpr gemm_kernel dequantize_kernel{
    .name = "eigen_dequantize",
    .is_fallback = true,
    .supports = [](const gemm_key& key) { return key.accumulator == accumulation::real; },
    .workspace_size = workspace_size,
    .run = run,
};

}  // namespace eigen_gemm

}  // namespace qtl::inline v0
