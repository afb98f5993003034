// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/params.cuh - what becomes of a sum on its way to the output, as plain values.
// Holds: stored_as, strided_values<T>, epilogue_params. The same for every kernel that ends in
// accumulator fragments.
#pragma once

#include <cstdint>

#include "qtl/gemm/activation_function.hpp"

namespace qtl::inline v0::gpu {

/// What an output element is.
enum class stored_as : std::uint8_t {
  s32,  ///< the sum itself, corrected by zero points: no scale, bias or function
  f32,
  f16,
  bf16,
  codes,  ///< 8 bits, signed or not as [code_min, code_max] tells
};

/// Bytes of an output element.
QTL_HOST_DEVICE constexpr int stored_bytes(stored_as kind) {
  switch (kind) {
    case stored_as::s32:
    case stored_as::f32:
      return 4;
    case stored_as::f16:
    case stored_as::bf16:
      return 2;
    case stored_as::codes:
      break;
  }
  return 1;
}

/// One value for all (stride 0), or one a row or column (stride 1); null where there is none.
template<class T>
struct strided_values {
  const T* data = nullptr;
  std::int64_t stride = 0;
};

/// y(i, j) = round(f(fma(float(sum), scale_x(i) * scale_w(j), bias(j)))), where an integer sum is
/// first corrected:
///     sum - zero_x(i) * sums_w(j) - zero_w(j) * sums_x(i) + k * zero_x(i) * zero_w(j)
/// in integers modulo 2^32: the result is right whenever it fits, whatever the terms are.
struct epilogue_params {
  void* y = nullptr;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;  ///< columns of the product, for the correction
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;
  stored_as kind = stored_as::f32;
  activation_function function = activation_function::none;

  strided_values<float> scale_x;  ///< null: 1
  strided_values<float> scale_w;  ///< null: 1
  const float* bias = nullptr;    ///< n values, or null: zeros

  strided_values<std::int32_t> zero_x;   ///< null: 0
  strided_values<std::int32_t> zero_w;   ///< null: 0
  const std::int32_t* sums_x = nullptr;  ///< of the m rows of x codes; needed with zero_w
  const std::int32_t* sums_w = nullptr;  ///< of the n rows of w codes; needed with zero_x

  // code = clamp(RNE(y / code_scale) + code_zero_point), the IEEE quotient
  float code_scale = 1.0f;
  std::int32_t code_zero_point = 0;
  std::int32_t code_min = -128;
  std::int32_t code_max = 127;
};

}  // namespace qtl::inline v0::gpu
