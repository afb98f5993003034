// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_fp8.cuh - y = x W^T with e4m3 or e5m2 on either side, one QMMA for 32 of k.
// Holds: fp8_sums_kind, gemm_fp8<Config, X, W, Kind>, gemm_fp8_block<Config, X, W, ScaleRows>, their tilings
// and error bounds. Native on sm_89 and sm_120a; sm_90a and sm_100a spend 2 HMMA and 12 conversions
// on each mma, so there wgmma is better.
//
// Error. Products are exact; what an mma adds up keeps 13 explicit bits of its mantissa, the rest
// is cut off. With S = sum |x w| (scaled), `slabs` = ceil(k / 128) and `splits` parts of k, a sum
// differs from the exact one by at most
//     running:            4 slabs 2^-13 S          + splits 2^-24 S
//     promoted and block: 4 2^-13 S                + (slabs + splits) 2^-24 S, and block 2^-23 S
// each times 1.01 for terms of second order; the epilogue's two roundings and the output's come on
// top. promoted_error and running_error below are these formulas.
#pragma once

#include <cstdint>

#include "qtl/base/type_list.hpp"
#include "qtl/gemm/key.hpp"
#include "qtl/gpu/kernel/fp8_block_scales.cuh"
#include "qtl/gpu/kernel/multistage_product.cuh"
#include "qtl/gpu/ptx/mma_fp8.cuh"

namespace qtl::inline v0::gpu {

/// The tensor-core instruction on e4m3 or e5m2 operands.
template<ptx::Fp8Operand X, ptx::Fp8Operand W>
struct fp8_instruction {
  using accumulator = float;
  QTL_HOST_DEVICE static constexpr bool is_expanded(int sm) { return sm == 900 || sm == 1000; }
  QTL_DEVICE static void multiply(float (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k32<X, W>(d, a, b);
  }
};

/// Columns that one mma adds up within 13 bits before sums of full f32 take over.
inline constexpr int promoted_columns = 128;

/// The bounds at the head of this file, over S.
constexpr double running_error(std::int64_t k, int splits) {
  return 1.01 * (4.0 * static_cast<double>(ceil_div<std::int64_t>(k, promoted_columns)) / 8192.0 +
                 splits * 0x1p-24);
}
constexpr double promoted_error(std::int64_t k, int splits) {
  const auto slabs = static_cast<double>(ceil_div<std::int64_t>(k, promoted_columns));
  return 1.01 * (4.0 / 8192.0 + (slabs + splits) * 0x1p-24);
}
constexpr double block_error(std::int64_t k, int splits) {
  return promoted_error(k, splits) + 0x1p-23;
}

/// A slab of 128 columns by the tensor cores, slabs in f32, ascending. Derived adds them up.
template<Tiling Config, class Instruction>
struct slab_sums {
  using shape = block_shape<Config>;
  static_assert(Config::tile_k == promoted_columns, "a slab is what is promoted at once");
  static constexpr int m = shape::fragments_m;
  static constexpr int n = shape::fragments_n;

  float sums[m][n][4];
  warp_product_of<Config, Instruction> slab;

  QTL_DEVICE explicit slab_sums(const warp_place& place) : slab(place.tile_row, place.tile_column) {
    unrolled<m * n * 4>([&](auto e) { sums[e / (4 * n)][e / 4 % n][e % 4] = 0.0f; });
  }
  QTL_DEVICE void multiply(std::uint32_t x, std::uint32_t w) {
    slab.clear();
    slab.add_slab(x, w);
  }
};

/// Scales, if any, are constant along k and left to the epilogue.
template<Tiling Config, class Instruction>
struct promoted_sums : slab_sums<Config, Instruction> {
  using base = slab_sums<Config, Instruction>;

  template<class Params>
  QTL_DEVICE promoted_sums(const Params&, const warp_place& place) : base(place) {}

  QTL_DEVICE void add(std::uint32_t x, std::uint32_t w, std::int64_t) {
    this->multiply(x, w);
    unrolled<base::m * base::n * 4>([&](auto e) {
      float& sum = this->sums[e / (4 * base::n)][e / 4 % base::n][e % 4];
      sum = ptx::add_rn(sum, this->slab.sums[e / (4 * base::n)][e / 4 % base::n][e % 4]);
    });
  }
};

/// A product whose scales change along k, one for every ScaleRows output features; those of the
/// epilogue multiply the whole.
template<int ScaleRows>
struct scaled_product_params : product_params {
  group_scales x_scales;
  weight_scales<ScaleRows> w_scales;
};

/// Every slab is multiplied by its two scales.
template<Tiling Config, class Instruction, int ScaleRows>
struct block_sums : slab_sums<Config, Instruction> {
  using base = slab_sums<Config, Instruction>;
  static_assert(128 % base::shape::warp_n == 0, "a warp's columns share their scale");

  slab_scales<2 * base::m, 16, base::n, 1, ScaleRows> scales;

  QTL_DEVICE block_sums(const scaled_product_params<ScaleRows>& p, const warp_place& place)
      : base(place) {
    const fragment_place lane = fragment_place::of_lane();
    scales.rows.begin(p.x_scales, place.row + lane.row, p.epilogue.m);
    scales.columns.begin(p.w_scales, place.column + lane.column, p.epilogue.n);
  }

  QTL_DEVICE void add(std::uint32_t x, std::uint32_t w, std::int64_t group) {
    // Loaded before the tensor cores start, used when they are done.
    const auto scale = scales.load(group);
    this->multiply(x, w);
    unrolled<base::m * base::n * 4>([&](auto e) {
      constexpr int f = e.value / (4 * base::n), g = e.value / 4 % base::n;
      float& sum = this->sums[f][g][e % 4];
      sum = ptx::fused_multiply_add(this->slab.sums[f][g][e % 4],
                                    scale.at(2 * f + e.value % 4 / 2, g, e % 2), sum);
    });
  }
};

/// How the sums of a product whose scales are constant along k are kept.
enum class fp8_sums_kind {
  running,   ///< in the tensor core's accumulator throughout: fastest
  promoted,  ///< for 128 columns there, then in f32
};

/// The Configs that are shipped. A warp that keeps two sums of each output has 32 x 32 of them:
/// where conversions stand in for the instruction, more would not fit its registers.
using fp8_running_tilings = type_list<tile_128x128x128_3stages, tile_64x64x128_4stages>;
using fp8_promoted_tilings = type_list<tile_128x64x128_3stages, tile_64x64x128_4stages,
                                       tile_32x64x128_5stages, tile_16x64x128_6stages>;
using fp8_block_tilings = fp8_promoted_tilings;

/// Whether key is a product of these formats whose scales are constant along k (ScaleRows 0), or
/// begin anew every 128 columns, for each token and for every ScaleRows output features.
template<class X, class W, std::int64_t ScaleRows = 0>
constexpr bool is_fp8_product(const gemm_key& key) {
  constexpr std::int64_t columns = ScaleRows == 0 ? 0 : 128;
  return key.accumulator == accumulation::real && key.activation.format == X::name &&
         key.weight.format == W::name && !key.activation.is_unscaled() &&
         !key.weight.is_unscaled() && key.activation.scale_format == short_name("f32") &&
         key.weight.scale_format == short_name("f32") && !key.activation.two_levels &&
         !key.weight.two_levels && key.activation.block_cols == columns &&
         key.weight.block_cols == columns && (ScaleRows == 0 || key.weight.block_rows == ScaleRows);
}

/// The members that both kernels have; Name is known to the kernel only.
template<Tiling Config>
struct fp8_kernel {
  using config = Config;
  using shape = block_shape<Config>;
  static constexpr int threads = shape::threads;
  static constexpr int min_blocks = Config::min_blocks;
  static constexpr gpu_target least_target = gpu_target::sm_89;
  static constexpr std::uint32_t shared_bytes = shape::shared_bytes;
};

/// The accumulators that a kind means.
template<fp8_sums_kind Kind, Tiling Config, class Instruction>
using fp8_sums_of =
    std::conditional_t<Kind == fp8_sums_kind::running, plain_sums<Config, Instruction>,
                       promoted_sums<Config, Instruction>>;

/// Scales per tensor, token or channel.
template<Tiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W,
         fp8_sums_kind Kind = fp8_sums_kind::promoted>
struct gemm_fp8 : fp8_kernel<Config>,
                  multistage_product<Config, fp8_sums_of<Kind, Config, fp8_instruction<X, W>>> {
  using params = product_params;
  using shape = block_shape<Config>;
  static constexpr fp8_sums_kind kind = Kind;
  static constexpr short_name name =
      short_name(Kind == fp8_sums_kind::running ? std::string_view("fp8_running_")
                                                : std::string_view("fp8_"))
          .append(X::name.view())
          .append(W::name.view())
          .append("_")
          .append(Config::name.view());
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key); }
};

/// How names tell scales of 128 x 128 weights from those of 1 x 128.
constexpr std::string_view fp8_scales_text(int scale_rows) {
  return scale_rows == 128 ? "block_" : "group_";
}

/// A scale for 1 x 128 activations and for ScaleRows x 128 weights, 128 rows or one.
template<Tiling Config, ptx::Fp8Operand X, ptx::Fp8Operand W, int ScaleRows = 128>
struct gemm_fp8_block
    : fp8_kernel<Config>,
      multistage_product<Config, block_sums<Config, fp8_instruction<X, W>, ScaleRows>,
                         scaled_product_params<ScaleRows>> {
  using params = scaled_product_params<ScaleRows>;
  using shape = block_shape<Config>;
  static constexpr short_name name = short_name("fp8_")
                                         .append(fp8_scales_text(ScaleRows))
                                         .append(X::name.view())
                                         .append(W::name.view())
                                         .append("_")
                                         .append(Config::name.view());
  static constexpr int scale_rows = ScaleRows;
  static constexpr bool accepts(const gemm_key& key) {
    return is_fp8_product<X, W, ScaleRows>(key);
  }
};

}  // namespace qtl::inline v0::gpu
