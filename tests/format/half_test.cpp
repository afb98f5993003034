// SPDX-License-Identifier: Apache-2.0
// tests/format/half_test.cpp - f16 and bf16 against Eigen::half and Eigen::bfloat16: every code
// decoded, every exponent and the neighbourhood of every tie encoded. All 2^32 floats:
// exhaustive_slow_test.cpp.
#include <Eigen/Core>
#include <doctest/doctest.h>

#include "qtl/format/minifloat.hpp"

namespace {

template<class F, class Eigen16>
void check_decode() {
  int differences = 0;
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    const float ours = F::decode(static_cast<std::uint16_t>(code));
    const auto theirs =
        static_cast<float>(Eigen::numext::bit_cast<Eigen16>(static_cast<std::uint16_t>(code)));
    const bool same =
        qtl::is_nan(theirs) ? qtl::is_nan(ours) : qtl::float_bits(ours) == qtl::float_bits(theirs);
    differences += same ? 0 : 1;
  }
  CHECK(differences == 0);
}

template<class F, class Eigen16>
bool same_code(float x) {
  const std::uint16_t ours = F::encode(x);
  if (qtl::is_nan(x)) return qtl::is_nan(F::decode(ours));
  return ours == Eigen::numext::bit_cast<std::uint16_t>(static_cast<Eigen16>(x));
}

template<class F, class Eigen16>
void check_encode() {
  int differences = 0;
  // Halfway between any two neighbouring codes and the floats around, and the values themselves.
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    const float low = F::decode(static_cast<std::uint16_t>(code));
    const float high =
        F::decode(static_cast<std::uint16_t>((code & 0x8000) | ((code + 1) & 0x7FFF)));
    const std::uint32_t middle =
        qtl::float_bits(low) + (qtl::float_bits(high) - qtl::float_bits(low)) / 2;
    for (std::uint32_t bits : {middle - 1, middle, middle + 1, qtl::float_bits(low)})
      differences += same_code<F, Eigen16>(qtl::float_from_bits(bits)) ? 0 : 1;
  }
  for (std::uint32_t top = 0; top < 0x10000; ++top)
    for (std::uint32_t low :
         {0u, 1u, 0x0FFFu, 0x1000u, 0x1001u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu})
      differences += same_code<F, Eigen16>(qtl::float_from_bits(top << 16 | low)) ? 0 : 1;
  CHECK(differences == 0);
}

TEST_CASE("f16 is Eigen::half") {
  check_decode<qtl::f16, Eigen::half>();
  check_encode<qtl::f16, Eigen::half>();
}

TEST_CASE("bf16 is Eigen::bfloat16") {
  check_decode<qtl::bf16, Eigen::bfloat16>();
  check_encode<qtl::bf16, Eigen::bfloat16>();
}

}  // namespace
