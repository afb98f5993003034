// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/transposed_finish.cuh - a warpgroup's sums to outputs whose rows are columns of sums.
// Holds: transposed_finish<Sums, WarpRows, BlockRows>, stage_columns. For products whose left operand is the
// weights: a fragment is 16 output features by 8 tokens. It is put down in rows of tokens, so that
// every lane has four neighbouring features, as finish.cuh has them.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/finish.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"

namespace qtl::inline v0::gpu {

/// The 16 sums of a token and four words more: a lane's four words, and the eight rows of a
/// fragment, lie in different banks.
inline constexpr std::uint32_t token_row_bytes = (16 + 4) * 4;

/// Puts one 16 x 8 N strip of fragments down, columns as rows.
template<int N, class T>
QTL_DEVICE void stage_columns(std::uint32_t scratch, const T (&sums)[N][4]) {
  const fragment_place place = fragment_place::of_lane();
  const std::uint32_t to = scratch + place.column * token_row_bytes + place.row * 4;
  unrolled<N>([&](auto f) {
    const ptx::words4 words = words_of(sums[f]);
    unrolled<4>([&](auto e) {
      constexpr auto token = static_cast<std::uint32_t>(8 * f.value + e.value % 2);
      constexpr auto feature = static_cast<std::uint32_t>(e.value / 2 * 8);
      ptx::store_shared<std::uint32_t>(to + token * token_row_bytes + feature * 4, words.w[e]);
    });
  });
}

/// Strips of 16 features by up to 32 tokens, one after another, through the warp's own shared
/// memory. Row r of block b of warp w is feature WarpRows * w + BlockRows * b + r of the
/// warpgroup's: as wgmma has them, or as Sums has arranged.
template<class Sums, int WarpRows = 16, int BlockRows = 64>
struct transposed_finish {
  static constexpr int fragments = Sums::columns / 8;
  static constexpr int piece = fragments % 4 == 0   ? 4
                               : fragments % 3 == 0 ? 3
                               : fragments % 2 == 0 ? 2
                                                    : 1;
  static constexpr std::uint32_t warp_bytes = 8 * piece * token_row_bytes;

  static constexpr bool transposed = true;
  static constexpr std::uint32_t shared_bytes = 4 * warp_bytes;

  std::uint32_t scratch;  ///< of this warp

  template<class Params>
  QTL_DEVICE transposed_finish(const Params&, std::uint32_t memory)
      : scratch(memory + ptx::warp_index() % 4 * warp_bytes) {}

  /// Outputs of sums that begin at feature `row` of token `column`; some may lie outside.
  template<class Params>
  QTL_DEVICE void finish(const Params& p, const Sums& sums, std::int64_t row, std::int64_t column) {
    constexpr int pieces = fragments / piece;
    const std::int64_t first = row + ptx::warp_index() % 4 * WarpRows + ptx::lane_index() / 8 * 4;
    for (int strip = 0; strip < Sums::blocks * pieces; ++strip) {
      // A rolled loop with one strip chosen inside: the arithmetic is compiled once.
      unrolled<Sums::blocks * pieces>([&](auto s) {
        if (s != strip) return;
        typename Sums::accumulator part[piece][4];
        fragments_of<s / pieces, s % pieces * piece>(sums, part);
        stage_columns<piece>(scratch, part);
      });
      ptx::warp_barrier();
      const four_columns features(p.epilogue, first + strip / pieces * BlockRows);
      finish_tokens(p.epilogue, column + strip % pieces * 8 * piece, features);
      ptx::warp_barrier();
    }
  }

  QTL_DEVICE void end() {}

 private:
  /// A staged strip whose first token is `token`: eight at a time, four lanes each.
  QTL_DEVICE void finish_tokens(const epilogue_params& p, std::int64_t token,
                                const four_columns& features) const {
    const unsigned lane = ptx::lane_index();
    for (unsigned t = lane % 8; t < 8 * piece; t += 8) {
      const std::int64_t i = token + t;
      if (i >= p.m || features.count == 0) continue;
      typename Sums::accumulator sums[4];
      load_four(scratch + t * token_row_bytes + lane / 8 * 16, sums);
      store_four(p, i, features.first, features.count,
                 finish_four(p, one_row(p, i), features, sums));
    }
  }
};

}  // namespace qtl::inline v0::gpu
