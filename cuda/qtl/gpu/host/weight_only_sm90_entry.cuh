// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/weight_only_sm90_entry.cuh - packed weights on Hopper: wgmma for many tokens beside mma.sync.
// Holds: weight_only_sm90_entry<W, X, S, ZeroPoints>, weight_only_fp8_entry<W, S, ZeroPoints>. Both kinds of kernel read the same packed weight. Where TMA cannot
// read it (an order of columns, groups that do not divide a slab) mma.sync has it alone.
#pragma once

#include "qtl/gpu/host/bulk_weight_params.cuh"
#include "qtl/gpu/host/hopper_entry.cuh"
#include "qtl/gpu/host/weight_only_entry.cuh"

namespace qtl::inline v0::gpu {

/// A packed weight and the activations beside it. With fewer tokens than LeastTokens mma.sync reads
/// weights as fast, and columns of x in an order of their own.
template<class Entry, int LeastTokens>
struct packed_operands {
  using maps = bulk_weight_maps;
  static constexpr bool is_8bit = Entry::operand::step_cols == 32;
  static constexpr arithmetic_unit unit =
      is_8bit ? arithmetic_unit::wgmma_8bit : arithmetic_unit::wgmma_16bit;

  template<class Kernel>
  static constexpr tile_sizes tiling() {
    using config = typename Kernel::config;
    tile_sizes t = bulk_tiling<Kernel>();
    t.name = short_name("").append(t.tile_m).append("x").append(t.tile_n);
    t.tile_k = config::slab_cols;
    if (!Kernel::can_split) t.most_splits = 1;
    return t;
  }
  static bool fit(const gemm_key& key, const gemm_shape& s) {
    return s.m >= LeastTokens && has_bulk_layout(Entry::layout(key, s.n, s.k));
  }

  template<class Kernel>
  static result<typename Kernel::params> params(const gemm_args& g, maps& kept) {
    const weight_only_params p = Entry::operands(g, {});
    return bulk_weight_params_of<Kernel>(p.x, Entry::layout(g.key, g.n(), g.k()), p.w, p.out,
                                         g.device->multiprocessors, kept);
  }
};

/// The kernels of a format.
template<class Format, class Entry, int LeastTokens, class... Shapes>
auto weight_only_sm90_kernels(type_list<Shapes...>)
    -> hopper_entry<Entry, packed_operands<Entry, LeastTokens>,
                    gemm_weight_only_sm90<weight_only_sm90<Format, Shapes>>...>;

/// Weights of format W with scales of format S (per_row: one a row) and perhaps zero points, times
/// activations of format X.
template<class W, class X, class S = per_row, bool ZeroPoints = false>
using weight_only_sm90_entry =
    decltype(weight_only_sm90_kernels<weight_only_format<W, X, S, ZeroPoints>,
                                      weight_only_entry<W, X, S, ZeroPoints>, 17>(
        converted_shapes{}));

/// Stands where mma.sync has no kernel of a format.
template<class Format>
struct no_mma_entry : packed_family<Format> {
  static constexpr bool accepts(const gemm_key& key) {
    const std::int64_t group = key.weight.block_cols;
    return packed_family<Format>::accepts(key) &&
           (group == 0 || (group % 32 == 0 && 128 % group == 0));
  }
  static product_shape shape_of(const gemm_key& key, const gemm_shape& s) {
    return product_shape_of(key, s, arithmetic_unit::wgmma_8bit);
  }
  static tile_choice choose(const gemm_key&, const gemm_shape&) { return {}; }
  static void write_plan(const tile_choice&, const gemm_shape&, gemm_plan& plan) {
    plan.choice = -1;
    plan.variant = "none";
  }
  template<class F>
  static void for_each_list(const gemm_key&, const gemm_shape&, F&&) {}
  static status run(const gemm_args&, gemm_plan&) {
    return failure(error_code::unsupported, "x", "has no columns: the kernel reads at least one");
  }
};

/// The same with activations of e4m3, which only wgmma multiplies.
template<class W, class S = per_row, bool ZeroPoints = false>
using weight_only_fp8_entry =
    decltype(weight_only_sm90_kernels<weight_only_format<W, e4m3, S, ZeroPoints>,
                                      no_mma_entry<weight_only_format<W, e4m3, S, ZeroPoints>>, 1>(
        converted_fp8_shapes{}));

}  // namespace qtl::inline v0::gpu
