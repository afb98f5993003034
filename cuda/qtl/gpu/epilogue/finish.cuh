// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/finish.cuh - a warp's accumulator fragments to outputs.
// Holds: finish_scratch_bytes<N>, finish_fragments. Sums pass through the warp's own piece of
// shared memory, 16 rows at a time: then every lane has four neighbouring columns, stores are wide
// and whole sectors, and one rolled loop holds the arithmetic of all outputs and functions. Called
// by mma.sync kernels; those of wgmma have row_finish.cuh and transposed_finish.cuh.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/element.cuh"
#include "qtl/gpu/epilogue/store.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/tile/fragments.cuh"

namespace qtl::inline v0::gpu {

/// Rows of 8 N sums and eight words more: the four rows that half a warp writes lie in different
/// banks.
template<int N>
inline constexpr std::uint32_t finish_row_bytes = (8 * N + 8) * 4;

/// Shared memory that one warp needs for strips of N fragments; 16-byte aligned.
template<int N>
inline constexpr std::uint32_t finish_scratch_bytes = 16 * finish_row_bytes<N>;

/// The four sums at shared address `at`.
template<class T>
QTL_DEVICE void load_four(std::uint32_t at, T (&sums)[4]) {
  const auto words = ptx::load_shared<ptx::words4>(at);
  unrolled<4>([&](auto e) { sums[e] = bit_cast<T>(words.w[e]); });
}

/// Puts one 16 x 8 N strip of fragments down in rows.
template<int N, class T>
QTL_DEVICE void stage_strip(std::uint32_t scratch, const T (&sums)[N][4]) {
  const fragment_place place = fragment_place::of_lane();
  const std::uint32_t to = scratch + place.row * finish_row_bytes<N> + place.column * 4;
  unrolled<N>([&](auto f) {
    const ptx::words4 words = words_of(sums[f]);
    const std::uint32_t at = to + 32 * static_cast<std::uint32_t>(f.value);
    ptx::store_shared<ptx::words2>(at, {{words.w[0], words.w[1]}});
    ptx::store_shared<ptx::words2>(at + 8 * finish_row_bytes<N>, {{words.w[2], words.w[3]}});
  });
}

/// Finishes a staged strip whose first element is output (row, column).
template<int N, class T>
QTL_DEVICE void finish_strip(const epilogue_params& p, std::uint32_t scratch, std::int64_t row,
                             const four_columns& columns) {
  constexpr unsigned vectors = 2 * N;  // of four columns in a row
  constexpr unsigned rows_at_once = 32 / vectors;
  const unsigned lane = ptx::lane_index();
  const std::uint32_t from = scratch + lane % vectors * 16;
  for (unsigned r = lane / vectors; r < 16; r += rows_at_once) {
    const std::int64_t i = row + r;
    if (i >= p.m || columns.count == 0) continue;
    T sums[4];
    load_four(from + r * finish_row_bytes<N>, sums);
    store_four(p, i, columns.first, columns.count, finish_four(p, one_row(p, i), columns, sums));
  }
}

/// Finishes a warp's M x N fragments: fragment (f, g) is outputs row + RowStep * f .. + 15 and
/// column + 8 * g .. + 7. N is 1, 2, 4, 8 or 16: wider tiles come in pieces. `scratch` is
/// finish_scratch_bytes<N> of shared memory that is this warp's own.
template<int M, int N, int RowStep = 16, class T>
QTL_DEVICE void finish_fragments(const epilogue_params& p, std::uint32_t scratch, std::int64_t row,
                                 std::int64_t column, const T (&sums)[M][N][4]) {
  static_assert(32 % (2 * N) == 0, "lanes keep their columns: N divides 16");
  const four_columns columns(p, column + ptx::lane_index() % (2 * N) * 4);
  rolled(M, [&](int strip) {
    // One strip chosen inside: the arithmetic is compiled once.
    unrolled<M>([&](auto f) {
      if (f == strip) stage_strip<N>(scratch, sums[f]);
    });
    ptx::warp_barrier();
    finish_strip<N, T>(p, scratch, row + RowStep * strip, columns);
    ptx::warp_barrier();
  });
}

}  // namespace qtl::inline v0::gpu
