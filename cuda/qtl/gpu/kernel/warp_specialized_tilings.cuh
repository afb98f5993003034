// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/warp_specialized_tilings.cuh - the Configs of Hopper's products: how a block cuts its work.
// Holds: the concept WarpSpecializedTiling, wgmma_MxN_Sstages, swapped_MxN_Sstages. A slab of k is always 128 bytes.
// A tile is tile_m rows of the left operand by tile_n of the right one: tokens by output features
// or, where it is swapped, features by tokens. groups_m x groups_n warpgroups divide it among them;
// cluster_blocks blocks work below one another and share the right operand's loads.
// To add one: a struct with these members.
#pragma once

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/ptx/wgmma_types.cuh"
#include "qtl/gpu/tile/copy.cuh"

namespace qtl::inline v0::gpu {

/// Satisfied by the structs below: every warpgroup has whole blocks of 64 rows and a number of
/// columns that wgmma has.
/// Why: these are the instruction's shapes.
template<class T>
concept WarpSpecializedTiling =
    T::tile_m % (64 * T::groups_m) == 0 && T::tile_n % T::groups_n == 0 &&
    ptx::wgmma_columns_exist(T::tile_n / T::groups_n) && T::tile_n % T::cluster_blocks == 0 &&
    T::teams >= 1 && T::stages >= 2;

/// The widest outputs: 64 x 256 for each of two warpgroups.
struct wgmma_128x256_4stages {
  static constexpr short_name name = "128x256x4";
  static constexpr int tile_m = 128, tile_n = 256, groups_m = 2, groups_n = 1, stages = 4;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::many;
};
/// The same with the weights loaded once for two tiles.
struct wgmma_128x256_4stages_pair {
  static constexpr short_name name = "128x256x4p";
  static constexpr int tile_m = 128, tile_n = 256, groups_m = 2, groups_n = 1, stages = 4;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 2;
  static constexpr reuse weights = reuse::many;
};
/// The tallest: 128 x 128 for each, as two blocks of 64 rows.
struct wgmma_256x128_4stages {
  static constexpr short_name name = "256x128x4";
  static constexpr int tile_m = 256, tile_n = 128, groups_m = 2, groups_n = 1, stages = 4;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::many;
};
/// Half of these, where they would leave multiprocessors idle.
struct wgmma_128x128_6stages {
  static constexpr short_name name = "128x128x6";
  static constexpr int tile_m = 128, tile_n = 128, groups_m = 2, groups_n = 1, stages = 6;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::many;
};
/// Two teams of one warpgroup, each with all of a tile: for a short k, where finishing takes as
/// long as multiplying.
struct wgmma_128x128_6stages_turns {
  static constexpr short_name name = "128x128x6t";
  static constexpr int tile_m = 128, tile_n = 128, groups_m = 1, groups_n = 1, stages = 6;
  static constexpr int teams = 2;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::many;
};
/// Few tokens: the weights are read once, and as many bytes of them as possible are under way.
struct wgmma_64x128_8stages {
  static constexpr short_name name = "64x128x8";
  static constexpr int tile_m = 64, tile_n = 128, groups_m = 1, groups_n = 2, stages = 8;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
struct wgmma_64x64_12stages {
  static constexpr short_name name = "64x64x12";
  static constexpr int tile_m = 64, tile_n = 64, groups_m = 1, groups_n = 1, stages = 12;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
/// As above for layers with few outputs.
struct wgmma_64x32_16stages {
  static constexpr short_name name = "64x32x16";
  static constexpr int tile_m = 64, tile_n = 32, groups_m = 1, groups_n = 1, stages = 16;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};

/// Few tokens: weights are the rows, and tokens cost what they are, not 64 of them. 16 KB of
/// weights a stage, under way in every stage but one.
struct swapped_128x8_12stages {
  static constexpr short_name name = "128x8x12s";
  static constexpr int tile_m = 128, tile_n = 8, groups_m = 2, groups_n = 1, stages = 12;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
struct swapped_128x16_11stages {
  static constexpr short_name name = "128x16x11s";
  static constexpr int tile_m = 128, tile_n = 16, groups_m = 2, groups_n = 1, stages = 11;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
/// Beyond 32 tokens a tile of 64 has few rows to spare: wgmma_64x128_8stages does the same work.
struct swapped_128x32_10stages {
  static constexpr short_name name = "128x32x10s";
  static constexpr int tile_m = 128, tile_n = 32, groups_m = 2, groups_n = 1, stages = 10;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
/// Likewise for layers with few features: more tiles, where others would need splits of k.
struct swapped_64x16_20stages {
  static constexpr short_name name = "64x16x20s";
  static constexpr int tile_m = 64, tile_n = 16, groups_m = 1, groups_n = 1, stages = 20;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
struct swapped_64x32_16stages {
  static constexpr short_name name = "64x32x16s";
  static constexpr int tile_m = 64, tile_n = 32, groups_m = 1, groups_n = 1, stages = 16;
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr reuse weights = reuse::once;
};

}  // namespace qtl::inline v0::gpu
