// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/element.cuh - the arithmetic of outputs: correct, scale, activate, round.
// Holds: some_columns<N>, one_row, scaled, finish_four. The specification is gemm/reference.hpp with
// the activation function of gemm/activation_function.hpp: bits are equal.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/convert.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Value i of a row or column parameter, or `absent`.
template<class T>
QTL_DEVICE T value_or(const strided_values<T>& values, std::int64_t i, T absent) {
  return values.data != nullptr ? ptx::load_global(values.data + i * values.stride) : absent;
}

/// What N neighbouring columns need: loaded once, used in every row.
template<int N>
struct some_columns {
  std::int64_t first = 0;
  int count = 0;  ///< of them inside the output: 0 to N
  float scale[N];
  float bias[N];
  std::uint32_t zero[N];  ///< as unsigned: the correction is modulo 2^32
  std::uint32_t sum[N];

  QTL_DEVICE some_columns(const epilogue_params& p, std::int64_t column) : first(column) {
    const std::int64_t left = p.n - column;
    count = left >= N ? N : left > 0 ? static_cast<int>(left) : 0;
    unrolled<N>([&](auto e) {
      const bool inside = e < count;
      const std::int64_t j = inside ? column + e : 0;
      scale[e] = inside ? value_or(p.scale_w, j, 1.0f) : 1.0f;
      bias[e] = inside && p.bias != nullptr ? ptx::load_global(p.bias + j) : 0.0f;
      zero[e] = inside ? static_cast<std::uint32_t>(value_or(p.zero_w, j, 0)) : 0u;
      sum[e] = inside && p.sums_w != nullptr
                   ? static_cast<std::uint32_t>(ptx::load_global(p.sums_w + j))
                   : 0u;
    });
  }
};
using four_columns = some_columns<4>;

/// What a row needs.
struct one_row {
  std::int64_t i = 0;
  float scale = 1.0f;
  std::uint32_t zero = 0;
  std::uint32_t sum = 0;

  QTL_DEVICE one_row(const epilogue_params& p, std::int64_t row)
      : i(row), scale(value_or(p.scale_x, row, 1.0f)),
        zero(static_cast<std::uint32_t>(value_or(p.zero_x, row, 0))),
        sum(p.sums_x != nullptr ? static_cast<std::uint32_t>(ptx::load_global(p.sums_x + row))
                                : 0u) {}
};

/// sum of (code_x - zero_x) * (code_w - zero_w) from the sum of code_x * code_w.
template<int N>
QTL_DEVICE std::int32_t corrected(std::int32_t sum, const epilogue_params& p, const one_row& row,
                                  const some_columns<N>& columns, int e) {
  const std::uint32_t zeros = static_cast<std::uint32_t>(p.k) * row.zero * columns.zero[e];
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) - row.zero * columns.sum[e] -
                                   columns.zero[e] * row.sum + zeros);
}
template<int N>
QTL_DEVICE float corrected(float sum, const epilogue_params&, const one_row&,
                           const some_columns<N>&, int) {
  return sum;  // formats with a zero point are integers
}

/// The bits of column e's output before the activation function; of its sum for s32.
template<int N, class T>
QTL_DEVICE std::uint32_t scaled(const epilogue_params& p, T sum, const one_row& row,
                                const some_columns<N>& columns, int e) {
  const T whole = corrected(sum, p, row, columns, e);
  const float y = ptx::fused_multiply_add(
      static_cast<float>(whole), ptx::multiply_rn(row.scale, columns.scale[e]), columns.bias[e]);
  return p.kind == stored_as::s32 ? bit_cast<std::uint32_t>(whole) : float_bits(y);
}

/// The code of y; NaN, which no code stands for, becomes the zero point, and integers end at 2^30,
/// as ops/ has it.
QTL_DEVICE std::uint32_t code_of(float y, const epilogue_params& p) {
  constexpr std::int32_t limit = 1 << 30;
  const std::int32_t whole = ptx::float_to_int_rne(ptx::divide_rn(y, p.code_scale));
  const std::int64_t q = std::int64_t{whole > limit    ? limit
                                      : whole < -limit ? -limit
                                                       : whole} +
                         p.code_zero_point;
  const std::int64_t code = q < p.code_min ? p.code_min : q > p.code_max ? p.code_max : q;
  return static_cast<std::uint32_t>(code) & 0xFFu;
}

/// Four outputs as they lie in memory: stored_bytes(kind) each, from the lowest byte of w[0] on.
QTL_DEVICE ptx::words4 encode_four(const float (&y)[4], const epilogue_params& p) {
  switch (p.kind) {
    case stored_as::f16:
      return {{ptx::f16x2_from_floats(y[0], y[1]), ptx::f16x2_from_floats(y[2], y[3]), 0u, 0u}};
    case stored_as::bf16:
      return {{ptx::bf16x2_from_floats(y[0], y[1]), ptx::bf16x2_from_floats(y[2], y[3]), 0u, 0u}};
    case stored_as::codes:
      return {{code_of(y[0], p) | code_of(y[1], p) << 8 | code_of(y[2], p) << 16 |
                   code_of(y[3], p) << 24,
               0u, 0u, 0u}};
    default:
      return {{float_bits(y[0]), float_bits(y[1]), float_bits(y[2]), float_bits(y[3])}};
  }
}

/// Sums of one row and four columns to outputs as they lie in memory.
template<class T>
QTL_DEVICE ptx::words4 finish_four(const epilogue_params& p, const one_row& row,
                                   const four_columns& columns, const T (&sums)[4]) {
  ptx::words4 bits;
  unrolled<4>([&](auto e) { bits.w[e] = scaled(p, sums[e], row, columns, e); });
  if (p.kind == stored_as::s32) return bits;
  float y[4];
  unrolled<4>([&](auto e) { y[e] = float_from_bits(bits.w[e]); });
  if (p.function != activation_function::none)
    for (float& value : y) value = activate(p.function, value);
  return encode_four(y, p);
}

}  // namespace qtl::inline v0::gpu
