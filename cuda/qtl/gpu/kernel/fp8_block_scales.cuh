// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/fp8_block_scales.cuh - scales that change every 128 columns of k, and what of them a lane needs.
// Holds: group_scales, block_scales, weight_scales<ScaleRows>, side_scales, slab_scales. Shared by mma.sync and wgmma kernels: in
// both a lane has two neighbouring columns of every 8, and rows 8 apart. Where weights are wgmma's
// rows, rows of sums are output features, and columns tokens.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// f32 scales of 1 x 128 blocks: of (row, group) at row + group * group_stride, as the quantization
/// kernels write them. That rows lie side by side keeps a lane's addresses in one register.
struct group_scales {
  const float* data = nullptr;
  std::int64_t group_stride = 0;

  QTL_DEVICE const float* at(std::int64_t row) const { return data + row; }
};

/// Of 128 x 128 blocks: of (row of blocks, group) at row * row_stride + group * group_stride.
struct block_scales {
  const float* data = nullptr;
  std::int64_t row_stride = 0;
  std::int64_t group_stride = 0;

  QTL_DEVICE const float* at(std::int64_t row) const { return data + row * row_stride; }
};

/// Those of weights of which ScaleRows rows share a scale, 128 or one.
template<int ScaleRows>
using weight_scales = std::conditional_t<ScaleRows == 128, block_scales, group_scales>;

/// One side's scales of a slab, for Count sums of a lane: pairs are Step apart, a pair's two
/// Within. Share: how many neighbouring rows of codes have the same scale, 128 (all of a lane's)
/// or 1.
template<int Count, int Step, int Within, int Share>
struct side_scales {
  static_assert(Share == 128 || Share == 1, "a scale belongs to 128 rows of codes or to one");
  static constexpr int count = Share == 1 ? Count : 1;

  const float* first = nullptr;  ///< of the lane's first sum, group 0
  std::int64_t group_stride = 0;
  int left = 0;  ///< rows from the lane's first on

  /// For a lane whose first sum is number `at` of `extent`.
  QTL_DEVICE void begin(const weight_scales<Share>& scales, std::int64_t at, std::int64_t extent) {
    constexpr std::int64_t most = Count * Step;
    const std::int64_t rows = extent - at;
    left = static_cast<int>(rows < 0 ? 0 : rows < most ? rows : most);
    first = scales.at(left > 0 ? at / Share : 0);
    group_stride = scales.group_stride;
  }
  /// Sums outside get any scale: nobody stores them.
  QTL_DEVICE void load(std::int64_t group, float (&to)[count]) const {
    const float* const from = first + group * group_stride;
    unrolled<count>([&](auto i) {
      constexpr int at = i.value / 2 * Step + i.value % 2 * Within;
      to[i] = at == 0 || at < left ? ptx::load_global(from + at) : 0.0f;
    });
  }
};

/// The scales of one slab for a lane's sums: of Rows rows, RowStep from pair to pair, and of two
/// columns in each of Fragments fragments. RowShare, ColumnShare: as Share above.
template<int Rows, int RowStep, int Fragments, int RowShare, int ColumnShare>
struct slab_scales {
  static_assert(ColumnShare == 1 || 128 % (8 * Fragments) == 0, "all columns share their scale");
  side_scales<Rows, RowStep, 8, RowShare> rows;
  side_scales<2 * Fragments, 8, 1, ColumnShare> columns;

  /// The two sides' scales of a group of columns of k.
  struct values {
    float row[RowShare == 1 ? Rows : 1];
    float column[ColumnShare == 1 ? 2 * Fragments : 1];

    /// Of row r and column e of fragment f, rounded once.
    QTL_DEVICE float at(int r, int f, int e) const {
      return ptx::multiply_rn(row[RowShare == 1 ? r : 0], column[ColumnShare == 1 ? 2 * f + e : 0]);
    }
  };
  QTL_DEVICE values load(std::int64_t group) const {
    values v;
    rows.load(group, v.row);
    columns.load(group, v.column);
    return v;
  }
};

}  // namespace qtl::inline v0::gpu
