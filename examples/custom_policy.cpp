// SPDX-License-Identifier: Apache-2.0
// examples/custom_policy.cpp - policies are composed of independent parts, any of which may be
// one's own.
#include <cstdio>

#include <qtl/qtl.hpp>

// A scheme of one's own: as qtl::symmetric, but the outer fifth of the range is given up for finer
// steps.
struct clipped {
  static constexpr qtl::short_name name = "clipped";
  static constexpr auto zero_point = qtl::zero_point_kind::none;

  template<class F>
  static constexpr qtl::code_bounds bounds() {
    return qtl::symmetric::bounds<F>();
  }
  template<class F>
  static constexpr float scale(qtl::value_range range) {
    return 0.8f * qtl::symmetric::scale<F>(range);
  }
};

// Format, scheme and granularity are three axes; options follow in any order.
using plain = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_channel>;
using mine = qtl::policy<qtl::s4, clipped, qtl::per_channel>;
using grouped = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>>;
using compact = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>, qtl::scaled_by<qtl::f16>,
                            qtl::round_nearest_away>;

// Not every combination means something. Those that do not are refused with a sentence by the
// compiler; here we only ask whether they would be.
template<class Format, class Scheme>
concept Composes = requires { typename qtl::policy<Format, Scheme>; };

static_assert(Composes<qtl::u4, qtl::affine>);
// A zero point has no meaning for floating-point values.
static_assert(!Composes<qtl::e4m3, qtl::affine>);
// Symmetric quantization needs a signed format.
static_assert(!Composes<qtl::u4, qtl::symmetric>);

template<class Policy>
void report(const Eigen::MatrixXf& w) {
  const auto q = qtl::quantize<Policy>(w);
  const double sqnr = qtl::compare(w, qtl::dequantize(q)).sqnr_db;
  std::printf("%.1f dB at %.2f bits: %s\n", sqnr, q.bits_per_element(),
              qtl::to_text(qtl::describe<Policy>()).c_str());
}

int main() {
  // Sums of random numbers: many small values and few large ones, as in trained weights.
  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(256, 512) + Eigen::MatrixXf::Random(256, 512) +
                            Eigen::MatrixXf::Random(256, 512) + Eigen::MatrixXf::Random(256, 512);
  report<plain>(w);
  report<mine>(w);
  report<grouped>(w);
  report<compact>(w);
}

// Output:
// 18.6 dB at 4.06 bits: s4 symmetric per_channel
// 19.8 dB at 4.06 bits: s4 clipped per_channel
// 20.7 dB at 5.00 bits: s4 symmetric per_group<32>
// 20.7 dB at 4.50 bits: s4 symmetric per_group<32>, f16 scales, nearest_away
