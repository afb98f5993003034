// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/gemm_w8a8.cuh - y = x W^T with 8-bit integers on both sides, one IMMA for 32 of k.
// Holds: gemm_w8a8<Config, X, W>, w8a8_tilings. X and W are s8 or u8 in any mix, with scales per
// tensor, token or channel and zero points on either side. Sums are 32-bit integers: exact for
// every key whose accumulator is s32, and others are refused. Bits equal those of
// gemm/reference.hpp for every m, n, k and every Config.
#pragma once

#include <cstdint>

#include "qtl/base/type_list.hpp"
#include "qtl/gemm/key.hpp"
#include "qtl/gpu/kernel/multistage_product.cuh"
#include "qtl/gpu/ptx/mma_int8.cuh"

namespace qtl::inline v0::gpu {

/// The tensor-core instruction on s8 or u8 operands.
template<ptx::Int8Operand X, ptx::Int8Operand W>
struct int8_instruction {
  using accumulator = std::int32_t;
  QTL_HOST_DEVICE static constexpr bool is_expanded(int) { return false; }
  QTL_DEVICE static void multiply(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    ptx::mma_m16n8k32<X, W>(d, a, b);
  }
};

/// The Configs that are shipped, from many tokens to few.
using w8a8_tilings =
    type_list<tile_128x256x64_3stages, tile_128x128x64_4stages, tile_64x128x64_4stages,
              tile_64x64x128_4stages, tile_32x64x128_5stages, tile_16x64x128_6stages>;

/// Whether key is a product of these formats, and one that 32 bits hold.
template<class X, class W>
constexpr bool is_integer_product(const gemm_key& key) {
  return key.accumulator == accumulation::s32 && key.activation.format == X::name &&
         key.weight.format == W::name;
}

/// Codes of k elements are k bytes; params.x.bytes and params.w.bytes are k.
template<Tiling Config, ptx::Int8Operand X, ptx::Int8Operand W>
struct gemm_w8a8 : multistage_product<Config, plain_sums<Config, int8_instruction<X, W>>> {
  using params = product_params;
  using config = Config;
  using shape = block_shape<Config>;

  static constexpr short_name name = short_name("w8a8_")
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
