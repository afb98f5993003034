// SPDX-License-Identifier: Apache-2.0
// tests/static/format_static_test.cpp - a page to compile: limits of every format, derived by the
// library from layouts, equal the published ones; everything is usable in constant expressions.
#include <type_traits>

#include "qtl/format/formats.hpp"
#include "qtl/format/packing.hpp"

namespace {

using namespace qtl;

// Layout and limits: bits, bias, largest, smallest normal, smallest, the code of the largest.
template<class F>
constexpr bool is(int bits, int bias, float largest, float normal, float smallest,
                  std::uint32_t largest_code) {
  return F::bits == bits && F::bias == bias && F::max == largest &&
         power_of_two(F::min_exponent) == normal && F::smallest == smallest &&
         F::encode(largest) == largest_code && F::max_code == largest_code &&
         F::encode(smallest) == 1 && F::encode(normal) == 1u << F::mantissa_bits;
}

static_assert(is<e4m3>(8, 7, 448, 0x1p-6f, 0x1p-9f, 0x7E));
static_assert(is<e5m2>(8, 15, 57344, 0x1p-14f, 0x1p-16f, 0x7B));
static_assert(is<e4m3fnuz>(8, 8, 240, 0x1p-7f, 0x1p-10f, 0x7F));
static_assert(is<e5m2fnuz>(8, 16, 57344, 0x1p-15f, 0x1p-17f, 0x7F));
static_assert(is<e3m4>(8, 3, 15.5f, 0.25f, 0x1p-6f, 0x6F));
static_assert(is<e2m3>(6, 1, 7.5f, 1, 0.125f, 0x1F));
static_assert(is<e3m2>(6, 3, 28, 0.25f, 0.0625f, 0x1F));
static_assert(is<e2m1>(4, 1, 6, 1, 0.5f, 0x7));
static_assert(is<f16>(16, 15, 65504, 0x1p-14f, 0x1p-24f, 0x7BFF));
static_assert(is<bf16>(16, 127, 0x1.FEp127f, 0x1p-126f, 0x1p-133f, 0x7F7F));
static_assert(is<f32>(32, 127, 0x1.FFFFFEp127f, 0x1p-126f, 0x1p-149f, 0x7F7FFFFF));
static_assert(is<minifloat<4, 3, special_values::ieee>>(8, 7, 240, 0x1p-6f, 0x1p-9f, 0x77));
static_assert(is<minifloat<4, 3, special_values::fnuz, overflow_rule::saturate, 11>>(
    8, 11, 30, 0x1p-10f, 0x1p-13f, 0x7F));

// Codes of the special values, as the layouts put them.
static_assert(is_nan(e4m3::decode(0x7F)) && is_nan(e4m3::decode(0xFF)) &&
              e4m3::decode(0x7E) == 448);
static_assert(e5m2::decode(0x7C) == infinity && e5m2::decode(0xFC) == -infinity &&
              is_nan(e5m2::decode(0x7D)));
static_assert(is_nan(e4m3fnuz::decode(0x80)) && is_nan(e5m2fnuz::decode(0x80)) &&
              e4m3fnuz::decode(0xFF) == -240);
static_assert(e3m4::decode(0x70) == infinity && is_nan(e3m4::decode(0x71)));
static_assert(f16::decode(0x7C00) == infinity && bf16::decode(0xFF80) == -infinity &&
              is_nan(bf16::decode(0x7F81)));
static_assert(!e2m1::has_nan && !e2m1::has_infinity && !e4m3::has_infinity && e5m2::has_infinity);
static_assert(e8m0::bits == 8 && e8m0::max == 0x1p127f && e8m0::decode(0) == 0x1p-127f &&
              is_nan(e8m0::decode(0xFF)));

// Integers.
template<class F>
constexpr bool spans(int bits, int low, int high) {
  return F::bits == bits && F::qmin == low && F::qmax == high &&
         F::max == static_cast<float>(high) && F::encode(-1000) == low && F::encode(1000) == high;
}
static_assert(spans<s1>(1, -1, 0) && spans<u1>(1, 0, 1));
static_assert(spans<s2>(2, -2, 1) && spans<u2>(2, 0, 3));
static_assert(spans<s3>(3, -4, 3) && spans<u3>(3, 0, 7));
static_assert(spans<s4>(4, -8, 7) && spans<u4>(4, 0, 15));
static_assert(spans<s5>(5, -16, 15) && spans<u5>(5, 0, 31));
static_assert(spans<s6>(6, -32, 31) && spans<u6>(6, 0, 63));
static_assert(spans<s7>(7, -64, 63) && spans<u7>(7, 0, 127));
static_assert(spans<s8>(8, -128, 127) && spans<u8>(8, 0, 255));
static_assert(s2f6::bits == 8 && s2f6::max == 127.0f / 64 && s2f6::encode(-1000) == -127);
static_assert(std::is_same_v<s4, integer<4>> && std::is_same_v<u3, integer<3, false>>);

// Codebooks.
static_assert(nf4::bits == 4 && nf4::max == 1 && nf4::encode(0) == 7 && nf4::decode(15) == 1);
static_assert(fp4_bnb::bits == 4 && fp4_bnb::max == 1 && fp4_bnb::decode(3) == 1 &&
              fp4_bnb::decode(11) == -1);

// Types of codes.
static_assert(std::is_same_v<code_type<s4>, std::int8_t> &&
              std::is_same_v<code_type<u4>, std::uint8_t>);
static_assert(std::is_same_v<code_type<e2m1>, std::uint8_t> &&
              std::is_same_v<code_type<e4m3>, std::uint8_t>);
static_assert(std::is_same_v<code_type<bf16>, std::uint16_t> &&
              std::is_same_v<code_type<f32>, std::uint32_t>);

// The overflow rule is the only difference between twins, and the default is the one the format
// names.
static_assert(std::is_same_v<saturating<e4m3>, e4m3> && std::is_same_v<non_saturating<f16>, f16>);
static_assert(std::is_same_v<saturating<non_saturating<e5m2>>, e5m2>);
static_assert(e4m3::overflow == overflow_rule::saturate &&
              bf16::overflow == overflow_rule::to_special);

// What every shipped format offers.
template<class... F>
constexpr bool all_are_formats(type_list<F...>) {
  return (NumberFormat<F> && ...) && (!F::name.empty() && ...) &&
         ((kind_of<F> != format_kind::custom) && ...);
}
static_assert(all_are_formats(shipped_formats{}) && shipped_formats::size == 31);
static_assert(is_signed_format<s1> && is_signed_format<e2m1> && is_signed_format<nf4> &&
              is_signed_format<e4m3fnuz>);
static_assert(!is_signed_format<u8> && !is_signed_format<u1> && !is_signed_format<e8m0>);
static_assert(has_rounding<s4> && has_rounding<e4m3> && has_rounding<e8m0> && !has_rounding<nf4>);

// A program that does not compile says why; a type that is no format is none.
static_assert(!NumberFormat<int> && !NumberFormat<nf4_table>);

// Packing in a constant expression.
static_assert(packed_bytes(70, 3) == 27 && packed_bytes(3, 16) == 6);
static_assert([] {
  std::byte bytes[3]{};
  for (int i = 0; i < 8; ++i) store_code<3>(bytes, i, static_cast<std::uint32_t>(i));
  for (int i = 0; i < 8; ++i)
    if (load_code<3>(bytes, i) != static_cast<std::uint32_t>(i)) return false;
  return bytes[0] == std::byte{0x88} && bytes[1] == std::byte{0xC6} && bytes[2] == std::byte{0xFA};
}());

}  // namespace
