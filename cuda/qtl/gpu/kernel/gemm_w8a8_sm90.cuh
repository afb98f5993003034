// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_w8a8_sm90.cuh - y = x W^T with 8-bit integers on both sides, on wgmma and TMA.
// Holds: gemm_w8a8_sm90<Config, X, W>, w8a8_sm90_tilings. The same products, scales, zero points and
// outputs as gemm_w8a8.cuh, and the same bits: those of gemm/reference.hpp. Rows of both operands
// begin at multiples of 16 bytes; host/bulk_params.cuh refuses others, which gemm_w8a8 takes.
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/gemm/key.hpp"
#include "qtl/gpu/kernel/warp_specialized_product.cuh"

namespace qtl::inline v0::gpu {

/// The Configs that are shipped, from many tokens to few.
using w8a8_sm90_tilings =
    type_list<wgmma_128x256_4stages_pair, wgmma_128x256_4stages, wgmma_256x128_4stages,
              wgmma_128x128_6stages_turns, wgmma_128x128_6stages, wgmma_64x128_8stages,
              wgmma_64x64_12stages, wgmma_64x32_16stages>;

/// Codes of k elements are k bytes.
template<WarpSpecializedTiling Config, ptx::Int8Operand X, ptx::Int8Operand W>
struct gemm_w8a8_sm90
    : warp_specialized_product<Config, running_group_sums<X, W, group_shape<Config>::blocks,
                                                          group_shape<Config>::columns>> {
  static constexpr short_name name = short_name("w8a8_sm90_")
                                         .append(X::name.view())
                                         .append(W::name.view())
                                         .append("_")
                                         .append(Config::name.view());

  /// Formats of this kernel, and a product that 32 bits hold.
  static constexpr bool accepts(const gemm_key& key) {
    return key.accumulator == accumulation::s32 && key.activation.format == X::name &&
           key.weight.format == W::name;
  }
};

}  // namespace qtl::inline v0::gpu
