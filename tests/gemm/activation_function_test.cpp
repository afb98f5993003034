// SPDX-License-Identifier: Apache-2.0
// tests/gemm/activation_function_test.cpp - the functions of outputs against double, and where they
// are exact.
#include "qtl/gemm/activation_function.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace {

using namespace qtl;

constexpr activation_function smooth[] = {activation_function::gelu, activation_function::gelu_tanh,
                                          activation_function::silu};

double exact(activation_function f, float value) {
  const auto x = static_cast<double>(value);
  switch (f) {
    case activation_function::gelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case activation_function::gelu_tanh:
      return x / (1.0 + std::exp(-2.0 * std::sqrt(2.0 / 3.14159265358979323846) *
                                 (x + 0.044715 * x * x * x)));
    case activation_function::silu:
      return x / (1.0 + std::exp(-x));
    default:
      return x;
  }
}

/// The error of f(x) in units of the last place of the exact result, or in subnormal steps.
double error_at(activation_function f, float x) {
  const double y = exact(f, x);
  int exponent = 0;
  std::frexp(y, &exponent);
  const double unit = std::ldexp(1.0, exponent < -125 ? -149 : exponent - 24);
  return std::fabs(static_cast<double>(activate(f, x)) - y) / unit;
}

TEST_CASE("smooth functions stay within their stated errors over all floats") {
  for (const activation_function f : smooth) {
    CAPTURE(to_string(f));
    const double most = f == activation_function::gelu ? 8.0 : 5.0;
    double worst = 0;
    float at = 0;
    // A step that is odd and not near a power of two visits all exponents and mantissas.
    for (std::uint64_t bits = 0; bits < 0x1'0000'0000; bits += 12'345) {
      const float x = float_from_bits(static_cast<std::uint32_t>(bits));
      if (!is_finite(x)) continue;
      const double error = error_at(f, x);
      if (!(error <= worst)) {
        worst = error;
        at = x;
      }
    }
    CAPTURE(at);
    CHECK(worst <= most);
  }
}

TEST_CASE("densely where outputs of layers are") {
  for (const activation_function f : smooth) {
    CAPTURE(to_string(f));
    double worst = 0;
    for (int i = -200'000; i <= 200'000; ++i)
      worst = std::fmax(worst, error_at(f, static_cast<float>(i) * 1e-4f));
    CHECK(worst <= (f == activation_function::gelu ? 8.0 : 5.0));
  }
}

TEST_CASE("limits and special values") {
  for (const activation_function f : smooth) {
    CAPTURE(to_string(f));
    CHECK(activate(f, infinity) == infinity);
    CHECK(float_bits(activate(f, -infinity)) == 0x80000000u);
    CHECK(float_bits(activate(f, 0.0f)) == 0u);
    CHECK(is_nan(activate(f, quiet_nan)));
    CHECK(activate(f, 1000.0f) == 1000.0f);
    CHECK(activate(f, -1000.0f) == 0.0f);
    CHECK(activate(f, largest_float) == largest_float);
  }
  CHECK(activate(activation_function::relu, -1.0f) == 0.0f);
  CHECK(activate(activation_function::relu, 2.5f) == 2.5f);
  CHECK(activate(activation_function::relu, -infinity) == 0.0f);
  CHECK(is_nan(activate(activation_function::relu, quiet_nan)));
  CHECK(is_nan(activate(activation_function::none, quiet_nan)));
  CHECK(activate(activation_function::none, -3.0f) == -3.0f);
}

// The hash was taken from this code: it changes where a compiler contracts or reorders a sum, and
// on a GPU the tests of products compare with these functions on the host.
TEST_CASE("bits are those of the specification") {
  std::uint32_t hash = 2166136261u;
  for (const activation_function f : smooth)
    for (int i = -1500; i <= 1500; ++i)
      hash = (hash ^ float_bits(activate(f, static_cast<float>(i) * 0.0101f))) * 16777619u;
  CHECK(hash == 0x6C81A2DEu);
}

}  // namespace
