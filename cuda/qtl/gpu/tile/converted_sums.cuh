// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/converted_sums.cuh - the accumulators of a warpgroup whose left operand is packed weights.
// Holds: converted_operands, converted_rows<Blocks>, converted_group_sums<Config, Blocks, Columns>. Words become
// wgmma's left operand in registers: 16 rows by 32 bytes of k are two B fragments of mma.sync, rows
// g and g + 8, with their registers taken in turns; so the packed form is that of
// weight_layout.cuh. A group's sums are scaled in f32 when it ends, as in weight_product.cuh.
#pragma once

#include <cstdint>
#include <type_traits>

#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/wgmma.cuh"
#include "qtl/gpu/tile/convert_words.cuh"
#include "qtl/gpu/tile/unrolled.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"
#include "qtl/gpu/tile/weight_copy.cuh"

namespace qtl::inline v0::gpu {

/// Where a lane finds its part of a stage.
struct converted_operands {
  std::uint32_t units;        ///< its words of the slab's first unit
  std::uint32_t x;            ///< rows of slab_bytes under the 128-byte swizzle
  std::uint32_t scales;       ///< of its first row, in the slab's first group
  std::uint32_t zero_points;  ///< likewise

  /// These, counted from a stage's beginning, in the stage at `base`.
  QTL_DEVICE converted_operands of(std::uint32_t base) const {
    return {base + units, base + x, base + scales, base + zero_points};
  }
};

/// Which of a warpgroup's weight rows are whose: a warp that has two blocks takes the 32 rows of a
/// unit for them, so that a lane's words are read at once; else two warps share a unit.
template<int Blocks>
struct converted_rows {
  static_assert(Blocks == 1 || Blocks == 2, "a unit has rows for two blocks of a warp");
  static constexpr int of_warp = 16 * Blocks;
  static constexpr int of_block = Blocks == 2 ? 16 : 64;

  /// The first row of this lane: others follow 8 and, in the second block, 16 below.
  QTL_DEVICE static std::uint32_t of_lane() {
    return ptx::warp_index() % 4 * of_warp + ptx::lane_index() / 4;
  }
  /// Where its words lie in units of a slab, SlabUnits of a stripe side by side.
  template<int SlabUnits>
  QTL_DEVICE static std::uint32_t words_of_lane() {
    const std::uint32_t row = ptx::warp_index() % 4 * of_warp;
    return row / weight_layout::unit_rows * SlabUnits * weight_layout::unit_bytes +
           row % weight_layout::unit_rows / 8 * 4 + ptx::lane_index() * 16;
  }
};

/// 64 Blocks weight rows x Columns tokens. Config says the formats and how many units and groups a
/// slab has (gemm_weight_only_sm90.cuh).
template<class Config, int Blocks, int Columns>
struct converted_group_sums {
  using activation = typename Config::activation;
  using words = weight_words<typename Config::weight, activation>;
  using product = ptx::wgmma_accumulator<activation>;
  using accumulator = std::conditional_t<Config::is_grouped, float, product>;
  static constexpr int blocks = Blocks;
  static constexpr int columns = Columns;
  static constexpr int lag = 0;
  /// Whether sums leave the tensor core with every slab.
  static constexpr bool is_promoted = Config::is_grouped || ptx::Fp8Operand<activation>;

  accumulator values[Blocks][Columns / 2];

  /// Zeros, for the tile whose sums of this warpgroup begin at weight row `row`.
  template<class Params>
  QTL_DEVICE void begin(const Params& p, std::int64_t row, std::int64_t) {
    groups = p.slab_groups;
    if constexpr (!Config::is_grouped) load_row_zero_points(p.w, row);
    unrolled<Blocks>([&](auto b) {
      unrolled<Columns / 2>([&](auto i) { values[b][i] = accumulator{}; });
      ptx::keep_registers(values[b]);
    });
  }

  /// Adds a slab.
  QTL_DEVICE void add(const converted_operands& slab, std::int64_t) {
    if constexpr (!is_promoted) {
      add_to_values(slab);
    } else if constexpr (!Config::is_grouped) {
      add_groups<1>(slab);
    } else {
      unrolled<3>([&](auto e) {
        constexpr int count = 1 << decltype(e)::value;
        if constexpr (count <= Config::max_groups)
          if (groups == count) add_groups<count>(slab);
      });
    }
  }

  QTL_DEVICE void finish() {}

 private:
  static constexpr int slab_steps = static_cast<int>(slab_bytes / 32);
  static constexpr int unit_steps = Config::unit_steps;
  static constexpr int slab_units = slab_steps / unit_steps;
  static constexpr float unit = operand_unit<words>;
  using zero_type = typename words::zero_type;
  using lane_words = std::conditional_t<Blocks == 2, ptx::words4, ptx::words2>;

  std::int32_t groups;  // of a slab: 1, 2 or 4
  zero_type row_zeros[2 * Blocks];

  QTL_DEVICE void load_row_zero_points(const packed_weight& w, std::int64_t first) {
    unrolled<2 * Blocks>([&](auto r) {
      std::uint32_t z = field_zero<typename Config::weight>;
      if constexpr (Config::has_zero_points) {
        const std::int64_t row = first + converted_rows<Blocks>::of_lane() + 8 * r;
        z = row < w.padded_n() ? static_cast<std::uint32_t>(ptx::load_global(w.zero_points + row))
                               : 0u;
      }
      row_zeros[r] = words::make_zero(z);
    });
  }

  // The zero points of both rows of block b in group g of the slab.
  QTL_DEVICE void load_zero_points(const converted_operands& slab, int b, int g,
                                   zero_type (&zeros)[2]) const {
    unrolled<2>([&](auto h) {
      if constexpr (!Config::is_grouped) {
        zeros[h] = row_zeros[2 * b + h];
      } else {
        std::uint32_t z = field_zero<typename Config::weight>;
        if constexpr (Config::has_zero_points)
          z = ptx::load_shared<std::uint8_t>(slab.zero_points + row_of(b, h, g));
        zeros[h] = words::make_zero(z);
      }
    });
  }

  QTL_DEVICE void load_scales(const converted_operands& slab, int b, int g,
                              float (&scales)[2]) const {
    using raw = std::conditional_t<
        Config::scale_bytes == 4, std::uint32_t,
        std::conditional_t<Config::scale_bytes == 2, std::uint16_t, std::uint8_t>>;
    unrolled<2>([&](auto h) {
      scales[h] = 1.0f;
      if constexpr (Config::is_grouped)
        scales[h] = packed_scale_value<typename Config::scale>(
            ptx::load_shared<raw>(slab.scales + row_of(b, h, g) * Config::scale_bytes));
      if constexpr (unit != 1.0f) scales[h] = ptx::multiply_rn(scales[h], unit);
    });
  }
  // Of a parameter of the slab, from this lane's first.
  QTL_DEVICE static std::uint32_t row_of(int b, int h, int g) {
    return static_cast<std::uint32_t>(g * Config::tile_m + 16 * b + 8 * h);
  }

  QTL_DEVICE static void load_words(const converted_operands& slab, lane_words (&q)[slab_units]) {
    unrolled<slab_units>([&](auto u) {
      q[u] = ptx::load_shared<lane_words>(slab.units + static_cast<std::uint32_t>(u.value) *
                                                           weight_layout::unit_bytes);
    });
  }

  // Units First, First + 1 ... as left operands of block b, one for each step.
  template<int First, int Steps>
  QTL_DEVICE static void convert(const lane_words (&q)[slab_units], int b, const zero_type& upper,
                                 const zero_type& lower, std::uint32_t (&a)[Steps][4]) {
    unrolled<Steps / unit_steps>([&](auto u) {
      std::uint32_t above[words::registers];
      std::uint32_t below[words::registers];
      words::expand(q[First + u].w[2 * b], upper, above);
      words::expand(q[First + u].w[2 * b + 1], lower, below);
      unrolled<unit_steps>([&](auto s) {
        constexpr int step = decltype(u)::value * unit_steps + decltype(s)::value;
        a[step][0] = above[2 * s];
        a[step][1] = below[2 * s];
        a[step][2] = above[2 * s + 1];
        a[step][3] = below[2 * s + 1];
      });
    });
  }

  // Starts adding steps First, First + 1 ... of the slab to d.
  template<int First, int Steps>
  QTL_DEVICE static void multiply(product (&d)[Columns / 2], std::uint32_t (&a)[Steps][4],
                                  std::uint64_t x, bool fresh) {
    unrolled<Steps>([&](auto s) {
      constexpr std::uint32_t at = 32u * (First + decltype(s)::value);
      ptx::wgmma<Columns, activation, activation>(d, a[s], ptx::wgmma_advance(x, at),
                                                  s > 0 || !fresh);
    });
  }
  QTL_DEVICE static std::uint64_t tokens_of(const converted_operands& slab) {
    return ptx::wgmma_descriptor(slab.x, ptx::shared_swizzle::bytes_128);
  }

  // Scales are constant along k, and left to the epilogue.
  QTL_DEVICE void add_to_values(const converted_operands& slab) {
    lane_words q[slab_units];
    load_words(slab, q);
    std::uint32_t a[Blocks][slab_steps][4];
    unrolled<Blocks>([&](auto b) {
      convert<0>(q, b, row_zeros[2 * b], row_zeros[2 * b + 1], a[b]);
      unrolled<slab_steps>([&](auto s) { ptx::keep_registers(a[b][s]); });
    });
    ptx::wgmma_fence();
    unrolled<Blocks>([&](auto b) { multiply<0>(values[b], a[b], tokens_of(slab), false); });
    ptx::wgmma_commit();
    ptx::wgmma_wait<0>();
    unrolled<Blocks>([&](auto b) { ptx::keep_registers(values[b]); });
  }

  // values = fma(sums of a group's part in this slab, its scale, values), groups ascending. Words
  // are read again for the second block: there is no register left to keep them in.
  template<int Groups>
  QTL_DEVICE void add_groups(const converted_operands& slab) {
    unrolled<Blocks>([&](auto b) {
      lane_words q[slab_units];
      load_words(slab, q);
      unrolled<Groups>([&](auto g) {
        constexpr int steps = slab_steps / Groups;
        zero_type zeros[2];
        load_zero_points(slab, b, g, zeros);
        std::uint32_t a[steps][4];
        convert<g.value * steps / unit_steps>(q, b, zeros[0], zeros[1], a);
        unrolled<steps>([&](auto s) { ptx::keep_registers(a[s]); });
        float scales[2];
        load_scales(slab, b, g, scales);
        product part[Columns / 2];
        ptx::wgmma_fence();
        multiply<g.value * steps>(part, a, tokens_of(slab), true);
        ptx::wgmma_commit();
        ptx::wgmma_wait<0>();
        ptx::keep_registers(part);
        unrolled<Columns / 2>([&](auto i) {
          values[b][i] =
              ptx::fused_multiply_add(static_cast<float>(part[i]), scales[i / 2 % 2], values[b][i]);
        });
      });
    });
  }
};

}  // namespace qtl::inline v0::gpu
