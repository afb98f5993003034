// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/w8a8_sm90_entry.cuh - 8-bit integers on both sides on Hopper: wgmma or mma.sync, whichever is modelled
// to be faster for the shape.
// Holds: w8a8_sm90_entry<X, W>. Both read the same packed rows, so one layer may run either: wgmma has the larger
// tiles, mma.sync the lower ones and splits of k.
#pragma once

#include <array>

#include "qtl/gpu/host/bulk_params.cuh"
#include "qtl/gpu/host/w8a8_entry.cuh"
#include "qtl/gpu/kernel/gemm_w8a8_sm90.cuh"

namespace qtl::inline v0::gpu {

/// The sizes of a warp-specialized kernel.
template<class K>
constexpr tile_sizes bulk_tiling() {
  using config = typename K::config;
  tile_sizes t;
  t.name = config::name;
  t.tile_m = config::tile_m * static_cast<int>(K::cluster_blocks);
  t.tile_n = config::tile_n;
  t.tile_k = static_cast<int>(slab_bytes);
  t.warps_m = config::groups_m;
  t.warps_n = config::groups_n;
  t.stages = config::stages;
  t.shared_bytes = K::shared_bytes;
  t.multiprocessors_per_tile = static_cast<int>(K::cluster_blocks);
  return t;
}

/// s8 or u8 activations times s8 or u8 weights on sm_90a.
template<class X, class W>
struct w8a8_sm90_entry {
  using small = w8a8_entry<X, W>;
  static constexpr short_name name =
      short_name("w8a8_sm90_").append(X::name.view()).append(W::name.view());
  static constexpr gpu_target least_target = gpu_target::sm_90a;
  static constexpr gpu_target only_target = gpu_target::sm_90a;

  static constexpr bool accepts(const gemm_key& key) { return small::accepts(key); }
  static std::int64_t packed_size(const gemm_key& key, const weight_operand& w) {
    return small::packed_size(key, w);
  }
  static void pack(const gemm_key& key, const weight_operand& w, std::byte* packed) {
    small::pack(key, w, packed);
  }
  static std::int64_t workspace_size(const gemm_key& key, const gemm_shape& s) {
    return choose(key, s).index >= 0 ? 0 : small::workspace_size(key, s);
  }
  static fixed_text<64> variant(const gemm_key& key, const gemm_shape& s) {
    const tile_choice choice = choose(key, s);
    if (choice.index < 0)
      return fixed_text<64>("mma ").append(small::variant(key, s).view());
    const tile_sizes& t = tilings[static_cast<std::size_t>(choice.index)];
    return fixed_text<64>("wgmma ").append(variant_text(t, 1).view());
  }

  static status run(const gemm_args& g) {
    const tile_choice choice = choose(g.key, {g.m(), g.n(), g.k(), 1, g.device});
    if (choice.index < 0) return small::run(g);
    using first = gemm_w8a8<tile_64x64x128_4stages, X, W>;
    const typename first::params p = small::template params<first>(g, {});
    status s;
    int i = 0;
    const auto visit = [&]<class K>() {
      if (i++ == choice.index) s = launch_bulk<K>(p, g);
    };
    for_each_type(kernels{}, visit);
    return s;
  }

 private:
  template<class... Tilings>
  static auto all(type_list<Tilings...>) -> type_list<gemm_w8a8_sm90<Tilings, X, W>...>;
  using kernels = decltype(all(w8a8_sm90_tilings{}));

  template<class... Tilings>
  struct sizes;
  template<class... Tilings>
  struct sizes<type_list<Tilings...>> {
    static constexpr std::array list{bulk_tiling<gemm_w8a8_sm90<Tilings, X, W>>()...};
  };
  static constexpr auto& tilings = sizes<w8a8_sm90_tilings>::list;

  // Index -1: mma.sync is modelled to be faster, or TMA has nothing to read.
  static tile_choice choose(const gemm_key& key, const gemm_shape& s) {
    product_shape p = small::shape_of(key, s);
    const tile_choice low = small::choose(key, s);
    p.unit = arithmetic_unit::s8_wgmma;
    const tile_choice wide = select_tiles(p, tilings, *s.device);
    if (s.k == 0 || (low.index >= 0 && low.cycles < wide.cycles)) return {};
    return wide;
  }

  template<class K>
  static status launch_bulk(const product_params& p, const gemm_args& g) {
    const auto params = bulk_params<K>(p.x, p.w, p.epilogue, g.device->multiprocessors);
    return params.ok() ? launch<K>(*params, g.stream) : params.why();
  }
};

}  // namespace qtl::inline v0::gpu
