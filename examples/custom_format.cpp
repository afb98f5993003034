// SPDX-License-Identifier: Apache-2.0
// examples/custom_format.cpp - three formats of one's own, at once usable in every policy,
// operation and layer.
#include <array>
#include <cstdint>
#include <cstdio>

#include <qtl/qtl.hpp>

// 1. A minifloat: pick exponent and mantissa bits, and what the top codes mean. Limits and name
// follow.
using e3m3 = qtl::minifloat<3, 3, qtl::special_values::finite>;

// 2. A codebook: a name and 2^bits values in any order.
struct quadratic_table {
  static constexpr qtl::short_name name = "quadratic";
  static constexpr std::array<float, 8> values = {-1.0f, -0.5f, -0.2f, 0.0f,
                                                  0.1f,  0.3f,  0.6f,  1.0f};
};
using quadratic = qtl::codebook<3, quadratic_table>;

// 3. From scratch: signs with a power of two, +-2^0 ... +-2^-7 in four bits. There is no zero.
struct power {
  static constexpr qtl::short_name name = "power";
  static constexpr int bits = 4;
  static constexpr float max = 1.0f;
  static constexpr std::uint8_t encode(float x) {
    std::uint8_t code = 0;
    for (float mid = 0.75f; code < 7 && (x < 0 ? -x : x) < mid; mid /= 2) ++code;
    return static_cast<std::uint8_t>(x < 0 ? code | 8 : code);
  }
  static constexpr float decode(std::uint8_t code) {
    return (code & 8 ? -1.0f : 1.0f) / float(1 << (code & 7));
  }
};

static_assert(qtl::NumberFormat<power>);
static_assert(power::decode(power::encode(-0.3f)) == -0.25f);  // formats work at compile time

template<class Format>
void report(const Eigen::MatrixXf& w, const Eigen::MatrixXf& x) {
  using weight = qtl::policy<Format, qtl::symmetric, qtl::per_group<32>, qtl::scaled_by<qtl::f16>>;
  const auto q = qtl::quantize<weight>(w);
  const auto weights = qtl::compare(w, qtl::dequantize(q));
  const qtl::QLinear<weight, qtl::a16> layer{q};
  const auto outputs = qtl::compare((x * w.transpose()).eval(), layer(x));
  std::printf("%-9s %d bits  max %-5g  weights %2.0f dB  outputs %2.0f dB\n", Format::name.c_str(),
              Format::bits, double{Format::max}, weights.sqnr_db, outputs.sqnr_db);
}

int main() {
  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(256, 512);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(64, 512);
  report<e3m3>(w, x);
  report<quadratic>(w, x);
  report<power>(w, x);
}

// Output:
// e3m3      7 bits  max 30     weights 33 dB  outputs 33 dB
// quadratic 3 bits  max 1      weights 15 dB  outputs 15 dB
// power     4 bits  max 1      weights 15 dB  outputs 15 dB
