// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/w8a8_entry.cuh - 8-bit integers on both sides, as the waist sees them.
// Holds: w8a8_entry<X, W>.
#pragma once

#include "qtl/gpu/host/rows_entry.cuh"
#include "qtl/gpu/kernel/gemm_w8a8.cuh"

namespace qtl::inline v0::gpu {

/// The kernels of one pair of formats.
template<class X, class W, class... Tilings>
auto w8a8_kernels(type_list<Tilings...>) -> rows_family<8, gemm_w8a8<Tilings, X, W>...>;

/// The family of one pair of formats.
template<class X, class W>
struct w8a8_family : decltype(w8a8_kernels<X, W>(w8a8_tilings{})) {
  static constexpr short_name name =
      short_name("w8a8_").append(X::name.view()).append(W::name.view());
  static constexpr arithmetic_unit unit = arithmetic_unit::s8;
  static constexpr bool accepts(const gemm_key& key) { return is_integer_product<X, W>(key); }
};

/// s8 or u8 activations times s8 or u8 weights; a scale per tensor, token or channel.
template<class X, class W>
using w8a8_entry = product_entry<w8a8_family<X, W>>;

}  // namespace qtl::inline v0::gpu
