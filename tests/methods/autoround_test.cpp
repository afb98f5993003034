// SPDX-License-Identifier: Apache-2.0
// tests/methods/autoround_test.cpp - straight-through gradients against finite differences of the
// surrogate that autoround.hpp defines, never worse than plain rounding, any format, every
// granularity.
#include "qtl/methods/autoround.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/policy/descriptor.hpp"
#include "qtl/policy/presets.hpp"

#include "methods/learned_rounding.hpp"

namespace {

using namespace qtl;
using qtl_test::check_not_worse;
using qtl_test::correlated_layer;
using qtl_test::effort;
using qtl_test::exact_output_error;
using qtl_test::nearest_output_error;
using qtl_test::s4_g128;
using qtl_test::sample_layer;

// The surrogate around a state: residuals, steps between codes and which elements are beyond the
// last code are frozen.
template<class P>
struct surrogate {
  Eigen::MatrixXd weight, error, gap, offset;
  std::vector<clip_edges<P>> edges;
  std::vector<float> low, high;
  block_grid grid;

  static double scale_like(const clip_edges<P>& e, float l, float h) {
    if (clip_edges<P>::tied) return double{h};
    const value_range cut = clip_edges<P>::centred ? e.cut(l, h) : e.cut(l, h).with_zero();
    return double{cut.max} - double{cut.min};
  }

  Eigen::MatrixXd errors(const Eigen::MatrixXd& v, const std::vector<float>& l,
                         const std::vector<float>& h) const {
    Eigen::MatrixXd d = error;
    for (Eigen::Index i = 0; i < d.rows(); ++i)
      for (Eigen::Index j = 0; j < d.cols(); ++j) {
        const auto b = static_cast<std::size_t>(grid.index(i, j));
        const double ratio =
            scale_like(edges[b], l[b], h[b]) / scale_like(edges[b], low[b], high[b]);
        if (gap(i, j) != 0)
          d(i, j) = ratio * (error(i, j) + (v(i, j) - offset(i, j)) * gap(i, j));
        else if (clip_edges<P>::tied)
          d(i, j) = ratio * (error(i, j) + weight(i, j)) - weight(i, j);
        else if (error(i, j) < 0)
          d(i, j) +=
              double{edges[b].cut(l[b], h[b]).max} - double{edges[b].cut(low[b], high[b]).max};
        else
          d(i, j) +=
              double{edges[b].cut(l[b], h[b]).min} - double{edges[b].cut(low[b], high[b]).min};
      }
    return d;
  }
};

template<class P>
void check_gradients() {
  CAPTURE(to_text(describe<P>()).c_str());
  const sample_layer layer = correlated_layer(3, 24, 30, 7);
  const Eigen::MatrixXd x = to_eigen(layer.inputs.view()).cast<double>();
  rounding_offsets<P> state(layer.weight.view(), 0, 3, tensor_scale_of<P>(layer.weight.view()));
  state.offset =
      (0.4f * to_eigen(qtl_test::noise_matrix(3, 24, 8).view())).cwiseMax(-0.5f).cwiseMin(0.5f);
  for (std::size_t b = 0; b < state.high_share.size(); ++b) {
    state.low_share[b] = 0.6f + 0.02f * static_cast<float>(b);
    state.high_share[b] = 0.75f - 0.02f * static_cast<float>(b);
  }
  state.round();
  surrogate<P> s{to_eigen(layer.weight.view()).cast<double>(),
                 state.error.template cast<double>(),
                 {},
                 state.offset.template cast<double>(),
                 {},
                 state.low_share,
                 state.high_share,
                 state.grid()};
  for_each_block(s.grid, 3, 24, [&](const block_extent& b) {
    s.edges.push_back({scan_range(block_of(layer.weight.view(), b)).range()});
  });
  state.differentiate(eigen_matrix::Ones(3, 24));
  s.gap = state.offset_gradient.template cast<double>();
  CHECK((s.gap.array() == 0).any());  // something is clipped
  const Eigen::MatrixXd slope = 2 * s.error * x.transpose() * x;
  state.differentiate(slope.cast<float>());

  const auto loss = [&](const Eigen::MatrixXd& v, const std::vector<float>& l,
                        const std::vector<float>& h) {
    return (x * s.errors(v, l, h).transpose()).squaredNorm();
  };
  const double scale = 1e-2 * loss(s.offset, s.low, s.high);
  for (Eigen::Index i = 0; i < 3; ++i)
    for (Eigen::Index j = 0; j < 24; ++j) {
      Eigen::MatrixXd up = s.offset;
      Eigen::MatrixXd down = s.offset;
      up(i, j) += 1e-3;
      down(i, j) -= 1e-3;
      const double by_difference = (loss(up, s.low, s.high) - loss(down, s.low, s.high)) / 2e-3;
      CHECK(double{state.offset_gradient(i, j)} ==
            doctest::Approx(by_difference).epsilon(1e-3).scale(scale));
    }
  for (std::size_t b = 0; b < s.high.size(); ++b)
    for (const bool is_high : {false, true}) {
      if (!is_high && clip_edges<P>::tied) continue;
      constexpr float step = 1.0f / 512;
      std::vector<float> l[2] = {s.low, s.low};
      std::vector<float> h[2] = {s.high, s.high};
      (is_high ? h : l)[0][b] += step;
      (is_high ? h : l)[1][b] -= step;
      const double by_difference =
          (loss(s.offset, l[0], h[0]) - loss(s.offset, l[1], h[1])) / (2.0 * double{step});
      const double gradient = is_high ? state.high_gradient[b] : state.low_gradient[b];
      CHECK(gradient == doctest::Approx(by_difference).epsilon(2e-3).scale(scale));
    }
}

TEST_CASE("gradients of offsets and clips against finite differences of the surrogate") {
  check_gradients<policy<s3, symmetric, per_group<8>>>();
  check_gradients<policy<s3, symmetric_full_range, per_channel>>();
  check_gradients<policy<u3, affine, per_group<8>>>();
  check_gradients<policy<u2, affine_float_shift, per_channel>>();
  check_gradients<policy<u3, affine_as_is, per_group<12>>>();
  check_gradients<policy<nf4, symmetric, per_group<8>>>();
  check_gradients<policy<e2m1, symmetric, per_block<3, 8>>>();
}

TEST_CASE("output error below plain rounding's with correlated inputs") {
  const autoround method{.iterations = effort(autoround{}.iterations, 10)};
  check_not_worse<s4_g128>(method, 0.75);
  check_not_worse<policy<s3, symmetric, per_group<128>>>(method, 0.75);
  check_not_worse<policy<s2, symmetric, per_group<64>>>(method, 0.75);
  check_not_worse<policy<u4, affine, per_channel>>(method, 0.85);
  check_not_worse<policy<u2, affine_float_shift, per_group<64>>>(method, 0.4);
  check_not_worse<policy<s4, symmetric, per_tensor>>(method, 0.9);
  check_not_worse<policy<s4, symmetric_half_step, per_block<16, 128>, scaled_by<f16>>>(method, 0.9);
  check_not_worse<policy<nf4, symmetric, per_group<64>>>(method, 0.9);
  check_not_worse<mx<e2m1>>(method, 0.7);
  check_not_worse<nvfp4_tensor<>>(method, 0.95);
}

TEST_CASE("the same bits on every run and on two threads") {
  qtl_test::check_same_bits(autoround{.iterations = 30});
}

TEST_CASE("without learning, it is plain rounding; without the clip, the scales are") {
  const sample_layer layer = correlated_layer(40, 130, 50, 9);
  const auto plain = quantize<s4_g128>(layer.weight);
  const auto none = autoround{.iterations = 0}.apply<s4_g128>(layer.samples());
  REQUIRE(none.ok());
  CHECK(qtl_test::same_tensor(none->weight, plain));
  const auto r = autoround{.iterations = 50, .learn_clip = false}.apply<s4_g128>(layer.samples());
  REQUIRE(r.ok());
  for (std::int64_t i = 0; i < 40; ++i)
    for (const std::int64_t j : {0, 129}) CHECK(r->weight.scale_at(i, j) == plain.scale_at(i, j));
  CHECK(exact_output_error(layer.samples(), *r) < nearest_output_error<s4_g128>(layer.samples()));
}

TEST_CASE("bad input, and input with nothing to learn from") {
  qtl_test::check_bad_samples(autoround{.iterations = 3});
  qtl_test::check_nothing_to_learn(autoround{.iterations = 3});
  CHECK(qtl_test::refusal(autoround{.iterations = -1}) == error_code::invalid_argument);
  CHECK(qtl_test::refusal(autoround{.learning_rate = -1}) == error_code::invalid_argument);
  CHECK(qtl_test::refusal(autoround{.least_share = 0}) == error_code::invalid_argument);
}

}  // namespace
