// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_weight_only.cuh - y = x W^T with packed weights that become operands in registers:
// W4A16, W8A16 and W4A8 on mma.sync, from sm_80 on.
// Holds: weight_only_format, the shapes, weight_only<Format, Shape>, weight_only_params, gemm_weight_only<Config>.
//
// Weights stream through shared memory by cp.async in the order in which they lie
// (weight_layout.cuh), straight to the registers of the warp that multiplies them; activations go
// through swizzled rows and ldmatrix. Warps that share columns split k among them and exchange sums
// at the end; so do blocks (scheduler/split_k.cuh), in a fixed order. Any m, n, k.
//
// Numbers with 16-bit activations. Products of an activation and a code's value less its zero point
// are exact, except that a codebook's values are first rounded to the activation's format (u =
// 2^-11 in f16, 2^-8 in bf16; u = 0 for all other formats). mma sums them in f32; scales are
// applied to sums of groups in f32, none is rounded to 16 bits. With S = |bias| + sum |x| |w| over
// the reals that the policies mean, and steps = ceil(k / 16) + groups,
//     |y - reference| <= S (u + 2^-19 (steps + 8)) + one rounding to the output,
// which allows an mma to cut its 17 addends 24 bits below the largest. NaN in a token, and in a
// weight's scale or code, reaches every output that it belongs to.
// Numbers with 8-bit activations: the bits of gemm/reference.hpp. Scales per row allow any split.
// Scales per group do not (can_split is false), for the reference adds groups in their order.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/epilogue/finish.cuh"
#include "qtl/gpu/scheduler/split_k.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"
#include "qtl/gpu/tile/column_gather.cuh"
#include "qtl/gpu/tile/pipeline.cuh"
#include "qtl/gpu/tile/slice_sum.cuh"
#include "qtl/gpu/tile/weight_product.cuh"

namespace qtl::inline v0::gpu {

/// In place of a format of scales: one scale a row of the weight, in f32 whatever the policy keeps.
struct per_row {
  static constexpr short_name name = "row";
};

/// Weights of format W, activations of format X (f16, bf16 or s8), and per group a scale of format
/// S (f32, f16, bf16, e8m0, e4m3) and perhaps a zero point.
template<class W, class X, class S = per_row, bool ZeroPoints = false>
struct weight_only_format {
  using weight = W;
  using activation = X;
  using scale = S;
  using operand = operand_traits<X>;
  static constexpr bool is_grouped = !std::is_same_v<S, per_row>;
  static constexpr bool has_zero_points = ZeroPoints;
  static constexpr int unit_steps = 128 / (W::bits <= 4 ? 4 : 8) / operand::step_cols;
  static constexpr int scale_bytes = std::is_same_v<S, f32>                              ? 4
                                     : std::is_same_v<S, f16> || std::is_same_v<S, bf16> ? 2
                                                                                         : 1;
};

/// What a block computes, and with how many warps. A slab is slab() steps of k, a step 32 bytes of
/// a row of x; unit_steps depend on the formats. Up to 16 rows: all is for the stream of weights,
/// 16 KB of them a slab.
struct few_rows {
  static constexpr int block_m = 16, block_n = 128, stages = 4;
  static constexpr int warps_m = 1, warps_n = 4, warps_k = 2;
  static constexpr int slab(int unit_steps) { return 8 * unit_steps; }
};
/// Up to 64 rows: still every weight is converted once.
struct some_rows {
  static constexpr int block_m = 64, block_n = 128, stages = 4;
  static constexpr int warps_m = 1, warps_n = 4, warps_k = 2;
  static constexpr int slab(int unit_steps) { return 4 * unit_steps; }
};
/// More rows: two warps convert the same weights, each for 64 rows.
struct many_rows {
  static constexpr int block_m = 128, block_n = 128, stages = 4;
  static constexpr int warps_m = 2, warps_n = 4, warps_k = 1;
  static constexpr int slab(int) { return 4; }
};
/// Up to 16 rows where k cannot be split: narrow blocks, so that there are many, and deep stages.
struct few_rows_in_order {
  static constexpr int block_m = 16, block_n = 64, stages = 8;
  static constexpr int warps_m = 1, warps_n = 2, warps_k = 1;
  static constexpr int slab(int) { return 4; }
};
/// Up to 64 rows where k cannot be split.
struct some_rows_in_order {
  static constexpr int block_m = 64, block_n = 64, stages = 6;
  static constexpr int warps_m = 2, warps_n = 2, warps_k = 1;
  static constexpr int slab(int) { return 4; }
};

/// A configuration: formats and a shape.
template<class Format, class Shape>
struct weight_only : Format, Shape {
  using Format::unit_steps;
  using typename Format::activation;
  using typename Format::operand;
  using typename Format::scale;
  using typename Format::weight;

  static constexpr short_name name = short_name(weight::name)
                                         .append(Format::has_zero_points ? "z_" : "_")
                                         .append(activation::name.view())
                                         .append("_")
                                         .append(scale::name.view())
                                         .append("_")
                                         .append(Shape::block_m)
                                         .append("x")
                                         .append(Shape::block_n);
  static constexpr int threads = 32 * Shape::warps_m * Shape::warps_n * Shape::warps_k;
  static constexpr int slab_steps = Shape::slab(unit_steps);
  static constexpr int slab_units = slab_steps / unit_steps;
  static constexpr int x_row_bytes = 32 * slab_steps;
  static constexpr int group_start_steps =
      steps_to_group(std::is_same_v<scale, e4m3> ? scale_storage::as_e4m3 : scale_storage::as_f32,
                     Format::has_zero_points, operand::step_cols);
  /// Groups of a slab: no group is shorter than what lies between two starts.
  static constexpr int max_groups = Format::is_grouped ? slab_steps / group_start_steps : 0;
  /// Whether blocks and warps may share the k of an output.
  static constexpr bool can_split = !Format::is_grouped || !std::is_same_v<activation, s8>;

  static_assert(can_split || Shape::warps_k == 1,
                "integer products with scales per group are summed in the order of the groups");
  static_assert(slab_units % Shape::warps_k == 0, "warps split a slab by units");
  static_assert(Shape::block_n == 32 * Shape::warps_n, "a warp has the columns of one unit");
};

/// What such a product takes.
struct weight_only_params {
  byte_rows x;          ///< m rows of codes or halves, at any address
  packed_weight w;      ///< packed_weight_of()
  split_k split;        ///< of tiles(p) tiles and tile_elements sums; where can_split
  epilogue_params out;  ///< m and n among them; scale_w where scales are per row
};

/// The product for one Config.
template<class Config>
struct gemm_weight_only {
  using params = weight_only_params;
  static constexpr short_name name = Config::name;
  static constexpr int threads = Config::threads;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr std::int64_t tile_elements = Config::block_m * Config::block_n;

  static tile_order tiles(const params& p) {
    return order_tiles(p.out.m, p.out.n, Config::block_m, Config::block_n);
  }
  static dim grid(const params& p) {
    return {static_cast<unsigned>(tiles(p).tiles()),
            Config::can_split ? static_cast<unsigned>(p.split.splits) : 1u, 1};
  }

 private:
  using product = weight_product<Config>;
  using x_copy = tile_copy<Config::block_m, Config::x_row_bytes, threads>;
  using w_copy = unit_copy<Config::block_n, Config::slab_units, threads>;
  using scale_copy =
      parameter_copy<Config::block_n, Config::scale_bytes, Config::max_groups, threads>;
  using zero_point_copy = parameter_copy<Config::block_n, 1, Config::max_groups, threads>;
  using slices = slice_sum<Config::warps_k, product::m, product::n, typename product::sum>;

  static constexpr bool copies_zero_points = Config::is_grouped && Config::has_zero_points;
  static constexpr std::uint32_t units_at = x_copy::shared_bytes;
  static constexpr std::uint32_t scales_at = units_at + w_copy::shared_bytes;
  static constexpr std::uint32_t zero_points_at = scales_at + scale_copy::shared_bytes;
  static constexpr std::uint32_t stage_bytes =
      (zero_points_at + (copies_zero_points ? zero_point_copy::shared_bytes : 0) + 127) / 128 * 128;
  static constexpr std::uint32_t scratch_bytes = finish_scratch_bytes<slices::mine>;
  // As many as the shape asks for, where the smallest target has room for them.
  static constexpr int room = static_cast<int>(shared_limit(gpu_target::sm_89) / stage_bytes);
  static constexpr int stages = Config::stages < room ? Config::stages : room;
  static constexpr std::uint32_t largest(std::uint32_t a, std::uint32_t b) { return a > b ? a : b; }

 public:
  static constexpr std::uint32_t shared_bytes = largest(
      stages * stage_bytes,
      largest(threads / 32 * scratch_bytes, threads / 32 / Config::warps_k * slices::shared_bytes));
  static_assert(shared_bytes <= shared_limit(gpu_target::sm_89), "a shape serves every target");

  QTL_DEVICE static void run(const params& p) {
    const tile_place tile =
        order_tiles(p.out.m, p.out.n, Config::block_m, Config::block_n).at(ptx::block_index_x());
    const int split = static_cast<int>(ptx::block_index_y());
    const std::int64_t slabs = ceil_div<std::int64_t>(p.w.steps, Config::slab_steps);
    const slab_range range = split_slabs(slabs, split, Config::can_split ? p.split.splits : 1);
    product sums(ptx::warp_index());
    if constexpr (!copies_zero_points) sums.load_zero_points(p.w, tile.n * Config::block_n);
    const x_copy copy_x(p.x, tile.m * Config::block_m);
    const w_copy copy_w(p.w, tile.n * (Config::block_n / weight_layout::unit_rows));
    run_pipeline<stages>(
        range.count(),
        [&](std::int64_t slab, int stage) {
          copy_slab(p, copy_x, copy_w, tile, slab_at(p, range, slab, stage));
        },
        [&](std::int64_t slab, int stage) { sums.add(p.w, slab_at(p, range, slab, stage)); });
    finish(p, tile, split, sums);
  }

 private:
  QTL_DEVICE static weight_slab slab_at(const params& p, const slab_range& range, std::int64_t slab,
                                        int stage) {
    weight_slab s;
    s.x = ptx::shared_base() + static_cast<std::uint32_t>(stage) * stage_bytes;
    s.units = s.x + units_at;
    s.scales = s.x + scales_at;
    s.zero_points = s.x + zero_points_at;
    s.first_step = static_cast<std::int32_t>(range.first + slab) * Config::slab_steps;
    if constexpr (Config::is_grouped) s.first_group = p.w.group_of(s.first_step);
    s.is_last = slab + 1 == range.count();
    return s;
  }

  QTL_DEVICE static void copy_slab(const params& p, const x_copy& copy_x, const w_copy& copy_w,
                                   const tile_place& tile, const weight_slab& slab) {
    using raw = typename Config::operand::raw;
    constexpr int step_cols = Config::operand::step_cols;
    const std::int64_t column = std::int64_t{slab.first_step} * step_cols;
    if (p.w.column_order == nullptr)
      copy_x(slab.x, column * static_cast<std::int64_t>(sizeof(raw)));
    else
      gather_columns<raw, Config::block_m, Config::x_row_bytes, threads>(
          p.x, tile.m * Config::block_m, p.w.column_order, std::int64_t{p.w.steps} * step_cols,
          column, slab.x);
    copy_w(slab.units, slab.first_step / Config::unit_steps);
    if constexpr (Config::is_grouped) {
      const std::int32_t end = slab.first_step + Config::slab_steps;
      const std::int32_t last = p.w.group_of((end < p.w.steps ? end : p.w.steps) - 1) + 1;
      const std::int64_t row = tile.n * Config::block_n;
      scale_copy::copy(p.w, p.w.scales, row, slab.first_group, last, slab.scales);
      if constexpr (copies_zero_points)
        zero_point_copy::copy(p.w, p.w.zero_points, row, slab.first_group, last, slab.zero_points);
    }
  }

  QTL_DEVICE static void finish(const params& p, const tile_place& tile, int split,
                                const product& sums) {
    const std::uint32_t shared = ptx::shared_base();
    const unsigned warp = ptx::warp_index();
    typename product::sum total[product::m][slices::mine][4];
    slices::add(shared + warp / Config::warps_k * slices::shared_bytes, sums.slice, sums.sums,
                total);
    if constexpr (Config::can_split) {
      const std::int64_t number = std::int64_t{ptx::block_index_x()};
      if (!reduce_split<threads>(p.split, number, split, shared, total)) return;
    }
    finish_fragments(p.out, shared + warp * scratch_bytes, tile.m * Config::block_m + sums.row,
                     tile.n * Config::block_n + sums.stripe * weight_layout::unit_rows +
                         sums.slice * 8 * slices::mine,
                     total);
  }
};

}  // namespace qtl::inline v0::gpu
