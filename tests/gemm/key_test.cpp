// SPDX-License-Identifier: Apache-2.0
// tests/gemm/key_test.cpp - which accumulation a pair and a length get: checked against exact
// arithmetic.
#include "qtl/gemm/key.hpp"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

namespace {

using namespace qtl;

template<class W, class A>
accumulation chosen(std::int64_t k) {
  return choose_accumulation(describe<W>(), describe<A>(), k);
}

template<QuantPolicy P>
std::int64_t lowest_code() {
  return P::scheme::template bounds<typename P::format>().qmin;
}

// The largest |code - zero_point| there can be, from the codes themselves.
template<QuantPolicy P>
std::int64_t widest() {
  constexpr code_bounds b = P::scheme::template bounds<typename P::format>();
  if (P::scheme::zero_point == zero_point_kind::integer) return b.qmax - b.qmin;
  return -b.qmin > b.qmax ? -b.qmin : b.qmax;
}

TEST_CASE_TEMPLATE("s32 is chosen only where no sum can leave 32 bits, s64 beyond", W,
                   policy<s8, symmetric, per_channel>,
                   policy<s8, symmetric_full_clamp, per_channel>, policy<u8, affine, per_channel>,
                   policy<s4, symmetric_half_step, per_tensor>, policy<u1, affine, per_channel>,
                   policy<s8, affine, per_tensor>) {
  const auto check = []<class A>() {
    for (std::int64_t k = 1; k < (std::int64_t{1} << 40); k = k * 5 / 4 + 1) {
      CAPTURE(k);
      const bool fits = static_cast<long double>(widest<W>()) *
                            static_cast<long double>(widest<A>()) * static_cast<long double>(k) <=
                        static_cast<long double>(INT32_MAX);
      const accumulation a = chosen<W, A>(k);
      if (a == accumulation::s32) CHECK(fits);
      if (!fits) CHECK(a == accumulation::s64);
      CHECK((a == accumulation::s32 || a == accumulation::s64));
    }
  };
  check.template operator()<token_s8>();
  check.template operator()<token_u8>();
  check.template operator()<policy<s8, symmetric_full_range, per_token, dynamic>>();
  check.template operator()<policy<u8, affine, per_tensor>>();
}

TEST_CASE("the exact edges") {
  using full = policy<s8, symmetric_full_range, per_token, dynamic>;
  CHECK(chosen<w8a8::weight, full>(131071) == accumulation::s32);  // 131071 * 2^14 = 2^31 - 2^14
  CHECK(chosen<w8a8::weight, full>(131072) == accumulation::s64);
  CHECK(chosen<w8a8_affine::weight, token_u8>(33025) == accumulation::s32);
  CHECK(chosen<w8a8_affine::weight, token_u8>(33026) == accumulation::s64);
  CHECK(chosen<w8a8::weight, token_s8>(0) == accumulation::s32);
}

TEST_CASE("groups: a length that divides the other, else reals") {
  using w32 = policy<s4, symmetric, per_group<32>>;
  using w48 = policy<s4, symmetric, per_group<48>>;
  using w128 = policy<s4, symmetric, per_group<128>>;
  using a32 = policy<s8, symmetric, per_group<32>, dynamic>;
  using a128 = policy<s8, symmetric, per_group<128>, dynamic>;
  CHECK(chosen<w32, token_s8>(100) == accumulation::s32_grouped);
  CHECK(chosen<w8a8::weight, a32>(100) == accumulation::s32_grouped);
  CHECK(chosen<w32, a128>(100) == accumulation::s32_grouped);
  CHECK(chosen<w128, a32>(100) == accumulation::s32_grouped);
  CHECK(chosen<w48, a32>(100) == accumulation::real);
  CHECK(chosen<policy<s8, symmetric, per_block<16, 64>>, a32>(100) == accumulation::s32_grouped);
  CHECK(chosen<policy<u8, affine, per_group<40000>>, token_u8>(100) ==
        accumulation::real);  // a segment could overflow
  CHECK(segment_length(describe<w32>(), describe<a128>(), 1000) == 32);
  CHECK(segment_length(describe<w128>(), describe<a32>(), 1000) == 32);
  CHECK(segment_length(describe<w48>(), describe<a32>(), 1000) == 0);
  CHECK(segment_length(describe<w8a8::weight>(), describe<token_s8>(), 1000) == 1000);
}

TEST_CASE("what is not an integer on both sides is real") {
  CHECK(chosen<w8a16::weight, a16>(64) == accumulation::real);
  CHECK(chosen<w8a8::weight, token_e4m3>(64) == accumulation::real);
  CHECK(chosen<policy<u8, affine_as_is, per_channel>, token_s8>(64) == accumulation::real);
  CHECK(chosen<policy<u4, affine_float_shift, per_channel>, token_s8>(64) == accumulation::real);
  CHECK(chosen<mxint8::weight, mxint8::activation>(64) == accumulation::real);
  CHECK(chosen<policy<nf4, symmetric, per_group<64>>, token_s8>(64) == accumulation::real);
}

TEST_CASE("keys are values") {
  constexpr gemm_key key =
      make_gemm_key(describe_linear<w8a8::weight, token_s8>(), output_kind::as_f32, 64);
  static_assert(key ==
                make_gemm_key(describe_linear<w8a8::weight, token_s8>(), output_kind::as_f32, 65));
  static_assert(
      !(key == make_gemm_key(describe_linear<w8a8::weight, token_s8>(), output_kind::as_f16, 64)));
  static_assert(!(key == make_gemm_key(describe_linear<w8a8::weight, token_s8>(),
                                       output_kind::as_f32, 1 << 20)));
  static_assert(
      !(key == make_gemm_key(describe_linear<w4a8::weight, token_s8>(), output_kind::as_f32, 64)));
  CHECK(std::string(to_string(key.accumulator)) == "s32");
  CHECK(std::string(to_string(accumulation::s32_grouped)) == "s32_grouped");
  CHECK(std::string(to_string(output_kind::as_bf16)) == "bf16");
  CHECK(lowest_code<w8a8::weight>() == -127);
}

}  // namespace
