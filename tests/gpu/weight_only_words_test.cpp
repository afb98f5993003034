// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_words_test.cpp - the conversions of packed weights, for every code in every
// field beside every other code, and every zero point; scales of one byte for every byte. On the
// CPU alone: it calls what nvcc compiles for the device only.
#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/gpu/tile/convert_words.cuh"

#if QTL_GPU_EMULATED

namespace gpu = qtl::gpu;

namespace {

template<class F, class X>
struct conversion {
  using from = F;
  using to = X;
};

// The value of a field less a zero point, as the specification has it.
template<class F>
float value_of(std::uint32_t field, std::uint32_t zero) {
  if constexpr (qtl::kind_of<F> == qtl::format_kind::integer)
    return static_cast<float>(field) - static_cast<float>(zero);
  else
    return qtl::value_table<F>[field];
}

// Element e of the registers that a word became.
template<class X>
float element(const std::uint32_t* registers, int e) {
  constexpr int per_register = 32 / X::bits;
  const std::uint32_t raw = registers[e / per_register] >> (e % per_register * X::bits);
  return X::decode(static_cast<qtl::code_type<X>>(raw));
}

// Whether element e stands for `value`, rounded once where X does not hold it.
template<class X>
bool stands_for(float element, float value) {
  if (qtl::is_nan(value)) return qtl::is_nan(element);
  if constexpr (std::is_same_v<X, qtl::s8>)
    return element == value;
  else
    return qtl::float_bits(element) == qtl::float_bits(X::decode(X::encode(value)));
}

template<class F, class X>
int failures_with_zero(std::uint32_t zero) {
  using words = gpu::weight_words<F, X>;
  constexpr int field_bits = F::bits <= 4 ? 4 : 8;
  constexpr int fields = 32 / field_bits;
  constexpr std::uint32_t codes = 1u << field_bits;
  const auto prepared = words::make_zero(zero);
  int failures = 0;
  for (int e = 0; e < fields; ++e)
    for (std::uint32_t code = 0; code < codes; ++code)
      for (std::uint32_t other = 0; other < codes; other += field_bits == 4 ? 1 : 17) {
        const std::uint32_t everywhere = other * (field_bits == 4 ? 0x11111111u : 0x01010101u);
        const int bit = gpu::field_of(words::order, e) * field_bits;
        const std::uint32_t word = (everywhere & ~((codes - 1) << bit)) | code << bit;
        std::uint32_t out[words::registers];
        words::expand(word, prepared, out);
        for (int i = 0; i < fields; ++i) {
          const float got = element<X>(out, i) * gpu::operand_unit<words>;
          if (!stands_for<X>(got, value_of<F>(i == e ? code : other, zero))) ++failures;
        }
      }
  return failures;
}

}  // namespace

TEST_CASE_TEMPLATE("every code in every field", C, conversion<qtl::s4, qtl::f16>,
                   conversion<qtl::s4, qtl::bf16>, conversion<qtl::s4, qtl::s8>,
                   conversion<qtl::s4, qtl::e4m3>, conversion<qtl::s8, qtl::f16>,
                   conversion<qtl::s8, qtl::bf16>, conversion<qtl::nf4, qtl::f16>,
                   conversion<qtl::nf4, qtl::bf16>, conversion<qtl::fp4_bnb, qtl::f16>,
                   conversion<qtl::fp4_bnb, qtl::bf16>, conversion<qtl::e2m1, qtl::f16>,
                   conversion<qtl::e2m1, qtl::bf16>, conversion<qtl::e4m3, qtl::f16>,
                   conversion<qtl::e4m3, qtl::bf16>, conversion<qtl::e5m2, qtl::f16>,
                   conversion<qtl::e5m2, qtl::bf16>) {
  using F = typename C::from;
  constexpr bool is_integer = qtl::kind_of<F> == qtl::format_kind::integer;
  const std::uint32_t zeros = is_integer ? 1u << F::bits : 1u;
  for (std::uint32_t zero = 0; zero < zeros; zero += F::bits == 8 ? 5 : 1) {
    CAPTURE(zero);
    CHECK(failures_with_zero<F, typename C::to>(zero) == 0);
  }
}

TEST_CASE("formats of the same width differ in their zero point only") {
  CHECK(gpu::field_zero<qtl::s4> == 8);
  CHECK(gpu::field_zero<qtl::s3> == 4);
  CHECK(gpu::field_zero<qtl::s8> == 128);
  CHECK(gpu::field_zero<qtl::u4> == 0);
  CHECK(gpu::field_zero<qtl::nf4> == 0);
}

TEST_CASE("packed scales: all bytes, all halves, some floats") {
  for (std::uint32_t raw = 0; raw < 256; ++raw) {
    const float e8m0 = qtl::e8m0::decode(static_cast<std::uint8_t>(raw));
    const float e4m3 = qtl::e4m3::decode(static_cast<std::uint8_t>(raw));
    CHECK(qtl::float_bits(gpu::packed_scale_value<qtl::e8m0>(raw)) == qtl::float_bits(e8m0));
    const float got = gpu::packed_scale_value<qtl::e4m3>(raw);
    CHECK((qtl::is_nan(e4m3) ? qtl::is_nan(got) : got == e4m3));
  }
  int failures = 0;
  for (std::uint32_t raw = 0; raw < 65536; ++raw) {
    const float f16 = qtl::f16::decode(static_cast<std::uint16_t>(raw));
    const float bf16 = qtl::bf16::decode(static_cast<std::uint16_t>(raw));
    const float got = gpu::packed_scale_value<qtl::f16>(raw);
    if (qtl::is_nan(f16) ? !qtl::is_nan(got) : got != f16) ++failures;
    if (qtl::float_bits(gpu::packed_scale_value<qtl::bf16>(raw)) != qtl::float_bits(bf16))
      ++failures;
  }
  CHECK(failures == 0);
  CHECK(gpu::packed_scale_value<qtl::f32>(0x3FC00000u) == 1.5f);
}

#endif
