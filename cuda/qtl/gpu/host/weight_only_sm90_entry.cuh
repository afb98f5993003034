// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/weight_only_sm90_entry.cuh - packed weights on Hopper: wgmma for many tokens beside mma.sync.
// Holds: weight_only_sm90_entry<W, X, S, ZeroPoints>. Both kinds of kernel read the same packed weight. Where TMA cannot
// read it (an order of columns, groups that do not divide a slab) mma.sync has it alone.
#pragma once

#include "qtl/gpu/host/bulk_weight_params.cuh"
#include "qtl/gpu/host/hopper_entry.cuh"
#include "qtl/gpu/host/weight_only_entry.cuh"

namespace qtl::inline v0::gpu {

/// A packed weight and the activations beside it. Low is a kernel of Entry's, whose params hold
/// them.
template<class Entry, class Low>
struct packed_operands {
  using maps = bulk_weight_maps;
  static constexpr arithmetic_unit unit =
      Entry::is_integer ? arithmetic_unit::wgmma_8bit : arithmetic_unit::wgmma_16bit;

  template<class Kernel>
  static constexpr tile_sizes tiling() {
    using config = typename Kernel::config;
    tile_sizes t = bulk_tiling<Kernel>();
    t.name = short_name("").append(t.tile_m).append("x").append(t.tile_n);
    t.tile_k = config::slab_cols;
    if (!Kernel::can_split) t.most_splits = 1;
    return t;
  }
  /// Up to 16 tokens mma.sync reads weights as fast, and columns of x in an order of their own.
  static bool fit(const gemm_key& key, const gemm_shape& s) {
    return s.m > 16 && has_bulk_layout(Entry::layout(key, s.n, s.k));
  }

  template<class Kernel>
  static result<typename Kernel::params> params(const gemm_args& g, maps& kept) {
    const auto p = Entry::template params<Low>(g, {});
    return bulk_weight_params_of<Kernel>(p.x, Entry::layout(g.key, g.n(), g.k()), p.w, p.out,
                                         g.device->multiprocessors, kept);
  }
};

/// The kernels of a format; Low is any of those on mma.sync.
template<class Format, class Entry, class Low, class... More, class... Shapes>
auto weight_only_sm90_kernels(type_list<Low, More...>, type_list<Shapes...>)
    -> hopper_entry<Entry, packed_operands<Entry, Low>,
                    gemm_weight_only_sm90<weight_only_sm90<Format, Shapes>>...>;

/// Weights of format W with scales of format S (per_row: one a row) and perhaps zero points, times
/// activations of format X.
template<class W, class X, class S = per_row, bool ZeroPoints = false>
using weight_only_sm90_entry =
    decltype(weight_only_sm90_kernels<weight_only_format<W, X, S, ZeroPoints>,
                                      weight_only_entry<W, X, S, ZeroPoints>>(
        typename weight_only_entry<W, X, S, ZeroPoints>::kernels{}, converted_shapes{}));

}  // namespace qtl::inline v0::gpu
