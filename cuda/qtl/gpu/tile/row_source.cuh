// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/row_source.cuh - where the reals of a row come from.
// Holds: the concept RowSource, plain_row<F>. Fused kernels are other sources: kernel/silu_mul_quantize.cuh,
// kernel/rms_norm_quantize.cuh.
// To add one: a class with the members that the concept names.
#pragma once

#include <concepts>
#include <cstdint>

#include "qtl/gpu/tile/real_chunk.cuh"

namespace qtl::inline v0::gpu {

/// Satisfied by a class with `params` (plain pointers and strides), `chunk` (what it loaded of
/// eight neighbours), `needs_squares`, a constructor from (params, row, k), load(chunk, first) and
/// values(chunk, first, x).
/// Why: a chunk stays in registers between the pass over the range and that over the codes, and its
/// values are computed twice rather than kept. A source that needs_squares gives
/// add_squares(chunk, count, sum), and is told the sum over the row by set_squares.
template<class S>
concept RowSource =
    requires(S& s, const typename S::params& p, typename S::chunk& c, float (&x)[chunk_size]) {
      { S::needs_squares } -> std::convertible_to<bool>;
      S(p, std::int64_t{}, std::int64_t{});
      s.load(c, std::int64_t{});
      s.values(c, std::int64_t{}, x);
    };

/// The rows of a matrix in memory.
template<RealFormat F>
class plain_row {
 public:
  using format = F;
  using chunk = real_chunk<F>;
  static constexpr bool needs_squares = false;

  struct params {
    const real_element<F>* x = nullptr;
    std::int64_t row_stride = 0;  ///< in elements
  };

  QTL_DEVICE plain_row(const params& p, std::int64_t row, std::int64_t k)
      : row_(p.x + row * p.row_stride), k_(k), aligned_(is_aligned(row_, 16)) {}

  QTL_DEVICE void load(chunk& to, std::int64_t first) const { to.load(row_, first, k_, aligned_); }
  QTL_DEVICE void values(const chunk& from, std::int64_t, float (&x)[chunk_size]) const {
    from.values(x);
  }

 private:
  const real_element<F>* row_;
  std::int64_t k_;
  bool aligned_;
};

}  // namespace qtl::inline v0::gpu
