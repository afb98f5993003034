// SPDX-License-Identifier: Apache-2.0
// tests/gpu/convert_rows_test.cpp - reals rounded to 16 bits have the bits of the format's encode.
#include "qtl/gpu/kernel/convert_rows.cuh"

#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/rounding.hpp"

#include "gpu/device.hpp"

namespace {

using namespace qtl;
using qtl_test::device_array;

/// How an element of F lies in memory.
template<class F>
using element = gpu::real_element<F>;

// Every sign, exponent and kind of mantissa: zeros, subnormals, ties, infinities, NaN.
template<class F>
std::vector<element<F>> samples(std::size_t count) {
  std::vector<element<F>> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = counter_random(1, i);
    if (i % 3 == 0) bits &= 0xFFFFF000u;  // exact, or a tie
    if (i % 5 == 0) bits = (bits & 0x807FFFFFu) | static_cast<std::uint32_t>(100 + i % 50) << 23;
    if constexpr (std::same_as<F, f32>)
      values[i] = float_from_bits(bits);
    else
      values[i] = static_cast<std::uint16_t>(bits >> 16);
  }
  return values;
}

template<class F>
float real(element<F> x) {
  if constexpr (std::same_as<F, f32>)
    return x;
  else
    return F::decode(x);
}

template<class From, class To>
void check(std::int64_t m, std::int64_t k, std::int64_t padding) {
  CAPTURE(m);
  CAPTURE(k);
  using kernel = gpu::convert_rows<gpu::real_conversion<From, To>>;
  const std::int64_t stride = k + padding;
  const auto x = samples<From>(static_cast<std::size_t>(m * stride) + 1);
  const device_array<element<From>> device_x(x);
  const std::int64_t row_bytes = (2 * k + 15) / 16 * 16;
  const device_array<std::byte> y(m * row_bytes);
  typename kernel::params p;
  p.x = {device_x.data(), stride};
  p.m = m;
  p.k = k;
  p.to = y.data();
  p.row_bytes = row_bytes;
  qtl_test::require_ok(qtl::gpu::fill(y.data(), 0xA5, y.bytes()));
  qtl_test::for_each_seed([&] { qtl_test::run_kernel<kernel>(p); });
  const std::vector<std::byte> got = y.download();
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t at = 0; at < row_bytes / 2; ++at) {
      const auto bits = load_unaligned<std::uint16_t>(got.data() + i * row_bytes, at);
      if (at >= k) {
        CHECK(bits == 0xA5A5);
        continue;
      }
      const float value = real<From>(x[static_cast<std::size_t>(i * stride + at)]);
      const bool is_right = is_nan(value) ? is_nan(To::decode(bits)) : bits == To::encode(value);
      CHECK(is_right);
    }
}

TEST_CASE("all pairs of formats, tails and odd strides") {
  for (const std::int64_t k : {1, 7, 8, 9, 64, 1030}) {
    check<f32, f16>(3, k, 0);
    check<f32, bf16>(3, k, 5);
    check<f16, f16>(2, k, 3);
    check<f16, bf16>(2, k, 8);
    check<bf16, f16>(2, k, 1);
    check<bf16, bf16>(1, k, 0);
  }
}

}  // namespace
