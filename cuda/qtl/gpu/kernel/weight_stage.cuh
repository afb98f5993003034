// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/weight_stage.cuh - a stage of a warp-specialized product with packed weights.
// Holds: weight_stage<Config>: tokens, units of weights, and the parameters of the groups that a slab meets, each a box. What
// lies beyond the packed weight arrives as zeros, which are finite in every format and meet zeros.
#pragma once

#include <cstdint>

#include "qtl/gpu/kernel/box_stage.cuh"
#include "qtl/gpu/tile/converted_sums.cuh"

namespace qtl::inline v0::gpu {

/// Config: a tiling with formats (gemm_weight_only_sm90.cuh).
template<class Config>
struct weight_stage {
  static constexpr int slab_units = Config::slab_steps / Config::unit_steps;
  static constexpr int stripes = Config::tile_m / weight_layout::unit_rows;
  static constexpr std::uint32_t row_bytes = slab_units * weight_layout::unit_bytes;
  static constexpr std::uint32_t scale_bytes =
      Config::is_grouped ? Config::max_groups * Config::tile_m * Config::scale_bytes : 0;
  static constexpr std::uint32_t zero_point_bytes =
      Config::is_grouped && Config::has_zero_points ? Config::max_groups * Config::tile_m : 0;

  static constexpr std::uint32_t units_at = Config::tile_n * slab_bytes;
  static constexpr std::uint32_t scales_at = units_at + stripes * row_bytes;
  static constexpr std::uint32_t zero_points_at = scales_at + scale_bytes;
  static constexpr std::uint32_t bytes = (zero_points_at + zero_point_bytes + 1023) / 1024 * 1024;
  static_assert(scale_bytes % 128 == 0, "boxes begin at multiples of 128 bytes");

  static constexpr int x_rows = Config::tile_n;

  /// Bytes that come to a stage; boxes of parameters have as many rows as a slab has groups.
  QTL_HOST_DEVICE static constexpr std::uint32_t expected(int slab_groups) {
    constexpr std::uint32_t most = Config::max_groups > 0 ? Config::max_groups : 1;
    return scales_at +
           (scale_bytes + zero_point_bytes) / most * static_cast<std::uint32_t>(slab_groups);
  }
  template<class Params>
  QTL_DEVICE static std::uint32_t expected(const Params& p) {
    return p.expected_bytes;
  }

  /// Starts filling the stage at `to`.
  template<class Params>
  QTL_DEVICE static void load(const Params& p, std::uint32_t to, std::uint32_t full,
                              const work_item& item, std::int64_t slab) {
    const auto row = static_cast<std::int32_t>(item.row);
    ptx::tma_load_2d(to, p.x, full, static_cast<std::int32_t>(slab * slab_bytes),
                     static_cast<std::int32_t>(item.column));
    constexpr auto columns = static_cast<std::int32_t>(row_bytes / 8);  // of 8 bytes
    ptx::tma_load_2d(to + units_at, p.units, full, static_cast<std::int32_t>(slab) * columns,
                     row / weight_layout::unit_rows);
    if constexpr (Config::is_grouped) {
      const std::int32_t group = p.w.group_of(static_cast<std::int32_t>(slab) * Config::slab_steps);
      ptx::tma_load_2d(to + scales_at, p.scales, full, row, group);
      if constexpr (Config::has_zero_points)
        ptx::tma_load_2d(to + zero_points_at, p.zero_points, full, row, group);
    }
  }

  /// The operands of this lane, whose warpgroup begins at weight row `row` and token `column` of
  /// the tile's.
  QTL_DEVICE static converted_operands operands(std::uint32_t row, std::uint32_t column) {
    using rows = converted_rows<Config::blocks>;
    const std::uint32_t mine = row + rows::of_lane();
    return {units_at + row / weight_layout::unit_rows * row_bytes +
                rows::template words_of_lane<slab_units>(),
            column * slab_bytes, scales_at + mine * Config::scale_bytes, zero_points_at + mine};
  }
};

}  // namespace qtl::inline v0::gpu
