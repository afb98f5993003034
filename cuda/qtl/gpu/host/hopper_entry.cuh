// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/hopper_entry.cuh - 8-bit codes on both sides on Hopper: wgmma or mma.sync, whichever is modelled to be
// faster for the shape.
// Holds: hopper_entry<Entry, Operands, ...>, row_operands, w8a8_sm90_entry, fp8_sm90_entry, fp8_block_sm90_entry,
// fp8_group_sm90_entry. Both kinds of kernel read the same packed rows, so one layer may run
// either.
#pragma once

#include <array>

#include "qtl/gpu/host/bulk_params.cuh"
#include "qtl/gpu/host/fp8_entry.cuh"
#include "qtl/gpu/host/w8a8_entry.cuh"
#include "qtl/gpu/kernel/gemm_fp8_sm90.cuh"
#include "qtl/gpu/kernel/gemm_swapped_sm90.cuh"
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

namespace qtl::inline v0::gpu {

/// The sizes of a warp-specialized kernel; blocks of a cluster count as one.
template<class K>
constexpr tile_sizes bulk_tiling() {
  using config = typename K::config;
  tile_sizes t;
  t.name = config::name;
  t.tile_m =
      (K::transposed ? config::tile_n : config::tile_m) * static_cast<int>(K::cluster_blocks);
  t.tile_n = K::transposed ? config::tile_m : config::tile_n;
  t.tile_k = static_cast<int>(slab_bytes);
  t.warps_m = K::transposed ? config::groups_n : config::groups_m;
  t.warps_n = K::transposed ? config::groups_m : config::groups_n;
  t.stages = config::stages;
  t.shared_bytes = K::shared_bytes;
  t.most_splits = K::most_splits;
  t.multiprocessors_per_tile = static_cast<int>(K::cluster_blocks);
  t.overlap = config::teams > 1 ? finish_overlap::products : finish_overlap::loads;
  return t;
}

/// The wgmma kernels beside an entry of mma.sync kernels, which packs for both. Operands says what
/// they read: row_operands, or what has its members.
template<class Entry, class Operands, class K, class... More>
struct hopper_entry {
  using kernels = type_list<K, More...>;
  static constexpr std::array tilings{Operands::template tiling<K>(),
                                      Operands::template tiling<More>()...};
  static constexpr gpu_target least_target = gpu_target::sm_90a;
  static constexpr gpu_target only_target = gpu_target::sm_90a;
  static constexpr short_name name = short_name("sm90_").append(Entry::name.view());

  static constexpr bool accepts(const gemm_key& key) { return Entry::accepts(key); }
  static std::int64_t packed_size(const gemm_key& key, const weight_operand& w) {
    return Entry::packed_size(key, w);
  }
  static void pack(const gemm_key& key, const weight_operand& w, std::byte* packed) {
    Entry::pack(key, w, packed);
  }
  /// Only kernels of mma.sync read columns of x in an order of their own.
  static bool reorders(const gemm_key& key, const gemm_shape& s)
    requires requires { Entry::reorders(key, s); }
  {
    return !Operands::fit(key, s) && Entry::reorders(key, s);
  }
  /// The wgmma kernels, unless mma.sync is modelled to be faster or TMA cannot read the weight.
  static void plan(const gemm_key& key, const gemm_shape& s, gemm_plan& plan) {
    const tile_choice low = Entry::choose(key, s);
    const tile_choice wide = select_tiles(shape_of(key, s), tilings, *s.device);
    if (!Operands::fit(key, s) || wide.index < 0 || is_cheaper(low, wide)) {
      Entry::write_plan(low, s, plan);
      plan.family = on_mma;
      plan.variant = fixed_text<64>("mma ").append(plan.variant.view());
      return;
    }
    plan.family = on_wgmma;
    plan.choice = wide.index;
    plan.splits = wide.splits;
    with_kernel(plan, [&]<class Kernel>() {
      plan.workspace_size = split_of<Kernel>(s.m, s.n, plan).bytes();
    });
    const tile_sizes& t = tilings[static_cast<std::size_t>(wide.index)];
    plan.variant = fixed_text<64>("wgmma ").append(variant_text(t, wide.splits).view());
    plan.begin_keeping<typename Operands::maps>();
  }

  /// Calls f(candidate_list) for both kinds of kernels.
  template<class F>
  static void for_each_list(const gemm_key& key, const gemm_shape& s, F&& f) {
    if (Operands::fit(key, s)) f(candidate_list{"wgmma", shape_of(key, s), tilings});
    Entry::for_each_list(key, s, f);
  }

  static status run(const gemm_args& g, gemm_plan& plan) {
    if (plan.family == on_mma) return Entry::run(g, plan);
    status s;
    with_kernel(plan, [&]<class Kernel>() { s = launch_bulk<Kernel>(g, plan); });
    return s;
  }

  /// What the model is asked of the wgmma kernels.
  static product_shape shape_of(const gemm_key& key, const gemm_shape& s) {
    product_shape p = Entry::shape_of(key, s);
    p.unit = Operands::unit;
    return p;
  }

 private:
  enum : std::int32_t { on_mma, on_wgmma };  // gemm_plan::family

  // f.template operator()<Kernel>() for the plan's kernel.
  template<class F>
  static void with_kernel(const gemm_plan& plan, const F& f) {
    int i = 0;
    const auto visit = [&]<class Kernel>() {
      if (i++ == plan.choice) f.template operator()<Kernel>();
    };
    for_each_type(kernels{}, visit);
  }

  // Every warpgroup of a tile adds up its own part.
  template<class Kernel>
  static split_memory split_of(std::int64_t m, std::int64_t n, const gemm_plan& plan) {
    return {Kernel::counters(m, n), plan.splits, Kernel::group_rows * Kernel::group_columns};
  }

  template<class Kernel>
  static status launch_bulk(const gemm_args& g, gemm_plan& plan) {
    auto& maps = plan.kept_as<typename Operands::maps>();
    auto bulk = Operands::template params<Kernel>(g, maps);
    if (!bulk.ok()) return bulk.why();
    plan.has_changed = maps.are_new;
    const result<split_k> split = split_of<Kernel>(g.m(), g.n(), plan).make(g);
    if (!split.ok()) return split.why();
    bulk->split = *split;
    return launch<Kernel>(*bulk, g.stream);
  }
};

/// Rows of codes on both sides, 8 bits each. Low is a kernel of Entry's, whose params hold them.
template<class Entry, class Low>
struct row_operands {
  using maps = bulk_maps;
  static constexpr arithmetic_unit unit = arithmetic_unit::wgmma_8bit;

  template<class Kernel>
  static constexpr tile_sizes tiling() {
    return bulk_tiling<Kernel>();
  }
  static bool fit(const gemm_key&, const gemm_shape& s) { return s.k != 0; }

  template<class Kernel>
  static result<typename Kernel::params> params(const gemm_args& g, maps& kept) {
    const auto p = Entry::template params<Low>(g, {});
    auto bulk = bulk_params<Kernel>(p.x, p.w, p.epilogue, g.device->multiprocessors, kept);
    if constexpr (requires { bulk->x_scales; })
      if (bulk.ok()) {
        bulk->x_scales = p.x_scales;
        bulk->w_scales = p.w_scales;
      }
    return bulk;
  }
};

/// The kernels of an entry of rows of codes.
template<class Entry, class Low, class... K>
using row_entry = hopper_entry<Entry, row_operands<Entry, Low>, K...>;

/// The kernels of one pair of formats: T for many tokens, S for few.
template<class X, class W, class... T, class... S>
auto w8a8_sm90_kernels(type_list<T...>, type_list<S...>)
    -> row_entry<w8a8_entry<X, W>, gemm_w8a8<tile_64x64x128_4stages, X, W>,
                 gemm_w8a8_sm90<T, X, W>..., gemm_w8a8_swapped<S, X, W>...>;
/// Likewise.
template<class X, class W, class... T, class... S>
auto fp8_sm90_kernels(type_list<T...>, type_list<S...>)
    -> row_entry<fp8_entry<X, W>, gemm_fp8<tile_64x64x128_4stages, X, W>, gemm_fp8_sm90<T, X, W>...,
                 gemm_fp8_swapped<S, X, W>...>;
/// Likewise.
template<class X, class W, int ScaleRows, class... T, class... S>
auto fp8_block_sm90_kernels(type_list<T...>, type_list<S...>) -> row_entry<
    fp8_block_entry<X, W, ScaleRows>, gemm_fp8_block<tile_64x64x128_4stages, X, W, ScaleRows>,
    gemm_fp8_block_sm90<T, X, W, ScaleRows>..., gemm_fp8_block_swapped<S, X, W, ScaleRows>...>;

/// s8 or u8 activations times s8 or u8 weights.
template<class X, class W>
using w8a8_sm90_entry =
    decltype(w8a8_sm90_kernels<X, W>(w8a8_sm90_tilings{}, swapped_sm90_tilings{}));
/// FP8 on both sides; a scale per tensor, token or channel.
template<class X, class W>
using fp8_sm90_entry =
    decltype(fp8_sm90_kernels<X, W>(fp8_sm90_promoted_tilings{}, swapped_sm90_tilings{}));
/// FP8 on both sides; a scale for 1 x 128 and for 128 x 128 elements.
template<class X, class W>
using fp8_block_sm90_entry = decltype(fp8_block_sm90_kernels<X, W, 128>(fp8_sm90_promoted_tilings{},
                                                                        swapped_sm90_tilings{}));
/// FP8 on both sides; a scale for 1 x 128 elements of either.
template<class X, class W>
using fp8_group_sm90_entry =
    decltype(fp8_block_sm90_kernels<X, W, 1>(fp8_sm90_group_tilings{}, swapped_sm90_tilings{}));

}  // namespace qtl::inline v0::gpu
