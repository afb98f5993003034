// SPDX-License-Identifier: Apache-2.0
// tests/format/codebook_test.cpp - nf4 and fp4_bnb against the published thresholds; ties, NaN and
// signs of codebooks.
#include "qtl/format/codebook.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "golden/codebook_tables.hpp"

namespace {

TEST_CASE("nf4 changes code at the published thresholds") {
  for (int i = 0; i < 15; ++i) {
    CAPTURE(i);
    const float threshold = golden::nf4_thresholds[i];
    CHECK(qtl::nf4::encode(threshold - 1e-6f) == i);
    CHECK(qtl::nf4::encode(threshold + 1e-6f) == i + 1);
  }
}

TEST_CASE("nf4: exact midpoints stay below, the next float goes up") {
  for (int i = 0; i < 15; ++i) {
    CAPTURE(i);
    const double middle = (double{golden::nf4[i]} + double{golden::nf4[i + 1]}) / 2;
    auto x = static_cast<float>(middle);
    if (x > middle) x = std::nextafter(x, -2.0f);
    CHECK(qtl::nf4::encode(x) == i);
    CHECK(qtl::nf4::encode(std::nextafter(x, 2.0f)) == i + 1);
  }
}

TEST_CASE("nf4: both zeros, infinities, NaN") {
  CHECK(qtl::nf4::encode(0.0f) == 7);
  CHECK(qtl::nf4::encode(-0.0f) == 7);
  CHECK(qtl::nf4::encode(qtl::infinity) == 15);
  CHECK(qtl::nf4::encode(-qtl::infinity) == 0);
  CHECK(qtl::nf4::encode(qtl::quiet_nan) == 0);
}

TEST_CASE("fp4_bnb: midpoints of magnitudes, the sign in bit 3") {
  // Ascending magnitudes are codes 0 1 6 7 4 5 2 3.
  constexpr int ascending[] = {0, 1, 6, 7, 4, 5, 2, 3};
  constexpr float thresholds[] = {0.00260417f, 0.0859375f, 0.20833333f, 0.29166667f,
                                  0.41666667f, 0.5833333f, 0.8333333f};
  for (int i = 0; i < 7; ++i) {
    CAPTURE(i);
    CHECK(qtl::fp4_bnb::encode(thresholds[i] - 1e-6f) == ascending[i]);
    CHECK(qtl::fp4_bnb::encode(thresholds[i] + 1e-6f) == ascending[i + 1]);
    CHECK(qtl::fp4_bnb::encode(-thresholds[i] + 1e-6f) == ascending[i] + 8);
    CHECK(qtl::fp4_bnb::encode(-thresholds[i] - 1e-6f) == ascending[i + 1] + 8);
  }
  CHECK(qtl::fp4_bnb::encode(qtl::infinity) == 3);
  CHECK(qtl::fp4_bnb::encode(-qtl::infinity) == 11);
  CHECK(qtl::fp4_bnb::encode(-0.0f) == 0);
  CHECK(qtl::fp4_bnb::encode(qtl::quiet_nan) == 0);
}

struct shuffled_table {
  static constexpr qtl::short_name name = "shuffled";
  static constexpr std::array<float, 4> values = {3.0f, -5.0f, 1.0f, -1.0f};
};
using shuffled = qtl::codebook<2, shuffled_table>;

TEST_CASE("a table may be in any order; max is the largest magnitude; ties go to the lower value") {
  CHECK(shuffled::name == "shuffled");
  CHECK(shuffled::max == 5.0f);
  CHECK(shuffled::encode(-9.0f) == 1);
  CHECK(shuffled::encode(-3.0f) == 1);
  CHECK(shuffled::encode(-2.9f) == 3);
  CHECK(shuffled::encode(0.0f) == 3);
  CHECK(shuffled::encode(0.1f) == 2);
  CHECK(shuffled::encode(2.0f) == 2);
  CHECK(shuffled::encode(2.1f) == 0);
  CHECK(shuffled::encode(qtl::quiet_nan) == 1);
}

// ggml's IQ4_NL: integers that a block scale multiplies.
struct iq4_nl_table {
  static constexpr qtl::short_name name = "iq4_nl";
  static constexpr std::array<float, 16> values = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                   1,    13,   25,  38,  53,  69,  89,  113};
};

TEST_CASE("the table of ggml's IQ4_NL is a codebook like any other") {
  using iq4_nl = qtl::codebook<4, iq4_nl_table>;
  CHECK(iq4_nl::name == "iq4_nl");
  CHECK(iq4_nl::max == 127.0f);
  CHECK(iq4_nl::encode(-4.5f) == 7);  // the tie between -10 and 1
  CHECK(iq4_nl::encode(-4.4f) == 8);
  CHECK(iq4_nl::encode(200.0f) == 15);
}

}  // namespace
