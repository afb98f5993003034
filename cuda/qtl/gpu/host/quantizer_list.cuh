// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/quantizer_list.cuh - the activation policies that layers on a GPU take.
// Holds: quantized_activations, all_quantizers. To add one that quantize_rows.cuh takes: a line here.
#pragma once

#include <array>
#include <span>

#include "qtl/gpu/host/quantizer_entry.cuh"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::gpu {

/// The policies, each from f32, f16 and bf16.
using quantized_activations =
    type_list<token_s8, token_u8, policy<s8, symmetric, per_tensor>, policy<u8, affine, per_tensor>,
              policy<s4, symmetric, per_token, dynamic>, token_e4m3,
              policy<e4m3, symmetric, per_tensor>, policy<e5m2, symmetric, per_token, dynamic>,
              policy<e4m3, symmetric, per_group<128>, dynamic>, a16, a16_bf16>;

/// All of them as values.
template<class... A>
constexpr auto quantizers_of(type_list<A...>) {
  return std::array{quantizer_of<A, f32>()..., quantizer_of<A, f16>()...,
                    quantizer_of<A, bf16>()...};
}

/// The list that gpu_backend gives.
inline std::span<const device_quantizer> all_quantizers() {
  static constexpr auto list = quantizers_of(quantized_activations{});
  return list;
}

}  // namespace qtl::inline v0::gpu
