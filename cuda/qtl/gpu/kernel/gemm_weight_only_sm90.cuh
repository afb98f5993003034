// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_weight_only_sm90.cuh - y = x W^T with packed weights, on wgmma and TMA, for many tokens.
// Holds: converted_MxN, converted_shapes, converted_fp8_error, weight_only_sm90<Format, Shape>, bulk_weight_params, gemm_weight_only_sm90<Config>.
//
// Weights are wgmma's left operand and go there through registers, so a tile is swapped: tile_m
// output features by tile_n tokens. The packed form, the formats and the numbers are those of
// gemm_weight_only.cuh, which takes what is refused here: rows of x that TMA cannot read, an order
// of columns, groups that are neither parts nor multiples of a slab.
//
// With 16-bit activations a group longer than a slab is scaled slab by slab. Each of those adds
// 2^-24 S for four steps of k, and the bound stated there, 2^-19 S for each, has room for it. With
// s8 activations groups are no longer than a slab, and the bits are those of gemm/reference.hpp.
//
// With e4m3 activations, which mma.sync kernels do not take, weights become e4m3 exactly. A group's
// sums, or a slab's, are up to four products of 13 explicit bits, added in f32 at the group's end:
// converted_fp8_error(k, group, splits) times S, as at the head of gemm_fp8.cuh.
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/gpu/epilogue/transposed_finish.cuh"
#include "qtl/gpu/kernel/gemm_weight_only.cuh"
#include "qtl/gpu/kernel/warp_specialized_product.cuh"
#include "qtl/gpu/kernel/weight_stage.cuh"
#include "qtl/gpu/tile/converted_sums.cuh"

namespace qtl::inline v0::gpu {

/// Many tokens: each of two warpgroups has 128 features, and converts a weight for 128 tokens.
struct converted_256x128 {
  static constexpr int tile_m = 256, tile_n = 128, groups_m = 2, groups_n = 1, most_stages = 8;
};
/// Fewer, or few features: each has 64 features, and 64 tokens.
struct converted_128x64 {
  static constexpr int tile_m = 128, tile_n = 64, groups_m = 2, groups_n = 1, most_stages = 10;
};

/// Few tokens, where mma.sync has no kernel for them.
struct converted_128x16 {
  static constexpr int tile_m = 128, tile_n = 16, groups_m = 2, groups_n = 1, most_stages = 12;
};

/// The shapes that are shipped.
using converted_shapes = type_list<converted_256x128, converted_128x64>;
using converted_fp8_shapes = type_list<converted_256x128, converted_128x64, converted_128x16>;

/// A configuration: formats and a shape.
template<class Format, class Shape>
struct weight_only_sm90 : Format, Shape {
  using typename Format::activation;
  using typename Format::scale;
  using typename Format::weight;

  static constexpr short_name name = short_name("sm90_")
                                         .append(weight::name.view())
                                         .append(Format::has_zero_points ? "z_" : "_")
                                         .append(activation::name.view())
                                         .append("_")
                                         .append(scale::name.view())
                                         .append("_")
                                         .append(Shape::tile_m)
                                         .append("x")
                                         .append(Shape::tile_n);
  static constexpr int teams = 1;
  static constexpr unsigned cluster_blocks = 1;
  static constexpr int blocks = Shape::tile_m / Shape::groups_m / 64;

  static constexpr int slab_steps = static_cast<int>(slab_bytes / 32);
  static constexpr int slab_cols = slab_steps * Format::operand::step_cols;
  /// No group is shorter than 32 columns.
  static constexpr int max_groups = Format::is_grouped ? slab_cols / 32 : 0;

  using stage = weight_stage<weight_only_sm90>;
  using sums = converted_group_sums<weight_only_sm90, blocks, Shape::tile_n / Shape::groups_n>;
  using finish =
      transposed_finish<sums, converted_rows<blocks>::of_warp, converted_rows<blocks>::of_block>;
  /// As many as the shape asks for, where there is room.
  static constexpr int room = static_cast<int>(
      (shared_limit(gpu_target::sm_90a) - 1024 - Shape::groups_m * finish::shared_bytes) /
      stage::bytes);
  static constexpr int stages = Shape::most_stages < room ? Shape::most_stages : room;

  static_assert(!std::is_same_v<scale, e4m3>, "scales of two levels belong to groups of 16");
};

/// What the kernel takes; host/bulk_weight_params.cuh fills it in.
struct bulk_weight_params {
  ptx::tensor_map x;            ///< m rows in boxes of tile_n
  ptx::tensor_map units;        ///< stripes of units
  ptx::tensor_map scales;       ///< groups of scales, where there are groups
  ptx::tensor_map zero_points;  ///< likewise
  packed_weight w;
  std::int64_t row_bytes = 0;        ///< of x
  std::int32_t slab_groups = 1;      ///< groups of a slab: 1, 2 or 4
  std::uint32_t expected_bytes = 0;  ///< of a stage
  epilogue_params epilogue;
  split_k split;
  std::int32_t blocks = 1;  ///< most that may run at once: the GPU's multiprocessors
};

/// The bound for e4m3 activations, over S: `group` columns, or k, have the same scale.
constexpr double converted_fp8_error(std::int64_t k, std::int64_t group, int splits) {
  const std::int64_t columns = group < 128 ? group : 128;
  return 1.01 * (4.0 / 8192.0 + static_cast<double>(ceil_div(k, columns) + splits) * 0x1p-24);
}

/// The product for one Config.
template<class Config>
struct gemm_weight_only_sm90
    : warp_specialized_product<Config, typename Config::sums, bulk_weight_params,
                               typename Config::finish, typename Config::stage> {
  static constexpr short_name name = Config::name;
  /// Whether blocks may share the k of an output.
  static constexpr bool can_split =
      !Config::is_grouped || !std::is_same_v<typename Config::activation, s8>;
};

}  // namespace qtl::inline v0::gpu
