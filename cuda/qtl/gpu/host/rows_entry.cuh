// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/rows_entry.cuh - the entry of products whose both sides are rows of codes (multistage_product.cuh).
// Holds: rows_entry<Family>. A Family has name, unit, kernels (a type_list) and accepts(key).
#pragma once

#include "qtl/backend/gpu/device_activations.hpp"
#include "qtl/gpu/host/kernel_entry.cuh"
#include "qtl/gpu/host/packed_rows.hpp"
#include "qtl/gpu/kernel/multistage_product.cuh"

namespace qtl::inline v0::gpu {

/// The functions of a gemm_kernel for Family's kernels.
template<class Family>
struct rows_entry : Family {
  using kernels = typename Family::kernels;
  using first = first_kernel_t<kernels>;
  static constexpr gpu_target least_target = first::least_target;
  static constexpr auto tilings = tile_sizes_of_all(kernels{}, 16);

  static packed_rows layout(const gemm_key& key, std::int64_t n, std::int64_t k) {
    return {key.weight, n, k};
  }
  static std::int64_t packed_size(const gemm_key& key, const weight_operand& w) {
    return layout(key, w.n, w.k).bytes();
  }
  static void pack(const gemm_key& key, const weight_operand& w, std::byte* packed) {
    layout(key, w.n, w.k).pack(w, packed);
  }

  static std::int64_t workspace_size(const gemm_key& key, const gemm_shape& s) {
    const tile_choice choice = choose(key, s);
    return choice.index < 0 ? 0 : split_bytes(s.m, s.n, choice);
  }
  static fixed_text<64> variant(const gemm_key& key, const gemm_shape& s) {
    const tile_choice choice = choose(key, s);
    if (choice.index < 0) return "none";
    return variant_text(tiling(choice), choice.splits);
  }

  static status run(const gemm_args& g) {
    const gemm_shape shape{g.m(), g.n(), g.k(), 1, g.device};
    const tile_choice choice = choose(g.key, shape);
    typename first::params p;
    fill_operands(g, p);
    p.split.splits = choice.splits;
    if (choice.splits > 1) {
      const std::int64_t tiles = tiles_at(shape.m, shape.n, choice);
      p.split = split_k_in(g.workspace.data(), tiles, choice.splits);
      const status s = fill(g.workspace.data(), 0, split_k_counter_bytes(tiles, choice.splits),
                            g.stream);
      if (!s.ok()) return s;
    }
    return launch_one_of(kernels{}, choice.index, p, g.stream);
  }

 private:
  static const tile_sizes& tiling(const tile_choice& choice) {
    return tilings[static_cast<std::size_t>(choice.index)];
  }

  // Tiles count k in bytes.
  static tile_choice choose(const gemm_key& key, const gemm_shape& s) {
    const std::int64_t bytes = packed_bytes(s.k, key.activation.bits);
    const int y_bits = key.output == output_kind::as_f32 ? 32 : 16;
    return select_tiles({s.m, s.n, bytes, Family::unit, 8, 8, y_bits}, tilings, *s.device);
  }
  static std::int64_t tiles_at(std::int64_t m, std::int64_t n, const tile_choice& choice) {
    const tile_sizes& t = tiling(choice);
    return order_tiles(m, n, t.tile_m, t.tile_n).tiles();
  }
  static std::int64_t split_bytes(std::int64_t m, std::int64_t n, const tile_choice& choice) {
    const tile_sizes& t = tiling(choice);
    const std::int64_t tiles = tiles_at(m, n, choice);
    return split_k_counter_bytes(tiles, choice.splits) +
           split_k_partial_bytes(tiles, choice.splits, std::int64_t{t.tile_m} * t.tile_n);
  }

  template<class Params>
  static void fill_operands(const gemm_args& g, Params& p) {
    const packed_rows w = layout(g.key, g.n(), g.k());
    p.x = {g.x.codes, g.m(), packed_bytes(g.k(), g.key.activation.bits), g.x.row_bytes};
    p.w = {g.packed, g.n(), w.row_bytes(), w.row_stride()};
    p.epilogue = epilogue_of(g);
    const auto* scales = reinterpret_cast<const float*>(g.packed + w.scales_at());
    if constexpr (requires { p.w_scales; }) {
      p.x_scales = {g.x.scales, 1, device_group_stride(g.m())};
      p.w_scales = {scales, w.scale_cols(), 1};
    } else {
      p.epilogue.scale_x = {g.x.scales, 1};
      p.epilogue.scale_w = {scales, 1};
    }
    const auto* zero_points = reinterpret_cast<const std::int32_t*>(g.packed + w.zero_points_at());
    if (g.key.weight.zero_point != zero_point_kind::none) {
      p.epilogue.zero_w = {zero_points, 1};
      p.epilogue.sums_x = g.x.sums;
    }
    if (g.x.zero_points != nullptr) {
      p.epilogue.zero_x = {g.x.zero_points, 1};
      p.epilogue.sums_w = reinterpret_cast<const std::int32_t*>(g.packed + w.sums_at());
    }
  }
};

}  // namespace qtl::inline v0::gpu
