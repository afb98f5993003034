// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/fp8_entry.cuh - e4m3 or e5m2 on both sides, as the waist sees them.
// Holds: fp8_entry<X, W>, fp8_block_entry<X, W, ScaleRows>. Sums are promoted to f32 every 128 columns: the faster
// running sums are for those who call the kernel themselves.
#pragma once

#include "qtl/gpu/host/rows_entry.cuh"
#include "qtl/gpu/kernel/gemm_fp8.cuh"

namespace qtl::inline v0::gpu {

/// The kernels of one pair of formats.
template<class X, class W, class... Tilings>
auto fp8_kernels(type_list<Tilings...>) -> rows_family<8, gemm_fp8<Tilings, X, W>...>;
/// Likewise, with scales of blocks.
template<class X, class W, int ScaleRows, class... Tilings>
auto fp8_block_kernels(type_list<Tilings...>)
    -> rows_family<8, gemm_fp8_block<Tilings, X, W, ScaleRows>...>;

/// The family of one pair of formats whose scales are constant along k.
template<class X, class W>
struct fp8_family : decltype(fp8_kernels<X, W>(fp8_promoted_tilings{})) {
  static constexpr short_name name =
      short_name("fp8_").append(X::name.view()).append(W::name.view());
  static constexpr arithmetic_unit unit = arithmetic_unit::fp8;
  static constexpr bool accepts(const gemm_key& key) { return is_fp8_product<X, W>(key); }
};

/// The same for scales of 1 x 128 and ScaleRows x 128 blocks.
template<class X, class W, int ScaleRows>
struct fp8_block_family : decltype(fp8_block_kernels<X, W, ScaleRows>(fp8_block_tilings{})) {
  static constexpr short_name name = short_name("fp8_")
                                         .append(fp8_scales_text(ScaleRows))
                                         .append(X::name.view())
                                         .append(W::name.view());
  static constexpr arithmetic_unit unit = arithmetic_unit::fp8;
  static constexpr bool accepts(const gemm_key& key) {
    return is_fp8_product<X, W, ScaleRows>(key);
  }
};

/// FP8 activations times FP8 weights; a scale per tensor, token or channel.
template<class X, class W>
using fp8_entry = product_entry<fp8_family<X, W>>;

/// FP8 activations times FP8 weights; a scale for 1 x 128 and for ScaleRows x 128 elements, 128
/// rows or one.
template<class X, class W, int ScaleRows = 128>
using fp8_block_entry = product_entry<fp8_block_family<X, W, ScaleRows>>;

}  // namespace qtl::inline v0::gpu
