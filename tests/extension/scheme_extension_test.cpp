// SPDX-License-Identifier: Apache-2.0
// tests/extension/scheme_extension_test.cpp - schemes and a granularity made outside the library,
// without touching it. The code between the [doc] marks is quoted by docs/extend/scheme.md and
// docs/extend/granularity.md.
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/cpu.hpp"

#include "nn/checked_backend.hpp"
#include "ops/test_matrix.hpp"

namespace stranger {

// [doc:scheme]
/// scale = max / (2^b - 1) with a zero point of -min / scale, wherever that lies.
struct affine_over_max {
  static constexpr qtl::short_name name = "affine_over_max";
  static constexpr qtl::zero_point_kind zero_point = qtl::zero_point_kind::wide;

  template<class F>
  static constexpr qtl::code_bounds bounds() {
    return {F::qmin, F::qmax};
  }
  template<class F>
  static constexpr float scale(qtl::value_range range) {
    return range.max / static_cast<float>(F::qmax - F::qmin);
  }
  template<class F>
  static constexpr std::int32_t offset(qtl::value_range range, float scale) {
    return qtl::round_to_integer(-range.min / scale);
  }
};
// [doc]

/// Scales that are powers of two, as shifts want them.
struct power_of_two_scale {
  static constexpr qtl::short_name name = "power_of_two_scale";
  static constexpr qtl::zero_point_kind zero_point = qtl::zero_point_kind::none;

  template<class F>
  static constexpr qtl::code_bounds bounds() {
    return {-F::qmax, F::qmax};
  }
  template<class F>
  static constexpr float scale(qtl::value_range range) {
    const float ideal = range.amax() / F::max;
    const float below = qtl::power_of_two(qtl::floor_log2(ideal));
    return below < ideal ? 2 * below : below;
  }
};

// [doc:granularity]
/// One scale for every two rows.
struct per_row_pair {
  static constexpr qtl::short_name name = "per_row_pair";
  static constexpr std::int64_t block_rows = 2;
  static constexpr std::int64_t block_cols = 0;
};
// [doc]

}  // namespace stranger

namespace {

using namespace qtl;
using qtl_test::matrix_of;

static_assert(Scheme<stranger::affine_over_max> && Scheme<stranger::power_of_two_scale> &&
              Granularity<stranger::per_row_pair>);

TEST_CASE("case C of docs/numerics.md: a stranger's scheme") {
  using P = policy<u8, stranger::affine_over_max, per_channel>;
  const matrix<float> w = matrix_of({{.6839f, .4741f, .7451f}, {.9301f, .1742f, .6835f}});
  const auto q = quantize<P>(w);
  CHECK(float_bits(q.scale_at(0, 0)) == 0x3b3f7e5e);
  CHECK(float_bits(q.scale_at(1, 0)) == 0x3b6f0a13);
  CHECK(q.scale_at(0, 0) == .0029219607822597027f);
  CHECK(q.scale_at(1, 0) == .0036474510561674833f);
  CHECK(q.zero_point_at(0, 0) == -162);
  CHECK(q.zero_point_at(1, 0) == -48);
  std::vector<int> codes;
  for (std::int64_t e = 0; e < 6; ++e) codes.push_back(q.code(e / 3, e % 3));
  CHECK(codes == std::vector<int>{72, 0, 93, 207, 0, 139});
  CHECK(std::fabs(compare(w, dequantize(q)).mse - 5.637690678739204e-07) <=
        1e-12 * 5.637690678739204e-07);
  CHECK(to_text(describe<P>()) == "u8 affine_over_max per_channel");
}

// The CPU's product of W and A against the reference.
template<QuantPolicy W, QuantPolicy A>
accumulation check_layer() {
  const auto layer = value_or_throw(QLinear<W, A, qtl_test::checked_backend>::make(
      quantize<W>(qtl_test::noise_matrix(7, 70, 1))));
  qtl_test::check_report::reset();
  const matrix<float> y = layer(qtl_test::noise_matrix(3, 70, 2));
  CHECK(qtl_test::check_report::last().compared == y.rows() * y.cols());
  CHECK(qtl_test::check_report::last().wrong == 0);
  return qtl_test::check_report::last().accumulator;
}

TEST_CASE("layers with strangers' schemes and granularity") {
  CHECK(check_layer<policy<u8, stranger::affine_over_max, per_channel>, a16>() ==
        accumulation::real);
  CHECK(check_layer<policy<s8, stranger::power_of_two_scale, per_channel>, token_s8>() ==
        accumulation::s32);
  CHECK(check_layer<policy<s8, symmetric, per_channel>,
                    policy<s8, stranger::power_of_two_scale, per_token, dynamic>>() ==
        accumulation::s32);
  CHECK(check_layer<policy<s4, symmetric, stranger::per_row_pair>, token_s8>() ==
        accumulation::s32);
  CHECK(check_layer<policy<e4m3, stranger::power_of_two_scale, stranger::per_row_pair>, a16>() ==
        accumulation::real);
}

TEST_CASE("power-of-two scales") {
  const auto q =
      quantize<policy<s8, stranger::power_of_two_scale, per_tensor>>(matrix_of({{127, -128, 3}}));
  CHECK(q.scale_at(0, 0) == 2.0f);
  CHECK(q.code(0, 0) == 64);
  CHECK(q.code(0, 2) == 2);
}

TEST_CASE("pairs of rows share a scale") {
  const auto q = quantize<policy<s8, symmetric, stranger::per_row_pair>>(
      matrix_of({{1, 127}, {-254, 2}, {127, 0}}));
  CHECK(q.layout().grid.size() == 2);
  CHECK(q.scale_at(0, 0) == 2.0f);
  CHECK(q.scale_at(1, 1) == 2.0f);
  CHECK(q.scale_at(2, 0) == 1.0f);
  CHECK(to_text(describe<policy<s8, symmetric, stranger::per_row_pair>>()) ==
        "s8 symmetric per_row_pair");
}

}  // namespace
