// SPDX-License-Identifier: Apache-2.0
// emulation/wgmma_product.cpp - decodes wgmma's descriptors and multiplies.
#include "emulation/wgmma_product.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "emulation/hopper.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

using ptx::shared_swizzle;

constexpr int k_bytes = 32;

template<class F>
constexpr auto decoded_codes = [] {
  std::array<float, 256> values{};
  for (unsigned c = 0; c < 256; ++c) values[c] = F::decode(static_cast<typename F::code>(c));
  return values;
}();

/// The 32 integers of a row, wide enough for either sign.
void integers(operand type, const std::byte* row, std::int16_t* to) {
  for (int i = 0; i < k_bytes; ++i) {
    const auto code = static_cast<std::uint8_t>(row[i]);
    to[i] = static_cast<std::int16_t>(type == operand::s8 ? static_cast<std::int8_t>(code) : code);
  }
}

/// The 32 or 16 reals of a row.
void reals(operand type, const std::byte* row, float* to) {
  if (type == operand::e4m3 || type == operand::e5m2) {
    const auto& table = type == operand::e4m3 ? decoded_codes<e4m3> : decoded_codes<e5m2>;
    for (int i = 0; i < k_bytes; ++i) to[i] = table[static_cast<std::uint8_t>(row[i])];
    return;
  }
  for (int i = 0; i < k_bytes / 2; ++i) {
    std::uint16_t code = 0;
    std::memcpy(&code, row + 2 * i, 2);
    to[i] = type == operand::f16 ? f16::decode(code) : bf16::decode(code);
  }
}

void multiply_integers(const wgmma_call& call, const std::byte (&a)[16][32],
                       const std::byte (&b)[256][32], std::uint32_t* values) {
  static std::int16_t left[16][k_bytes];
  static std::int16_t right[256][k_bytes];
  for (int i = 0; i < 16; ++i) integers(call.a_type, a[i], left[i]);
  for (int j = 0; j < call.n; ++j) integers(call.b_type, b[j], right[j]);
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < call.n; ++j) {
      std::int32_t sum = 0;
      for (int p = 0; p < k_bytes; ++p) sum += left[i][p] * right[j][p];
      std::uint32_t& value = values[i * call.n + j];
      value = static_cast<std::uint32_t>(sum) + (call.accumulate ? value : 0);  // wraps, as it does
    }
}

/// Cuts x to so many explicit mantissa bits, toward zero.
float cut(double x, int bits) {
  const auto whole = std::bit_cast<std::uint64_t>(x);
  if (!std::isfinite(x)) return static_cast<float>(x);
  return static_cast<float>(std::bit_cast<double>(whole & ~0ull << (52 - bits)));
}

void multiply_reals(const wgmma_call& call, const std::byte (&a)[16][32],
                    const std::byte (&b)[256][32], std::uint32_t* values) {
  static float left[16][k_bytes];
  static float right[256][k_bytes];
  for (int i = 0; i < 16; ++i) reals(call.a_type, a[i], left[i]);
  for (int j = 0; j < call.n; ++j) reals(call.b_type, b[j], right[j]);
  const bool is_fp8 = call.a_type == operand::e4m3 || call.a_type == operand::e5m2;
  const int depth = is_fp8 ? 32 : 16;
  const int bits = is_fp8 ? current_wgmma_settings().fp8_mantissa_bits : 23;
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < call.n; ++j) {
      std::uint32_t& value = values[i * call.n + j];
      double sum = call.accumulate ? std::bit_cast<float>(value) : 0.0;
      for (int p = 0; p < depth; ++p) sum += static_cast<double>(left[i][p]) * right[j][p];
      value = std::bit_cast<std::uint32_t>(bits < 23 ? cut(sum, bits) : static_cast<float>(sum));
    }
}

}  // namespace

wgmma_operand::wgmma_operand(std::uint64_t descriptor, const char* instruction)
    : start(static_cast<std::uint32_t>(descriptor & 0x3fff) << 4),
      leading(static_cast<std::uint32_t>(descriptor >> 16 & 0x3fff) << 4),
      stride(static_cast<std::uint32_t>(descriptor >> 32 & 0x3fff) << 4),
      pattern(static_cast<shared_swizzle>((4 - (descriptor >> 62)) & 3)) {
  if (pattern == shared_swizzle::none) return;
  const std::uint32_t span = ptx::span_bytes(pattern);
  if (start % ptx::pattern_bytes(pattern) + k_bytes > span)
    fail_launch(instruction,
                text("the descriptor's address, shared_base() + %lld, is not within the "
                     "first row of a %u-byte swizzle pattern",
                     static_cast<long long>(start) - shared_begin, span));
  if (stride % ptx::pattern_bytes(pattern) != 0)
    fail_launch(instruction,
                text("the descriptor's stride, %u bytes, is no multiple of the %u bytes "
                     "of its swizzle pattern",
                     stride, ptx::pattern_bytes(pattern)));
}

std::uint32_t wgmma_operand::chunk(int row, int half) const {
  const auto r = static_cast<std::uint32_t>(row);
  const auto h = static_cast<std::uint32_t>(half);
  const std::uint32_t group = start + r / 8 * stride;
  if (pattern == shared_swizzle::none) return group + h * leading + r % 8 * 16;
  return ptx::swizzled(group + r % 8 * ptx::span_bytes(pattern) + h * 16, pattern);
}

void gather_rows(const wgmma_operand& operand, int first, int count, std::byte* to) {
  const std::byte* shared = machine.current->home->shared.data();
  for (int row = 0; row < count; ++row)
    for (int half = 0; half < 2; ++half)
      std::memcpy(to + row * k_bytes + half * 16,
                  shared + (operand.chunk(first + row, half) - shared_begin), 16);
}

void multiply(const wgmma_call& call, const std::byte (&a)[16][32], const std::byte (&b)[256][32],
              std::uint32_t* values) {
  if (call.a_type == operand::s8 || call.a_type == operand::u8)
    multiply_integers(call, a, b, values);
  else
    multiply_reals(call, a, b, values);
}

}  // namespace qtl::inline v0::gpu::emulated
