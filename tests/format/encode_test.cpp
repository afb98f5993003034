// SPDX-License-Identifier: Apache-2.0
// tests/format/encode_test.cpp - encode against the golden tables: all exponents, all ties and
// their neighbourhoods. The slow twin with all 2^32 floats is exhaustive_slow_test.cpp.
#include <algorithm>

#include <doctest/doctest.h>

#include "format/table_oracle.hpp"

namespace {

using table_formats =
    qtl::type_list<qtl::s1, qtl::s2, qtl::s3, qtl::s4, qtl::s5, qtl::s6, qtl::s7, qtl::s8, qtl::u1,
                   qtl::u2, qtl::u3, qtl::u4, qtl::u5, qtl::u6, qtl::u7, qtl::u8, qtl::s2f6,
                   qtl::e4m3, qtl::e5m2, qtl::e4m3fnuz, qtl::e5m2fnuz, qtl::e3m4, qtl::e2m3,
                   qtl::e3m2, qtl::e2m1, qtl::nf4, qtl::fp4_bnb, qtl::e8m0,
                   qtl::non_saturating<qtl::e4m3>, qtl::non_saturating<qtl::e5m2>,
                   qtl::non_saturating<qtl::e4m3fnuz>, qtl::non_saturating<qtl::e5m2fnuz>,
                   qtl::non_saturating<qtl::e3m4>>;

template<class F>
std::uint32_t encoded_bits(std::uint32_t float_bits) {
  return qtl::to_bits<F>(F::encode(qtl::float_from_bits(float_bits)));
}

// The first float of `run` that is not encoded as the run says, looking at both ends and some
// floats in between.
template<class F>
std::int64_t first_difference(const qtl_test::code_run& run) {
  constexpr std::uint64_t around = 16;
  const std::uint64_t length = std::uint64_t{run.last} - run.first + 1;
  for (std::uint64_t i = 0; i < length; ++i) {
    const auto bits = static_cast<std::uint32_t>(run.first + i);
    if (encoded_bits<F>(bits) != run.bits) return bits;
    const std::uint64_t leap = length / 61;
    if (i >= around && i + around < length) i = std::min(i + leap, length - around);
  }
  return -1;
}

TEST_CASE("encode agrees with a search through the golden table on both sides of every tie") {
  qtl::for_each_type(table_formats{}, []<class F>() {
    CAPTURE(F::name.c_str());
    for (bool negative : {false, true})
      for (const qtl_test::code_run& run : qtl_test::code_runs<F>(negative)) {
        CAPTURE(run.bits);
        CHECK(first_difference<F>(run) == -1);
      }
  });
}

TEST_CASE("encode agrees with the golden table at every exponent") {
  constexpr std::uint32_t mantissas[] = {0,        1,        0x1FFFFF, 0x200000, 0x200001, 0x333333,
                                         0x3FFFFF, 0x400000, 0x400001, 0x555555, 0x5FFFFF, 0x600000,
                                         0x600001, 0x700000, 0x7FFFFE, 0x7FFFFF};
  qtl::for_each_type(table_formats{}, [&]<class F>() {
    CAPTURE(F::name.c_str());
    const qtl_test::table_oracle<F> oracle;
    int differences = 0;
    for (std::uint32_t top = 0; top < 512; ++top)
      for (std::uint32_t mantissa : mantissas) {
        const std::uint32_t bits = top << 23 | mantissa;
        differences += encoded_bits<F>(bits) != oracle(qtl::float_from_bits(bits)) ? 1 : 0;
      }
    CHECK(differences == 0);
  });
}

TEST_CASE("encoding is monotone") {
  qtl::for_each_type(table_formats{}, []<class F>() {
    if constexpr (F::kind != qtl::format_kind::exponent) {
      CAPTURE(F::name.c_str());
      int descents = 0;
      float before = qtl::value_table<F>[encoded_bits<F>(qtl::float_bits(-F::max))];
      for (int i = -3000; i <= 3000; ++i) {
        const float x = F::max * static_cast<float>(i) / 3000.0f;
        const float value = F::decode(F::encode(x));
        descents += value < before ? 1 : 0;
        before = value;
      }
      CHECK(descents == 0);
    }
  });
}

}  // namespace
