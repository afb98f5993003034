// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/quantizer_list.cuh - the activation policies that layers on a GPU take.
// Holds: integer_activations, real_activations, quantizer_group<Policies>.
// To add a policy that quantize_rows.cuh takes: a line here.
#pragma once

#include <array>
#include <span>

#include "qtl/gpu/host/quantizer_entry.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

/// Codes that are integers.
using integer_activations =
    type_list<token_s8, token_u8, policy<s8, symmetric, per_tensor>, policy<u8, affine, per_tensor>,
              policy<s4, symmetric, per_token, dynamic>>;

/// Codes that are floats, and reals of 16 bits.
using real_activations = type_list<token_e4m3, policy<e4m3, symmetric, per_tensor>,
                                   policy<e5m2, symmetric, per_token, dynamic>,
                                   policy<e4m3, symmetric, per_group<128>, dynamic>, a16, a16_bf16>;

/// The quantizers of some policies, each from f32, f16 and bf16.
template<class Policies>
struct quantizer_group;

template<class... A>
struct quantizer_group<type_list<A...>> {
  static constexpr std::size_t size = 3 * sizeof...(A);
  using table = std::array<device_quantizer, size>;

  static table make();
};

/// Not in the class: an inline member would be instantiated in spite of extern template.
template<class... A>
auto quantizer_group<type_list<A...>>::make() -> table {
  return {quantizer_of<A, f32>()..., quantizer_of<A, f16>()..., quantizer_of<A, bf16>()...};
}

/// Those of several groups. Made once, by the first layer that asks.
template<class... Groups>
std::span<const device_quantizer> quantizers_of() {
  using table = std::array<device_quantizer, (Groups::size + ... + 0)>;
  static const table made = [] {
    table all{};
    std::size_t count = 0;
    const auto add = [&]<class G>() {
      for (const device_quantizer& q : G::make()) all[count++] = q;
    };
    (add.template operator()<Groups>(), ...);
    return all;
  }();
  return made;
}

}  // namespace qtl::inline v0::gpu
