// SPDX-License-Identifier: Apache-2.0
// tests/format/exhaustive_slow_test.cpp - all 2^32 floats through encode. Small formats: against
// the intervals that a search through the golden table finds; f16 and bf16: against Eigen. Two
// threads, one per sign.
// Time on a busy 2-core AMD EPYC (Zen 5), g++ 12 -O2: 5 to 16 s a case, nf4 36 s, fp4_bnb 23 s; all
// nineteen cases 246 s.
#include <cstdint>
#include <thread>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include "format/table_oracle.hpp"

namespace {

struct outcome {
  std::uint64_t checked = 0;
  std::uint64_t wrong = 0;
  std::uint32_t first_wrong = 0;  // a float's bit pattern

  void add(bool good, std::uint32_t bits) {
    ++checked;
    if (good) return;
    if (wrong++ == 0) first_wrong = bits;
  }
};

// Runs check(negative) -> outcome for both signs at once.
template<class Check>
void check_all_floats(Check check) {
  outcome negatives;
  std::thread other([&] { negatives = check(true); });
  const outcome positives = check(false);
  other.join();
  for (const outcome& o : {positives, negatives}) {
    CAPTURE(o.first_wrong);
    CHECK(o.wrong == 0);
    CHECK(o.checked == std::uint64_t{1} << 31);
  }
}

template<class F>
outcome check_runs(bool negative) {
  outcome o;
  for (const qtl_test::code_run& run : qtl_test::code_runs<F>(negative))
    for (std::uint64_t bits = run.first; bits <= run.last; ++bits) {
      const auto pattern = static_cast<std::uint32_t>(bits);
      o.add(qtl::to_bits<F>(F::encode(qtl::float_from_bits(pattern))) == run.bits, pattern);
    }
  return o;
}

template<class F, class Eigen16>
outcome check_eigen(bool negative) {
  outcome o;
  const std::uint32_t sign = negative ? 0x80000000u : 0;
  for (std::uint32_t abs = 0; abs < 0x80000000u; ++abs) {
    const float x = qtl::float_from_bits(sign | abs);
    const std::uint16_t ours = F::encode(x);
    const bool good = qtl::is_nan(x)
                          ? qtl::is_nan(F::decode(ours))
                          : ours == Eigen::numext::bit_cast<std::uint16_t>(static_cast<Eigen16>(x));
    o.add(good, sign | abs);
  }
  return o;
}

TEST_SUITE("slow") {
  TEST_CASE("all floats to e4m3") { check_all_floats(check_runs<qtl::e4m3>); }
  TEST_CASE("all floats to e4m3 without saturation") {
    check_all_floats(check_runs<qtl::non_saturating<qtl::e4m3>>);
  }
  TEST_CASE("all floats to e5m2") { check_all_floats(check_runs<qtl::e5m2>); }
  TEST_CASE("all floats to e5m2 without saturation") {
    check_all_floats(check_runs<qtl::non_saturating<qtl::e5m2>>);
  }
  TEST_CASE("all floats to e4m3fnuz") { check_all_floats(check_runs<qtl::e4m3fnuz>); }
  TEST_CASE("all floats to e5m2fnuz") { check_all_floats(check_runs<qtl::e5m2fnuz>); }
  TEST_CASE("all floats to e3m4") { check_all_floats(check_runs<qtl::e3m4>); }
  TEST_CASE("all floats to e2m3") { check_all_floats(check_runs<qtl::e2m3>); }
  TEST_CASE("all floats to e3m2") { check_all_floats(check_runs<qtl::e3m2>); }
  TEST_CASE("all floats to e2m1") { check_all_floats(check_runs<qtl::e2m1>); }
  TEST_CASE("all floats to e8m0") { check_all_floats(check_runs<qtl::e8m0>); }
  TEST_CASE("all floats to s8") { check_all_floats(check_runs<qtl::s8>); }
  TEST_CASE("all floats to s4") { check_all_floats(check_runs<qtl::s4>); }
  TEST_CASE("all floats to u8") { check_all_floats(check_runs<qtl::u8>); }
  TEST_CASE("all floats to s2f6") { check_all_floats(check_runs<qtl::s2f6>); }
  TEST_CASE("all floats to nf4") { check_all_floats(check_runs<qtl::nf4>); }
  TEST_CASE("all floats to fp4_bnb") { check_all_floats(check_runs<qtl::fp4_bnb>); }
  TEST_CASE("all floats to f16") { check_all_floats(check_eigen<qtl::f16, Eigen::half>); }
  TEST_CASE("all floats to bf16") { check_all_floats(check_eigen<qtl::bf16, Eigen::bfloat16>); }
}

}  // namespace
