// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/s4s4_entry.cuh - 4-bit integers on both sides, as the waist sees them.
// Holds: s4s4_entry<X, W>.
#pragma once

#include "qtl/gpu/host/rows_entry.cuh"
#include "qtl/gpu/kernel/gemm_s4s4.cuh"

namespace qtl::inline v0::gpu {

/// The kernels of one pair of formats.
template<class X, class W, class... Tilings>
auto s4s4_kernels(type_list<Tilings...>) -> rows_family<4, gemm_s4s4<Tilings, X, W>...>;

/// The family of one pair of formats.
template<class X, class W>
struct s4s4_family : decltype(s4s4_kernels<X, W>(s4s4_tilings{})) {
  static constexpr short_name name =
      short_name("w4a4_").append(X::name.view()).append(W::name.view());
  static constexpr arithmetic_unit unit = arithmetic_unit::s4;
  static constexpr bool accepts(const gemm_key& key) { return is_integer_product<X, W>(key); }
};

/// s4 or u4 activations times s4 or u4 weights; a scale per tensor, token or channel.
template<class X, class W>
using s4s4_entry = product_entry<s4s4_family<X, W>>;

}  // namespace qtl::inline v0::gpu
