// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/tilings.cuh - the Configs that the mma.sync products share: how a block cuts its work.
// Holds: the concept Tiling, tile_MxNxK_Sstages. K is in bytes of a row; warps divide M x N among
// them. To add one: a struct with these members; it is a Config for every product that takes one.
#pragma once

#include <cstdint>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/tile/copy.cuh"

namespace qtl::inline v0::gpu {

/// Satisfied by the structs below: warps hold whole pairs of 16 x 8 fragments.
/// Why: weights are loaded for two fragments at once, and a warp's columns are finished together.
template<class T>
concept Tiling = T::tile_m % (16 * T::warps_m) == 0 && T::tile_n % (16 * T::warps_n) == 0 &&
                 T::stages >= 2 && T::min_blocks >= 1;

/// The largest outputs: 64 x 64 for each of eight warps.
struct tile_128x256x64_3stages {
  static constexpr short_name name = "128x256x64x3";
  static constexpr int tile_m = 128, tile_n = 256, tile_k = 64;
  static constexpr int warps_m = 2, warps_n = 4, stages = 3, min_blocks = 1;
  static constexpr reuse weights = reuse::many;
};

/// The same for each of four, twice on a multiprocessor.
struct tile_128x128x64_4stages {
  static constexpr short_name name = "128x128x64x4";
  static constexpr int tile_m = 128, tile_n = 128, tile_k = 64;
  static constexpr int warps_m = 2, warps_n = 2, stages = 4, min_blocks = 2;
  static constexpr reuse weights = reuse::many;
};

/// Eight warps with 64 x 32 outputs each.
struct tile_128x128x128_3stages {
  static constexpr short_name name = "128x128x128x3";
  static constexpr int tile_m = 128, tile_n = 128, tile_k = 128;
  static constexpr int warps_m = 2, warps_n = 4, stages = 3, min_blocks = 1;
  static constexpr reuse weights = reuse::many;
};

/// And with 32 x 32, for products that keep two sums of each output.
struct tile_128x64x128_3stages {
  static constexpr short_name name = "128x64x128x3";
  static constexpr int tile_m = 128, tile_n = 64, tile_k = 128;
  static constexpr int warps_m = 4, warps_n = 2, stages = 3, min_blocks = 1;
  static constexpr reuse weights = reuse::many;
};

/// For outputs of which the larger tiles would leave multiprocessors idle.
struct tile_64x128x64_4stages {
  static constexpr short_name name = "64x128x64x4";
  static constexpr int tile_m = 64, tile_n = 128, tile_k = 64;
  static constexpr int warps_m = 2, warps_n = 2, stages = 4, min_blocks = 2;
  static constexpr reuse weights = reuse::many;
};
/// Four warps of 32 x 32 outputs, for still smaller ones.
struct tile_64x64x128_4stages {
  static constexpr short_name name = "64x64x128x4";
  static constexpr int tile_m = 64, tile_n = 64, tile_k = 128;
  static constexpr int warps_m = 2, warps_n = 2, stages = 4, min_blocks = 1;
  static constexpr reuse weights = reuse::many;
};

/// Few tokens: the weights are read once, and as many bytes of them as possible are under way.
struct tile_32x64x128_5stages {
  static constexpr short_name name = "32x64x128x5";
  static constexpr int tile_m = 32, tile_n = 64, tile_k = 128;
  static constexpr int warps_m = 1, warps_n = 4, stages = 5, min_blocks = 1;
  static constexpr reuse weights = reuse::once;
};
/// The same for 16 tokens at most.
struct tile_16x64x128_6stages {
  static constexpr short_name name = "16x64x128x6";
  static constexpr int tile_m = 16, tile_n = 64, tile_k = 128;
  static constexpr int warps_m = 1, warps_n = 4, stages = 6, min_blocks = 1;
  static constexpr reuse weights = reuse::once;
};

}  // namespace qtl::inline v0::gpu
