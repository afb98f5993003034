// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/weight_product.cuh - one warp's share of a product with packed weights.
// Holds: operand_traits<X>, weight_product<Config>. Codes become operands in registers; a group's sums
// are scaled in f32 when the group ends (sum = fma(group sum, scale, sum), groups ascending), so no
// scale is ever rounded to 16 bits, and a product of integers has the bits of gemm/reference.hpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/ldmatrix.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/mma_half.cuh"
#include "qtl/gpu/ptx/mma_int8.cuh"
#include "qtl/gpu/tile/convert_words.cuh"
#include "qtl/gpu/tile/swizzle.cuh"
#include "qtl/gpu/tile/unrolled.cuh"
#include "qtl/gpu/tile/weight_copy.cuh"

namespace qtl::inline v0::gpu {

/// What activations of format X mean for a kernel.
template<class X>
struct operand_traits {
  using accumulator = float;
  using raw = std::uint16_t;
  static constexpr int step_cols = 16;
  QTL_DEVICE static void multiply(float (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k16<X>(d, a, b);
  }
};
template<>
struct operand_traits<s8> {
  using accumulator = std::int32_t;
  using raw = std::uint8_t;
  static constexpr int step_cols = 32;
  QTL_DEVICE static void multiply(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k32<s8, s8>(d, a, b);
  }
};
/// On wgmma only (converted_sums.cuh): mma.sync makes of FP8 two products of f16 where it is not
/// native.
template<>
struct operand_traits<e4m3> {
  using accumulator = float;
  using raw = std::uint8_t;
  static constexpr int step_cols = 32;
};

/// Where a slab lies in shared memory, and which steps and groups it holds.
struct weight_slab {
  std::uint32_t x = 0;
  std::uint32_t units = 0;
  std::uint32_t scales = 0;
  std::uint32_t zero_points = 0;
  std::int32_t first_step = 0;
  std::int32_t first_group = 0;
  bool is_last = false;  ///< of the block
};

/// Sums of M x 4 fragments, 16 x 8 each: 16 M rows of x and the 32 columns of one unit. Config says
/// formats and extents (gemm_weight_only.cuh).
template<class Config>
struct weight_product {
  using words = weight_words<typename Config::weight, typename Config::activation>;
  using operand = operand_traits<typename Config::activation>;
  using accumulator = typename operand::accumulator;
  using sum = std::conditional_t<Config::is_grouped, float, accumulator>;

  static constexpr int m = Config::block_m / Config::warps_m / 16;
  static constexpr int n = weight_layout::unit_rows / 8;
  static constexpr int unit_steps = Config::unit_steps;
  static constexpr int slab_units = Config::slab_steps / unit_steps;
  static constexpr int my_units = slab_units / Config::warps_k;  // of a slab
  static constexpr int my_steps = my_units * unit_steps;
  using x_rows = swizzled_rows<Config::x_row_bytes>;

  unsigned row;     ///< of the warp in the tile of x
  unsigned stripe;  ///< of 32 weight rows in the block's
  unsigned slice;   ///< of a slab's k
  sum sums[m][n][4];

  QTL_DEVICE explicit weight_product(unsigned warp)
      : row(warp / Config::warps_k / Config::warps_n * 16 * m),
        stripe(warp / Config::warps_k % Config::warps_n), slice(warp % Config::warps_k),
        x_lane(row * Config::x_row_bytes +
               (x_rows::offset(ptx::lane_index() % 16, ptx::lane_index() / 16) ^
                32 * slice * my_steps)) {
    unrolled<m * n * 4>([&](auto e) { sums[e / (4 * n)][e / 4 % n][e % 4] = sum{}; });
    if constexpr (Config::is_grouped) clear_group();
  }

  /// The zero points of a weight without groups, `first_row` being the block's.
  QTL_DEVICE void load_zero_points(const packed_weight& w, std::int64_t first_row) {
    const std::int64_t from = first_row + stripe * weight_layout::unit_rows + ptx::lane_index() / 4;
    unrolled<n>([&](auto t) {
      std::uint32_t z = field_zero<typename Config::weight>;
      if constexpr (Config::has_zero_points) {
        const std::int64_t at = from + 8 * t;
        z = at < w.padded_n() ? static_cast<std::uint32_t>(ptx::load_global(w.zero_points + at))
                              : 0u;
      }
      zeros[t] = words::make_zero(z);
    });
  }

  /// Adds the warp's slice of a slab. Steps beyond the weight's are left out.
  QTL_DEVICE void add(const packed_weight& w, const weight_slab& slab) {
    const std::int32_t first = slab.first_step + static_cast<std::int32_t>(slice) * my_steps;
    group_walk walk(w, slab, first);
    unrolled<my_units>([&](auto u) {
      const std::int32_t step = first + u * unit_steps;
      if (step >= w.steps) return;
      if constexpr (Config::is_grouped && Config::has_zero_points)
        if (u == 0 || walk.starts()) load_group_zero_points(slab, walk);
      std::uint32_t b[n][words::registers];
      load_unit(slab, static_cast<unsigned>(u), b);
      unrolled<unit_steps>([&](auto s) {
        if (s != 0 && step + s >= w.steps) return;
        multiply<u.value * unit_steps + s.value, s.value>(slab.x, b);
        walk.is_open = true;
        constexpr int done = u.value * unit_steps + s.value + 1;
        if constexpr (Config::is_grouped && done % Config::group_start_steps == 0)
          if (walk.left -= Config::group_start_steps; walk.left == 0) {
            scale_group(w, slab, walk);
            walk.next();
          }
      });
    });
    if constexpr (Config::is_grouped)
      if (walk.is_open && (Config::warps_k > 1 || slab.is_last)) scale_group(w, slab, walk);
  }

 private:
  // Which group the steps are in.
  struct group_walk {
    std::int32_t group = 0;  // of the slab
    std::int32_t left = 0;   // steps of it
    std::int32_t length = 0;
    bool is_open = false;  // sums of it wait for its scale

    QTL_DEVICE group_walk(const packed_weight& w, const weight_slab& slab, std::int32_t step) {
      if constexpr (Config::is_grouped) {
        length = w.group_steps;
        const std::int32_t number = w.group_of(step);
        group = number - slab.first_group;
        left = length - (step - number * length);
      }
    }
    QTL_DEVICE bool starts() const { return left == length; }
    QTL_DEVICE void next() {
      ++group;
      left = length;
      is_open = false;
    }
  };

  QTL_DEVICE void load_unit(const weight_slab& slab, unsigned u,
                            std::uint32_t (&b)[n][words::registers]) const {
    const unsigned unit = stripe * slab_units + slice * my_units + u;
    const auto q = ptx::load_shared<ptx::words4>(slab.units + unit * weight_layout::unit_bytes +
                                                 ptx::lane_index() * 16);
    unrolled<n>([&](auto t) { words::expand(q.w[t], zeros[t], b[t]); });
  }

  // Step `Step` of the warp's, which is step `OfUnit` of its unit.
  template<int Step, int OfUnit>
  QTL_DEVICE void multiply(std::uint32_t x, const std::uint32_t (&b)[n][words::registers]) {
    // Steps change bits of the address that rows and slices leave alone.
    const std::uint32_t from = x + (x_lane ^ 32 * Step);
    unrolled<m>([&](auto i) {
      std::uint32_t a[4];
      ptx::ldmatrix_x4(a, from + static_cast<std::uint32_t>(16 * i * Config::x_row_bytes));
      unrolled<n>([&](auto t) {
        const std::uint32_t pair[2] = {b[t][2 * OfUnit], b[t][2 * OfUnit + 1]};
        operand::multiply(target()[i][t], a, pair);
      });
    });
  }

  QTL_DEVICE auto target() -> accumulator (&)[m][n][4] {
    if constexpr (Config::is_grouped)
      return group_sums;
    else
      return sums;
  }

  QTL_DEVICE void clear_group() {
    unrolled<m * n * 4>([&](auto e) { group_sums[e / (4 * n)][e / 4 % n][e % 4] = accumulator{}; });
  }

  QTL_DEVICE void load_group_zero_points(const weight_slab& slab, const group_walk& walk) {
    const std::uint32_t from = slab.zero_points +
                               static_cast<std::uint32_t>(walk.group) * Config::block_n +
                               stripe * weight_layout::unit_rows + ptx::lane_index() / 4;
    unrolled<n>(
        [&](auto t) { zeros[t] = words::make_zero(ptx::load_shared<std::uint8_t>(from + 8 * t)); });
  }

  // sums = fma(group sums, scale, sums), and the next group begins with zeros.
  QTL_DEVICE void scale_group(const packed_weight& w, const weight_slab& slab,
                              const group_walk& walk) {
    const std::uint32_t column = static_cast<std::uint32_t>(walk.group) * Config::block_n +
                                 stripe * weight_layout::unit_rows + ptx::lane_index() % 4 * 2;
    unrolled<n>([&](auto t) {
      float scale[2];
      load_scales(w, slab.scales + (column + 8 * t) * Config::scale_bytes, scale);
      unrolled<m * 4>([&](auto e) {
        sums[e / 4][t][e % 4] = ptx::fused_multiply_add(
            static_cast<float>(group_sums[e / 4][t][e % 4]), scale[e % 2], sums[e / 4][t][e % 4]);
      });
    });
    clear_group();
  }

  // The scales of two neighbouring columns.
  QTL_DEVICE static void load_scales(const packed_weight& w, std::uint32_t at, float (&scale)[2]) {
    using S = typename Config::scale;
    if constexpr (Config::scale_bytes == 4) {
      const auto raw = ptx::load_shared<ptx::words2>(at);
      scale[0] = packed_scale_value<S>(raw.w[0]);
      scale[1] = packed_scale_value<S>(raw.w[1]);
    } else if constexpr (Config::scale_bytes == 2) {
      const auto raw = ptx::load_shared<std::uint32_t>(at);
      scale[0] = packed_scale_value<S>(raw & 0xFFFFu);
      scale[1] = packed_scale_value<S>(raw >> 16);
    } else {
      const std::uint32_t raw = ptx::load_shared<std::uint16_t>(at);
      scale[0] = packed_scale_value<S>(raw & 0xFFu);
      scale[1] = packed_scale_value<S>(raw >> 8);
    }
    if constexpr (std::is_same_v<S, e4m3>)
      for (float& s : scale) s = ptx::multiply_rn(s, w.tensor_scale);
  }

  std::uint32_t x_lane;  // where the lane reads a tile of x, in its first step
  struct nothing {};
  std::conditional_t<Config::is_grouped, accumulator[m][n][4], nothing> group_sums;
  typename words::zero_type zeros[n];
};

}  // namespace qtl::inline v0::gpu
