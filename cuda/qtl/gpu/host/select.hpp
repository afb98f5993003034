// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/select.hpp - which tile sizes and how many splits of k a product is run with.
// Holds: tile_choice, is_cheaper, refusal, for_each_candidate, select_tiles, candidate_list, variant_text. Plain C++: tested
// without a GPU.
// What a candidate costs is tile_cost.hpp's affair. Its cost grows with m, and what is legal at m
// is legal below it: so does the least of all candidates, and one more token never costs a jump
// that was not to be paid.
#pragma once

#include <cstdint>
#include <span>

#include "qtl/gpu/host/tile_cost.hpp"

namespace qtl::inline v0::gpu {

/// What is chosen: a candidate by its place in the list, and how many blocks share the k of a tile.
struct tile_choice {
  int index = -1;  ///< -1: no candidate is legal
  int splits = 1;
  double cycles = 0;
  double busy = 0;  ///< the same if device memory were fast
};

/// Whether a costs less than b: where device memory bounds both alike, whether a has more to
/// spare. No choice costs more than any.
constexpr bool is_cheaper(const tile_choice& a, const tile_choice& b) {
  if (a.index < 0 || b.index < 0) return a.index >= 0;
  return a.cycles != b.cycles ? a.cycles < b.cycles : a.busy < b.busy;
}

/// Numbers of splits that are tried.
inline constexpr int split_counts[] = {1, 2, 3, 4, 6, 8, 12, 16};

/// The largest bytes of partial sums that a split may ask for.
inline constexpr std::int64_t most_partial_bytes = std::int64_t{64} << 20;

/// Slabs of k that a split has at least: with fewer, its blocks start and end and do little else.
inline constexpr int least_slabs = 2;

/// Why a candidate may not run.
enum class refusal : std::uint8_t {
  none,
  shared_memory,    ///< its stages do not fit
  multiprocessors,  ///< its clusters do not
  no_split,         ///< the kernel cannot share a tile's k among so many
  short_splits,     ///< k is too short for so many
  partial_sums,     ///< too many bytes of them
};

/// Whether a candidate may run, and if not, the first reason. Where it refuses, it refuses every
/// larger m.
constexpr refusal refusal_of(const product_shape& p, const tile_sizes& t, int splits,
                             const device_facts& d) {
  if (t.shared_bytes > d.shared_per_block) return refusal::shared_memory;
  if (t.multiprocessors_per_tile > d.multiprocessors) return refusal::multiprocessors;
  if (splits == 1) return refusal::none;
  if (splits > t.most_splits) return refusal::no_split;
  if (ceil_div(p.k, std::int64_t{t.tile_k}) < least_slabs * splits) return refusal::short_splits;
  const std::int64_t sums = std::int64_t{t.tile_m} * t.tile_n * 4 * splits;
  return tiles_of(p, t) > most_partial_bytes / sums ? refusal::partial_sums : refusal::none;
}

/// Whether there is no reason against it.
constexpr bool is_legal(const product_shape& p, const tile_sizes& t, int splits,
                        const device_facts& d) {
  return refusal_of(p, t, splits, d) == refusal::none;
}

/// The reason in a line; empty where there is none.
constexpr fixed_text<96> refusal_text(refusal why, const product_shape& p, const tile_sizes& t,
                                      int splits, const device_facts& d) {
  fixed_text<96> text;
  switch (why) {
    case refusal::none:
      break;
    case refusal::shared_memory:
      text.append("needs ").append(t.shared_bytes).append(" bytes of shared memory, a block has ");
      text.append(d.shared_per_block);
      break;
    case refusal::multiprocessors:
      text.append("a cluster needs ").append(t.multiprocessors_per_tile);
      text.append(" multiprocessors, the device has ").append(d.multiprocessors);
      break;
    case refusal::no_split:
      text.append("the kernel shares k among at most ").append(t.most_splits).append(" blocks");
      break;
    case refusal::short_splits:
      text.append("k has ").append(ceil_div(p.k, std::int64_t{t.tile_k})).append(" slabs, ");
      text.append(splits).append(" splits want ").append(least_slabs * splits);
      break;
    case refusal::partial_sums:
      text.append("partial sums of more than ").append(most_partial_bytes >> 20).append(" MiB");
      break;
  }
  return text;
}

/// Calls f(index, splits, refusal) for every candidate and number of splits, in order.
template<class F>
constexpr void for_each_candidate(const product_shape& p, std::span<const tile_sizes> candidates,
                                  const device_facts& d, F&& f) {
  for (std::size_t i = 0; i < candidates.size(); ++i)
    for (const int splits : split_counts)
      f(static_cast<int>(i), splits, refusal_of(p, candidates[i], splits, d));
}

/// The legal candidate and split of the least modelled cost; of equals, the first.
constexpr tile_choice select_tiles(const product_shape& p, std::span<const tile_sizes> candidates,
                                   const device_facts& d) {
  tile_choice best;
  for_each_candidate(p, candidates, d, [&](int index, int splits, refusal why) {
    if (why != refusal::none) return;
    const tile_cost cost = modelled_cost(p, candidates[static_cast<std::size_t>(index)], splits, d);
    const tile_choice one{index, splits, cost.total, cost.busy};
    if (is_cheaper(one, best)) best = one;
  });
  return best;
}

/// Sizes among which a kernel family chooses, and what their model is asked.
struct candidate_list {
  short_name name;  ///< "mma", "wgmma"
  product_shape product;
  std::span<const tile_sizes> tilings;
};

/// "m64n128k64, 3 splits".
constexpr fixed_text<64> variant_text(const tile_sizes& t, int splits) {
  fixed_text<64> text(t.name.view());
  if (splits > 1) text.append(", ").append(splits).append(" splits");
  return text;
}

}  // namespace qtl::inline v0::gpu
