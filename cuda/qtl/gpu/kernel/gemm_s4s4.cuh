// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_s4s4.cuh - y = x W^T with 4-bit integers on both sides, one IMMA for 64 of k.
// Holds: gemm_s4s4<Config, X, W>, s4s4_tilings. X and W are s4 or u4 in any mix, packed two to a
// byte, the lower nibble first. Native on sm_80 and sm_89 only: later targets spend some 190
// instructions on each mma, so there a wider format is better. Bits equal those of
// gemm/reference.hpp.
#pragma once

#include <cstdint>

#include "qtl/gpu/kernel/gemm_w8a8.cuh"
#include "qtl/gpu/ptx/mma_int4.cuh"

namespace qtl::inline v0::gpu {

/// The tensor-core instruction on s4 or u4 operands.
template<ptx::Int4Operand X, ptx::Int4Operand W>
struct int4_instruction {
  using accumulator = std::int32_t;
  QTL_HOST_DEVICE static constexpr bool is_expanded(int sm) {
    return sm == 900 || sm == 1000 || sm == 1200;
  }
  QTL_DEVICE static void multiply(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k64<X, W>(d, a, b);
  }
};

/// The Configs that are shipped: a byte of a row is two elements.
using s4s4_tilings = type_list<tile_128x256x64_3stages, tile_128x128x64_4stages,
                               tile_64x64x128_4stages, tile_16x64x128_6stages>;

/// params.x.bytes and params.w.bytes are ceil(k / 2). Where k is odd, the last nibble of a row is
/// zero on at least one side: packed rows of QTensor and of quantized activations end in zeros.
template<Tiling Config, ptx::Int4Operand X, ptx::Int4Operand W>
struct gemm_s4s4 : multistage_product<Config, plain_sums<Config, int4_instruction<X, W>>> {
  using params = product_params;
  using config = Config;
  using shape = block_shape<Config>;

  static constexpr short_name name = short_name("w4a4_")
                                         .append(X::name.view())
                                         .append(W::name.view())
                                         .append("_")
                                         .append(Config::name.view());
  static constexpr int threads = shape::threads;
  static constexpr int min_blocks = Config::min_blocks;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = shape::shared_bytes;

  static constexpr bool accepts(const gemm_key& key) { return is_integer_product<X, W>(key); }
};

}  // namespace qtl::inline v0::gpu
