// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/real_element.cuh - one real in memory: f32 as float, f16 and bf16 as their bits.
// Holds: the concept RealFormat, real_element<F>, decoded_element<F>.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0::gpu {

/// Satisfied by f32, f16 and bf16.
/// Why: these are the formats that layers compute in.
template<class F>
concept RealFormat = std::same_as<F, f32> || std::same_as<F, f16> || std::same_as<F, bf16>;

/// How an element of F lies in memory.
template<RealFormat F>
using real_element = std::conditional_t<std::same_as<F, f32>, float, std::uint16_t>;

/// Its value.
template<RealFormat F>
QTL_HOST_DEVICE constexpr float decoded_element(real_element<F> x) {
  if constexpr (std::same_as<F, f32>)
    return x;
  else
    return F::decode(x);
}

}  // namespace qtl::inline v0::gpu
