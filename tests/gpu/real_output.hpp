// SPDX-License-Identifier: Apache-2.0
// tests/gpu/real_output.hpp - outputs of kernels whose sums are floats: what they should be, and
// how far off the last rounding may put them.
// Holds: exact_function, stored_real, holds_output, reachable, output_rounding, output_bound.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/ops/quantize.hpp"

namespace qtl_test {

/// f in double.
inline double exact_function(qtl::activation_function f, double y) {
  using enum qtl::activation_function;
  switch (f) {
    case none:
      return y;
    case relu:
      return y < 0 ? 0 : y;
    case gelu:
      return 0.5 * y * std::erfc(-y / std::sqrt(2.0));
    case gelu_tanh:
      return y / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (y + 0.044715 * y * y * y)));
    case silu:
      return y / (1 + std::exp(-y));
  }
  return y;
}

/// Output number `at` as it was stored, as a real.
inline double stored_real(const qtl::gpu::epilogue_params& e, const std::uint8_t* bytes,
                          std::int64_t at) {
  const auto size = static_cast<std::size_t>(qtl::gpu::stored_bytes(e.kind));
  std::uint32_t bits = 0;
  std::memcpy(&bits, bytes + at * static_cast<std::int64_t>(size), size);
  switch (e.kind) {
    case qtl::gpu::stored_as::f16:
      return static_cast<double>(qtl::f16::decode(static_cast<std::uint16_t>(bits)));
    case qtl::gpu::stored_as::bf16:
      return static_cast<double>(qtl::bf16::decode(static_cast<std::uint16_t>(bits)));
    case qtl::gpu::stored_as::codes: {
      const int code = e.code_min < 0 ? static_cast<std::int8_t>(bits) : static_cast<int>(bits);
      return (code - e.code_zero_point) * static_cast<double>(e.code_scale);
    }
    default:
      return static_cast<double>(qtl::float_from_bits(bits));
  }
}

/// The byte that y becomes among codes, by ops/.
inline std::uint8_t code_of_output(const qtl::gpu::epilogue_params& e, float y) {
  using signed_codes = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_tensor>;
  using unsigned_codes = qtl::policy<qtl::u8, qtl::affine, qtl::per_tensor>;
  if (e.code_min < 0)
    return static_cast<std::uint8_t>(qtl::encode_element<signed_codes>(y, {e.code_scale, {}}));
  const auto zero = static_cast<std::uint8_t>(e.code_zero_point);
  return qtl::encode_element<unsigned_codes>(y, {e.code_scale, zero});
}

/// Whether output number `at` is y, rounded once, in every bit; NaN is any NaN.
inline bool holds_output(const qtl::gpu::epilogue_params& e, const std::uint8_t* bytes,
                         std::int64_t at, float y) {
  const double stored = stored_real(e, bytes, at);
  const auto same = [&](float rounded) {
    return qtl::is_nan(rounded) ? std::isnan(stored)
                                : stored == static_cast<double>(rounded) &&
                                      std::signbit(stored) == std::signbit(rounded);
  };
  switch (e.kind) {
    case qtl::gpu::stored_as::f16:
      return same(qtl::f16::decode(qtl::f16::encode(y)));
    case qtl::gpu::stored_as::bf16:
      return same(qtl::bf16::decode(qtl::bf16::encode(y)));
    case qtl::gpu::stored_as::codes:
      return bytes[at] == code_of_output(e, y);
    default:
      return same(y);
  }
}

/// What an output of y may be at most and at least: codes end somewhere.
inline double reachable(const qtl::gpu::epilogue_params& e, double y) {
  if (e.kind != qtl::gpu::stored_as::codes) return y;
  const auto end = [&](std::int32_t code) {
    return (code - e.code_zero_point) * static_cast<double>(e.code_scale);
  };
  return std::fmin(end(e.code_max), std::fmax(end(e.code_min), y));
}

/// Half a step of the output at y.
inline double output_rounding(const qtl::gpu::epilogue_params& e, double y) {
  switch (e.kind) {
    case qtl::gpu::stored_as::f16:
      return std::fabs(y) * 0x1p-11 + 0x1p-25;
    case qtl::gpu::stored_as::bf16:
      return std::fabs(y) * 0x1p-8;
    case qtl::gpu::stored_as::codes:  // and half a step of the quotient
      return 0.5 * static_cast<double>(e.code_scale) + std::fabs(y) * 0x1p-24;
    default:
      return std::fabs(y) * 0x1p-24;
  }
}

/// How far an output may be from f(y) where the sum is at most `before` from y: functions that
/// compute have slopes below 1.13 and round eight times at most.
inline double output_bound(const qtl::gpu::epilogue_params& e, double y, double before) {
  using enum qtl::activation_function;
  const double f = std::fabs(exact_function(e.function, y));
  const bool computes = e.function != none && e.function != relu;
  const double after = computes ? 1.13 * before + (f + before) * 8 * 0x1p-23 : before;
  return after + output_rounding(e, f + after);
}

}  // namespace qtl_test
