// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/weight_only_entry.cuh - packed weights of 2 to 8 bits times 16-bit or s8 activations.
// Holds: packed_family<Format>, weight_only_entry<W, X, S, ZeroPoints>.
#pragma once

#include <array>

#include "qtl/gpu/host/product_entry.cuh"
#include "qtl/gpu/kernel/gemm_weight_only.cuh"
#include "qtl/gpu/tile/weight_packing.cuh"

namespace qtl::inline v0::gpu {

/// The sizes of one configuration.
template<class Config>
constexpr tile_sizes weight_only_tiling() {
  tile_sizes t;
  t.name = short_name("").append(Config::block_m).append("x").append(Config::block_n);
  t.tile_m = Config::block_m;
  t.tile_n = Config::block_n;
  t.tile_k = Config::slab_steps * Config::operand::step_cols;
  t.warps_m = Config::warps_m;
  t.warps_n = Config::warps_n;
  t.stages = Config::stages;
  t.blocks_per_multiprocessor = gemm_weight_only<Config>::min_blocks;
  t.shared_bytes = gemm_weight_only<Config>::shared_bytes;
  t.most_splits = Config::can_split ? most_splits : 1;
  return t;
}

/// How scales in S are kept; per_row is f32.
template<class S>
constexpr scale_storage storage_of_scales() {
  if constexpr (std::same_as<S, f16>)
    return scale_storage::as_f16;
  else if constexpr (std::same_as<S, bf16>)
    return scale_storage::as_bf16;
  else if constexpr (std::same_as<S, e8m0>)
    return scale_storage::as_e8m0;
  else if constexpr (std::same_as<S, e4m3>)
    return scale_storage::as_e4m3;
  else
    return scale_storage::as_f32;
}

/// Keys, packing and operands of a format.
template<class Format>
struct packed_family {
  using weight = typename Format::weight;
  using activation = typename Format::activation;
  using scale = typename Format::scale;
  using operand = operand_traits<activation>;
  static constexpr bool is_integer = std::same_as<activation, s8>;
  static constexpr short_name name = short_name("weight_")
                                         .append(weight::name.view())
                                         .append(Format::has_zero_points ? "z_" : "_")
                                         .append(scale::name.view())
                                         .append("_")
                                         .append(activation::name.view());

  static constexpr bool accepts(const gemm_key& key) {
    const policy_desc& w = key.weight;
    const bool is_grouped = w.block_cols != 0;
    if (w.format != weight::name || w.is_unscaled() || !has_weight_layout(w)) return false;
    if (is_grouped != Format::is_grouped) return false;
    if (is_grouped && packing::storage_of(w) != storage_of_scales<scale>()) return false;
    if ((w.zero_point != zero_point_kind::none) != Format::has_zero_points) return false;
    return accepts_activation(key, is_grouped);
  }

  static weight_layout layout(const gemm_key& key, std::int64_t n, std::int64_t k) {
    return make_weight_layout(key.weight, n, k, operand::step_cols);
  }
  static std::int64_t packed_size(const gemm_key& key, const weight_operand& w) {
    return layout(key, w.n, w.k).bytes();
  }
  static void pack(const gemm_key& key, const weight_operand& w, std::byte* packed) {
    pack_weight(layout(key, w.n, w.k), w, packed);
  }

  /// Elements in an order of their own are loaded one by one, again for every block of columns:
  /// where there are more tokens it is faster to gather them once.
  static bool reorders(const gemm_key& key, const gemm_shape& s) {
    return s.m <= 16 && layout(key, s.n, s.k).columns_match();
  }

  static weight_only_params operands(const gemm_args& g, const split_k& split) {
    const weight_layout l = layout(g.key, g.n(), g.k());
    weight_only_params p;
    p.x = {g.x.codes, g.m(), packed_bytes(g.k(), activation::bits), g.x.row_bytes};
    p.w = packed_weight_of(l, g.packed, g.w.tensor_scale);
    if (g.x.column_order != nullptr) p.w.column_order = g.x.column_order;
    p.split = split;
    p.out = epilogue_of(g);
    if (!Format::is_grouped)
      p.out.scale_w = {reinterpret_cast<const float*>(g.packed + l.scales_at()), 1};
    if (g.x.scales != nullptr) p.out.scale_x = {g.x.scales, 1};
    return p;
  }

 private:
  static constexpr bool accepts_activation(const gemm_key& key, bool is_grouped) {
    const policy_desc& a = key.activation;
    if (a.format != activation::name) return false;
    if constexpr (!is_integer && !ptx::Fp8Operand<activation>) return a.is_unscaled();
    if (a.is_unscaled() || a.block_cols != 0 || a.zero_point != zero_point_kind::none) return false;
    if constexpr (!is_integer) return a.scale_format == short_name("f32") && !a.two_levels;
    return key.accumulator == (is_grouped ? accumulation::s32_grouped : accumulation::s32);
  }
};

/// A family: one format, several shapes.
template<class Format, class... Shapes>
struct weight_only_shapes : packed_family<Format> {
  using kernels = type_list<gemm_weight_only<weight_only<Format, Shapes>>...>;
  static constexpr std::array tilings{weight_only_tiling<weight_only<Format, Shapes>>()...};
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr arithmetic_unit unit =
      packed_family<Format>::is_integer ? arithmetic_unit::s8 : arithmetic_unit::f16;

  template<class K>
  static typename K::params params(const gemm_args& g, const split_k& split) {
    return packed_family<Format>::operands(g, split);
  }
};

/// The shapes of a format: those that keep the order of groups where k cannot be split.
template<class Format>
using weight_only_family =
    std::conditional_t<Format::is_grouped && std::same_as<typename Format::activation, s8>,
                       weight_only_shapes<Format, few_rows_in_order, some_rows_in_order>,
                       weight_only_shapes<Format, few_rows, some_rows, many_rows>>;

/// Weights of format W with scales of format S (per_row: one a row) and perhaps zero points, times
/// activations of format X.
template<class W, class X, class S = per_row, bool ZeroPoints = false>
using weight_only_entry =
    product_entry<weight_only_family<weight_only_format<W, X, S, ZeroPoints>>>;

}  // namespace qtl::inline v0::gpu
