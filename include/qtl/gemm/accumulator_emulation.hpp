// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/accumulator_emulation.hpp - the reference product on an accumulator of limited width, chunk by chunk.
// Holds: chunk_order, limited_accumulator, emulated_accumulator_backend. Integer products only; with a wide accumulator
// and nothing dropped, every output equals the reference in every bit.
#pragma once

#include <array>
#include <cstdint>

#include "qtl/gemm/reference.hpp"

namespace qtl::inline v0 {

/// Where a chunk is clamped and rounded: alone, before it is added to the sum of the chunks before
/// it, or together with them.
enum class chunk_order : std::uint8_t {
  narrow_then_add,  ///< sum += narrow(chunk): the sum itself is wide
  add_then_narrow,  ///< sum = narrow(sum + chunk): the whole accumulator is narrow
};

/// An accumulator that takes `chunk` columns at a time, holds `max_bits` bits (a sign among them)
/// and forgets its `drop_bits` lowest.
struct limited_accumulator {
  std::int64_t chunk = 32;
  int max_bits = 32;
  int drop_bits = 0;
  chunk_order order = chunk_order::narrow_then_add;

  /// acc clamped to max_bits, then rounded to a multiple of 2^drop_bits, a tie going up. The
  /// rounding comes last and may therefore carry one step past the clamp, as in the hardware models
  /// that this stands for.
  constexpr std::int64_t narrow(std::int64_t acc) const {
    const std::int64_t most = (std::int64_t{1} << (max_bits - 1)) - 1;
    const std::int64_t clamped = acc > most ? most : acc < -most - 1 ? -most - 1 : acc;
    if (drop_bits == 0) return clamped;
    const std::int64_t step = std::int64_t{1} << drop_bits;
    return ((clamped + step / 2) >> drop_bits) * step;
  }

  /// The accumulator after columns [first, last) of row i of x and row j of w.
  std::int64_t dot(const gemm_args& g, std::int64_t i, std::int64_t j, std::int64_t first,
                   std::int64_t last) const {
    std::int64_t sum = 0;
    for (std::int64_t p = first; p < last; p += chunk) {
      const std::int64_t end = last - p < chunk ? last : p + chunk;
      const std::int64_t part = reference::integer_dot(g, i, j, p, end);
      sum = order == chunk_order::narrow_then_add ? sum + narrow(part) : narrow(sum + part);
    }
    return sum;
  }

  /// Output element (i, j) before it is rounded to the output format. Chunks begin anew with every
  /// group of scales, whose sums meet in f32 as in the reference; a product without groups is one
  /// group with scale 1, which changes no bit.
  float element(const gemm_args& g, std::int64_t i, std::int64_t j) const {
    const auto side = [](const auto& operand, std::int64_t row, std::int64_t p, bool here) {
      return here ? operand.block_at(row, p).scale : 1.0f;
    };
    const bool x_grouped = g.key.activation.block_cols != 0;
    const bool w_grouped = g.key.weight.block_cols != 0;
    const std::int64_t segment = segment_length(g.key.weight, g.key.activation, g.k());
    float acc = 0.0f;
    for (std::int64_t p = 0; p < g.k(); p += segment) {
      const std::int64_t end = g.k() - p < segment ? g.k() : p + segment;
      const float scale = side(g.x, i, p, x_grouped) * side(g.w, j, p, w_grouped);
      acc = fused_multiply_add(static_cast<float>(dot(g, i, j, p, end)), scale, acc);
    }
    const float scale = side(g.x, i, 0, !x_grouped) * side(g.w, j, 0, !w_grouped);
    return fused_multiply_add(acc, scale, g.bias_at(j));
  }
};

/// The reference product on a limited accumulator, for QLinear<W, A, this>. Integer pairs only: a
/// layer of other formats is refused as unsupported. Products are of code minus zero point, as in
/// the specification.
///     qtl::QLinear<W, A, qtl::emulated_accumulator_backend<64, 16, 4>> layer{w, bias};
template<std::int64_t Chunk = 32, int MaxBits = 32, int DropBits = 0,
         chunk_order Order = chunk_order::narrow_then_add>
struct emulated_accumulator_backend {
  static_assert(Chunk >= 1, "a chunk has at least one column");
  static_assert(MaxBits >= 2 && MaxBits <= 62, "an accumulator has 2 to 62 bits");
  static_assert(DropBits >= 0 && DropBits < MaxBits, "an accumulator keeps at least one bit");

  static constexpr short_name name = "emulated_accumulator";
  static constexpr limited_accumulator accumulator{Chunk, MaxBits, DropBits, Order};

  static void run(const gemm_args& g) {
    for (std::int64_t i = 0; i < g.m(); ++i)
      for (std::int64_t j = 0; j < g.n(); ++j)
        store_output(g.y, i, j, accumulator.element(g, i, j));
  }

  static std::span<const gemm_kernel> kernels() {
    static constexpr std::array<gemm_kernel, 1> list{gemm_kernel{
        .name = name,
        .is_fallback = true,
        .supports = [](const gemm_key& key) { return key.accumulator != accumulation::real; },
        .workspace_size = [](const gemm_key&, const gemm_shape&) { return std::int64_t{0}; },
        .run = run,
    }};
    return list;
  }
};

}  // namespace qtl::inline v0
