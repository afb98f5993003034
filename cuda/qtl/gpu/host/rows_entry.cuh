// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/rows_entry.cuh - families whose both sides are rows of codes (multistage_product.cuh).
// Holds: rows_family<Kernels...>: sizes, packing and parameters of them all.
#pragma once

#include <array>

#include "qtl/backend/gpu/device_activations.hpp"
#include "qtl/gpu/host/packed_rows.hpp"
#include "qtl/gpu/host/product_entry.cuh"
#include "qtl/gpu/kernel/multistage_product.cuh"

namespace qtl::inline v0::gpu {

/// The sizes of a kernel; its Config counts tile_k in bytes of a row.
template<class K>
constexpr tile_sizes rows_tiling(int code_bits) {
  using config = typename K::config;
  tile_sizes t;
  t.name = config::name;
  t.tile_m = config::tile_m;
  t.tile_n = config::tile_n;
  t.tile_k = config::tile_k * 8 / code_bits;
  t.warps_m = config::warps_m;
  t.warps_n = config::warps_n;
  t.stages = config::stages;
  t.blocks_per_multiprocessor = K::min_blocks;
  t.shared_bytes = K::shared_bytes;
  t.most_splits = most_splits;
  return t;
}

/// What such families share. All kernels have the same formats, of CodeBits on both sides.
template<int CodeBits, class K, class... More>
struct rows_family {
  using kernels = type_list<K, More...>;
  static constexpr gpu_target least_target = K::least_target;
  static constexpr std::array tilings{rows_tiling<K>(CodeBits), rows_tiling<More>(CodeBits)...};

  static packed_rows layout(const gemm_key& key, std::int64_t n, std::int64_t k) {
    return {key.weight, n, k};
  }
  static std::int64_t packed_size(const gemm_key& key, const weight_operand& w) {
    return layout(key, w.n, w.k).bytes();
  }
  static void pack(const gemm_key& key, const weight_operand& w, std::byte* packed) {
    layout(key, w.n, w.k).pack(w, packed);
  }

  template<class Kernel>
  static typename Kernel::params params(const gemm_args& g, const split_k& split) {
    const packed_rows w = layout(g.key, g.n(), g.k());
    typename Kernel::params p;
    p.x = {g.x.codes, g.m(), packed_bytes(g.k(), CodeBits), g.x.row_bytes};
    p.w = {g.packed, g.n(), w.row_bytes(), w.row_stride()};
    p.split = split;
    p.epilogue = epilogue_of(g);
    const auto* scales = reinterpret_cast<const float*>(g.packed + w.scales_at());
    if constexpr (requires { p.w_scales; }) {
      p.x_scales = {g.x.scales, device_group_stride(g.m())};
      if constexpr (requires { p.w_scales.row_stride; })
        p.w_scales = {scales, w.scale_row_stride(), w.scale_group_stride()};
      else
        p.w_scales = {scales, w.scale_group_stride()};
    } else {
      p.epilogue.scale_x = {g.x.scales, 1};
      p.epilogue.scale_w = {scales, 1};
    }
    fill_zero_points(g, w, p.epilogue);
    return p;
  }

 private:
  static void fill_zero_points(const gemm_args& g, const packed_rows& w, epilogue_params& e) {
    const auto ints = [&](std::int64_t at) {
      return reinterpret_cast<const std::int32_t*>(g.packed + at);
    };
    if (g.key.weight.zero_point != zero_point_kind::none) {
      e.zero_w = {ints(w.zero_points_at()), 1};
      e.sums_x = g.x.sums;
    }
    if (g.x.zero_points != nullptr) {
      e.zero_x = {g.x.zero_points, 1};
      e.sums_w = ints(w.sums_at());
    }
  }
};

}  // namespace qtl::inline v0::gpu
