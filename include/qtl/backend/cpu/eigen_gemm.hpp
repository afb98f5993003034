// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/eigen_gemm.hpp - products through Eigen's float GEMM, tile by tile.
// Integer paths are exact and bit-equal to the reference: 256 products of |code - zero_point| <=
// 255 stay below 2^24, where f32 is exact in any order, and tiles are then summed in integers.
// Other pairs dequantize a tile at a time. Tiles are small enough for Eigen's packing buffers to
// lie on its stack: nothing here allocates.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>

#include <Eigen/Core>

#include "qtl/gemm/kernel.hpp"

namespace qtl::inline v0 {

namespace eigen_gemm {

/// Floats; m_block rows of accumulators share one converted weight tile.
inline constexpr std::int64_t m_block = 256;
inline constexpr std::int64_t m_tile = 64;
inline constexpr std::int64_t n_tile = 64;
inline constexpr std::int64_t k_tile = 256;

/// What one thread works in. Acc: f32 for reals; for integers the type that all of k, or one
/// segment of it, fits into.
template<class Acc>
struct tile_memory {
  float* x;        // m_tile x k_tile
  float* w;        // n_tile x k_tile
  float* product;  // m_tile x n_tile
  float* sum;      // m_block x n_tile: segments, scaled
  Acc* acc;        // m_block x n_tile

  static constexpr std::int64_t floats =
      (m_tile + n_tile) * k_tile + m_tile * n_tile + m_block * n_tile;
  static constexpr std::int64_t bytes =
      floats * 4 + m_block * n_tile * static_cast<std::int64_t>(sizeof(Acc));

  explicit tile_memory(std::byte* memory)
      : x(reinterpret_cast<float*>(memory)), w(x + m_tile * k_tile), product(w + n_tile * k_tile),
        sum(product + m_tile * n_tile), acc(reinterpret_cast<Acc*>(sum + m_block * n_tile)) {}
};

/// Tiles as Eigen sees them.
using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using tile_map = Eigen::Map<row_major, Eigen::Aligned64, Eigen::OuterStride<>>;

/// A box of the product: rows [i, i + mi), columns [j, j + nj), depth [p, p + pk).
struct box {
  std::int64_t i, mi, j, nj, p, pk;
};

/// Codes less zero points, for the integer paths. A chunk never crosses a block, so one zero point
/// serves a row.
template<class Operand>
void read_differences(const Operand& o, std::int64_t first, std::int64_t count, const box& b,
                      float* tile) {
  for (std::int64_t r = 0; r < count; ++r) {
    float* out = tile + r * k_tile;
    o.elements.read(o.row(first + r), b.p, b.pk, out);
    if (!o.has_offsets()) continue;
    const auto zero = static_cast<float>(o.block_at(first + r, b.p).zero_point);
    for (std::int64_t c = 0; c < b.pk; ++c) out[c] -= zero;
  }
}

/// Reals, block by block.
template<class Operand>
void read_reals(const Operand& o, std::int64_t first, std::int64_t count, const box& b,
                float* tile) {
  for (std::int64_t r = 0; r < count; ++r) {
    float* out = tile + r * k_tile;
    o.elements.read(o.row(first + r), b.p, b.pk, out);
    for (std::int64_t p = b.p; p < b.p + b.pk;) {
      const std::int64_t end = std::min(o.block_end(p), b.p + b.pk);
      o.block_at(first + r, p).to_reals(out + (p - b.p), end - p);
      p = end;
    }
  }
}

/// Activations as the accumulator takes them.
inline void read_activations(const gemm_args& g, const box& b, bool integer, float* tile) {
  if (integer) return read_differences(g.x, b.i, b.mi, b, tile);
  if (g.x.codes != nullptr) return read_reals(g.x, b.i, b.mi, b, tile);
  for (std::int64_t r = 0; r < b.mi; ++r)
    for (std::int64_t c = 0; c < b.pk; ++c) tile[r * k_tile + c] = g.x.reals(b.i + r, b.p + c);
}

/// product = x w^T.
template<class Acc>
void multiply_tile(const tile_memory<Acc>& t, const box& b) {
  const tile_map x(t.x, b.mi, b.pk, Eigen::OuterStride<>(k_tile));
  const tile_map w(t.w, b.nj, b.pk, Eigen::OuterStride<>(k_tile));
  tile_map product(t.product, b.mi, b.nj, Eigen::OuterStride<>(n_tile));
  product.setZero();
  product.noalias() += x * w.transpose();
}

/// Adds the product of a tile, which is exact where Acc is an integer, to rows of the block's sums.
template<class Acc>
void accumulate_tile(const tile_memory<Acc>& t, const box& b, std::int64_t first_row) {
  for (std::int64_t r = 0; r < b.mi; ++r)
    for (std::int64_t c = 0; c < b.nj; ++c)
      t.acc[(first_row + r) * n_tile + c] += static_cast<Acc>(t.product[r * n_tile + c]);
}

/// Scales of a tile's columns, read once: those of column p where asked for, else 1.
struct column_scales {
  float values[n_tile];

  column_scales(const weight_operand& w, const box& b, std::int64_t p, bool wanted) {
    for (std::int64_t c = 0; c < b.nj; ++c)
      values[c] = wanted ? w.block_at(b.j + c, p).scale : 1.0f;
  }
};

/// Ends a segment: sum = fma(float(integer sum), scales that change along k, sum), as
/// reference::grouped_element.
template<class Acc>
void fold_segment(const gemm_args& g, const tile_memory<Acc>& t, const box& whole, std::int64_t p) {
  const bool x_grouped = g.key.activation.block_cols != 0;
  const column_scales w(g.w, whole, p, g.key.weight.block_cols != 0);
  for (std::int64_t r = 0; r < whole.mi; ++r) {
    const float x = x_grouped ? g.x.block_at(whole.i + r, p).scale : 1.0f;
    float* sum = t.sum + r * n_tile;
    Acc* acc = t.acc + r * n_tile;
    for (std::int64_t c = 0; c < whole.nj; ++c) {
      sum[c] = fused_multiply_add(static_cast<float>(acc[c]), x * w.values[c], sum[c]);
      acc[c] = 0;
    }
  }
}

/// Integers: y = fma(sum, scales that are constant along k, bias). Reals: y = sum + bias.
template<class Acc>
void store_block(const gemm_args& g, const tile_memory<Acc>& t, const box& whole) {
  constexpr bool integer = std::integral<Acc>;
  const bool grouped = g.key.accumulator == accumulation::s32_grouped;
  const bool x_constant = integer && g.key.activation.block_cols == 0;
  const column_scales w(g.w, whole, 0, integer && g.key.weight.block_cols == 0);
  for (std::int64_t r = 0; r < whole.mi; ++r) {
    const float x = x_constant ? g.x.block_at(whole.i + r, 0).scale : 1.0f;
    for (std::int64_t c = 0; c < whole.nj; ++c) {
      const std::int64_t at = r * n_tile + c;
      const float acc = grouped ? t.sum[at] : static_cast<float>(t.acc[at]);
      const float bias = g.bias_at(whole.j + c);
      const float y = integer ? fused_multiply_add(acc, x * w.values[c], bias) : acc + bias;
      store_output(g.y, whole.i + r, whole.j + c, y);
    }
  }
}

/// One block of at most m_block x n_tile outputs, over all of k.
template<class Acc>
void compute_block(const gemm_args& g, const tile_memory<Acc>& t, const box& whole) {
  constexpr bool integer = std::integral<Acc>;
  const bool grouped = g.key.accumulator == accumulation::s32_grouped;
  const std::int64_t segment =
      integer ? segment_length(g.key.weight, g.key.activation, g.k()) : g.k();
  std::fill_n(t.acc, whole.mi * n_tile, Acc{0});
  if (grouped) std::fill_n(t.sum, whole.mi * n_tile, 0.0f);
  for (std::int64_t p = 0; p < g.k();) {
    const std::int64_t segment_end = std::min(g.k(), (p / segment + 1) * segment);
    const std::int64_t end = std::min(segment_end, p + k_tile);
    box b{whole.i, 0, whole.j, whole.nj, p, end - p};
    if constexpr (integer)
      read_differences(g.w, b.j, b.nj, b, t.w);
    else
      read_reals(g.w, b.j, b.nj, b, t.w);
    for (; b.i < whole.i + whole.mi; b.i += m_tile) {
      b.mi = std::min(m_tile, whole.i + whole.mi - b.i);
      read_activations(g, b, integer, t.x);
      multiply_tile(t, b);
      accumulate_tile(t, b, b.i - whole.i);
    }
    if (grouped && end == segment_end) fold_segment(g, t, whole, p);
    p = end;
  }
  store_block(g, t, whole);
}

/// Columns are dealt out in tiles; which thread gets one does not matter to its bits.
template<class Acc>
void run(const gemm_args& g) {
  const std::int64_t tiles = ceil_div(g.n(), n_tile);
  const std::int64_t workers =
      std::clamp<std::int64_t>(g.executor.threads(), 1, std::max<std::int64_t>(tiles, 1));
  g.executor.parallel_for(workers, [&](std::int64_t worker) {
    const tile_memory<Acc> memory(g.workspace.data() + worker * tile_memory<Acc>::bytes);
    for (std::int64_t tile = worker; tile < tiles; tile += workers)
      for (std::int64_t i = 0; i < g.m(); i += m_block) {
        const std::int64_t j = tile * n_tile;
        compute_block(g, memory,
                      {i, std::min(m_block, g.m() - i), j, std::min(n_tile, g.n() - j), 0, 0});
      }
  });
}

/// Bytes for all threads.
template<class Acc>
std::int64_t workspace_size(const gemm_shape& shape) {
  const std::int64_t tiles = std::max<std::int64_t>(ceil_div(shape.n, n_tile), 1);
  return std::clamp<std::int64_t>(shape.threads, 1, tiles) * tile_memory<Acc>::bytes;
}

/// Calls f.template operator()<Acc>() with the accumulator of the key.
template<class F>
auto with_accumulator(const gemm_key& key, F&& f) {
  switch (key.accumulator) {
    case accumulation::real:
      return f.template operator()<float>();
    case accumulation::s64:
      return f.template operator()<std::int64_t>();
    default:
      return f.template operator()<std::int32_t>();
  }
}

inline void run(const gemm_args& g) {
  with_accumulator(g.key, [&]<class Acc>() { run<Acc>(g); });
}

inline std::int64_t workspace_size(const gemm_key& key, const gemm_shape& shape) {
  return with_accumulator(key, [&]<class Acc>() { return workspace_size<Acc>(shape); });
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

/// Eigen's products and nothing hand-written: every valid pair runs.
struct eigen_backend {
  static constexpr short_name name = "eigen";
  static std::span<const gemm_kernel> kernels() {
    static constexpr std::array list{eigen_gemm::integer_kernel, eigen_gemm::dequantize_kernel};
    return list;
  }
};

}  // namespace qtl::inline v0
