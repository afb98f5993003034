// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/activation_function.hpp - the function that a layer applies to its outputs before they are rounded.
// Holds: activation_function, activate. Part of the specification:
//     y = round_to_output(activate(f, fma(float(acc), scale, bias)))
// Written with fused_multiply_add, sums and quotients only, which no compiler may contract: hosts
// and GPUs return the same bits (on a GPU without -ftz), as no function of a mathematics library
// would. NaN stays NaN.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"

namespace qtl::inline v0 {

/// What is applied to an output. gelu is x Phi(x) with the normal distribution Phi, gelu_tanh the
/// approximation x / (1 + exp(-2 sqrt(2/pi) (x + 0.044715 x^3))), silu x / (1 + exp(-x)).
enum class activation_function : std::uint8_t { none, relu, gelu, gelu_tanh, silu };

/// The function's name.
constexpr const char* to_string(activation_function f) {
  constexpr const char* names[] = {"none", "relu", "gelu", "gelu_tanh", "silu"};
  return names[static_cast<int>(f)];
}

namespace functions {

/// a / b rounded to nearest, whatever flags nvcc is given.
QTL_HOST_DEVICE inline float quotient(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fdiv_rn(a, b);
#else
  return a / b;
#endif
}

/// The polynomial with these coefficients, the constant one first.
template<int N>
QTL_HOST_DEVICE inline float polynomial(const float (&coefficients)[N], float x) {
  float sum = coefficients[N - 1];
  for (int i = N - 2; i >= 0; --i) sum = fused_multiply_add(sum, x, coefficients[i]);
  return sum;
}

/// exp(high + low) for high <= 0 and |low| far below |high|, within 1 ulp; 0 below -87, where the
/// result would be subnormal.
QTL_HOST_DEVICE inline float exponential(float high, float low = 0.0f) {
  if (is_nan(high)) return high;
  if (high < -87.0f) return 0.0f;
  // n is the integer next to high / ln 2, read from the low bits of a sum with 1.5 * 2^23. The
  // first part of ln 2 has 15 bits: n times it is exact.
  constexpr float shift = 12582912.0f;
  const float shifted = fused_multiply_add(high, 1.44269502f, shift);
  const int n = static_cast<int>(float_bits(shifted) - float_bits(shift));
  const float count = static_cast<float>(n);
  const float rest = fused_multiply_add(count, -0.693145752f, high);
  const float r = fused_multiply_add(count, -1.42860677e-06f, rest + low);
  const float coefficients[] = {0.5f,           0.166666672f,   0.041666463f,
                                0.00833331048f, 0.00139337312f, 0.000198910799f};
  const float tail = fused_multiply_add(polynomial(coefficients, r), r * r, r);
  return (1.0f + tail) * power_of_two(n);
}

/// x / (1 + exp(-v)) with v = high + low. The root of exp(v) is taken, for exp(v) itself may be
/// subnormal where the result is not.
QTL_HOST_DEVICE inline float times_sigmoid(float x, float high, float low) {
  if (high >= 0.0f) return quotient(x, 1.0f + exponential(-high, -low));
  if (high < -170.0f) return -0.0f;
  const float root = exponential(0.5f * high, 0.5f * low);
  return quotient(x * root, fused_multiply_add(root, root, 1.0f)) * root;
}

/// x Phi(x). With a = |x|, Phi(-a) is exp(-a^2 / 2) times a slow function, which is a polynomial of
/// u = 1 / (1 + 0.3 a), centred, times u. Again by the root of the exponential.
QTL_HOST_DEVICE inline float gelu(float x) {
  const float a = magnitude(x);
  if (a > 15.0f) return x < 0.0f ? -0.0f : x;
  const float square = a * a;
  const float square_rest = fused_multiply_add(a, a, -square);
  const float root = exponential(-0.25f * square, -0.25f * square_rest);
  const float u = quotient(1.0f, fused_multiply_add(0.3f, a, 1.0f));
  const float t = fused_multiply_add(u, 2.4597702f, -1.45977008f);
  const float coefficients[] = {0.255939901f,    0.162516087f,    0.0676507279f,    0.0151638025f,
                                -0.00029626055f, -0.00100751675f, -4.32998277e-05f, 8.1184291e-05f,
                                1.73769104e-06f, -6.35708784e-06f};
  const float slow = u * polynomial(coefficients, t);
  if (x < 0.0f) return x * slow * root * root;
  return fused_multiply_add(-x, slow * root * root, x);
}

/// The argument x (c0 + c1 x^2) is kept as a sum of two floats: the exponential would turn its
/// rounding error into one of up to 90 times as many ulp. Products that are added to something are
/// rounded by fused_multiply_add(a, b, 0), which no compiler merges with the sum.
QTL_HOST_DEVICE inline float gelu_tanh(float x) {
  if (magnitude(x) > 40.0f) return x < 0.0f ? -0.0f : x;
  constexpr float c0 = 1.59576917f;
  constexpr float c0_rest = -4.53406805e-08f;
  constexpr float c1 = 0.0713548139f;
  constexpr float c1_rest = 2.39883247e-09f;
  const float square = fused_multiply_add(x, x, 0.0f);
  const float square_rest = fused_multiply_add(x, x, -square);
  const float cubic = fused_multiply_add(c1, square, 0.0f);
  const float cubic_rest = fused_multiply_add(
      c1_rest, square, fused_multiply_add(c1, square_rest, fused_multiply_add(c1, square, -cubic)));
  const float sum = c0 + cubic;
  const float taken = sum - c0;
  const float sum_rest = (c0 - (sum - taken)) + (cubic - taken) + (cubic_rest + c0_rest);
  const float high = x * sum;
  const float low = fused_multiply_add(x, sum_rest, fused_multiply_add(x, sum, -high));
  return times_sigmoid(x, high, low);
}

}  // namespace functions

/// f(x). Errors against the exact function: relu none, silu and gelu_tanh 5 ulp, gelu 8 ulp, of
/// subnormal results 2 steps. tests/gemm/activation_function_test.cpp checks this.
QTL_HOST_DEVICE inline float activate(activation_function f, float x) {
  switch (f) {
    case activation_function::none:
      break;
    case activation_function::relu:
      return x < 0.0f ? 0.0f : x;
    case activation_function::gelu:
      return functions::gelu(x);
    case activation_function::gelu_tanh:
      return functions::gelu_tanh(x);
    case activation_function::silu:
      return functions::times_sigmoid(x, x, 0.0f);
  }
  return x;
}

}  // namespace qtl::inline v0
