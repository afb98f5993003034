// SPDX-License-Identifier: Apache-2.0
// tests/methods/gptq_test.cpp - against a brute-force optimal brain quantizer; gain over rounding;
// the Cholesky path.
#include "qtl/methods/gptq.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <type_traits>
#include <vector>

#include <Eigen/LU>
#include <doctest/doctest.h>

#include "qtl/methods/output_error.hpp"

#include "effort.hpp"
#include "methods/sample_layers.hpp"
#include "methods/threads.hpp"

namespace {

using namespace qtl;
using qtl_test::correlated_layer;
using qtl_test::noise_matrix;
using qtl_test::same_tensor;
using qtl_test::sample_layer;

using s4_g128 = policy<s4, symmetric, per_group<128>>;
using s3_g128 = policy<s3, symmetric, per_group<128>>;
using s2_g64 = policy<s2, symmetric, per_group<64>>;
using s4_g4 = policy<s4, symmetric, per_group<4>>;
using s4_channel = policy<s4, symmetric, per_channel>;
using u3_g4 = policy<u3, affine, per_group<4>>;

constexpr gptq bare{.compare_with_rtn = false};

template<class P>
double error_of(const sample_layer& layer, const method_result<P>& r) {
  return value_or_throw(output_error(layer.samples(), r));
}
template<class P>
double nearest_error(const sample_layer& layer) {
  return error_of(layer, *rtn{}.apply<P>(layer.samples()));
}

// Optimal brain quantization in the given column order, after Frantar and Alistarh 2022: quantize a
// column, spread its error by the inverse of the Hessian of what is left, strike the column out,
// and invert anew.
template<class P>
QTensor<P> brute_force(const sample_layer& layer, double damp,
                       const std::vector<std::int64_t>& order, bool params_first) {
  const Eigen::MatrixXd x = to_eigen(layer.inputs.view()).cast<double>();
  Eigen::MatrixXd h = x.transpose() * x;
  h.diagonal().array() += damp * h.diagonal().mean();
  eigen_matrix w = to_eigen(layer.weight.view());
  eigen_matrix moved(w.rows(), w.cols());
  Eigen::MatrixXd left(w.cols(), w.cols());
  for (std::size_t p = 0; p < order.size(); ++p) {
    const auto at = static_cast<Eigen::Index>(p);
    moved.col(at) = w.col(order[p]);
    for (std::size_t r = 0; r < order.size(); ++r)
      left(at, static_cast<Eigen::Index>(r)) = h(order[p], order[r]);
  }
  column_quantizer<P> to = *column_quantizer<P>::make(w.rows(), w.cols());
  const block_grid grid = to.grid();
  const auto set_block = [&](const eigen_matrix& from, std::int64_t i, std::int64_t first) {
    const auto count = std::min<std::int64_t>(grid.block_cols, w.cols() - first);
    to.set_range(grid.index(i, first), {from.row(i).segment(first, count).minCoeff(),
                                        from.row(i).segment(first, count).maxCoeff()});
  };
  const bool permuted = !params_first && !std::is_sorted(order.begin(), order.end());
  for (std::int64_t i = 0; params_first && i < w.rows(); ++i)
    for (std::int64_t j = 0; j < w.cols(); j += grid.block_cols) set_block(w, i, j);
  for (std::int64_t p = 0; p < w.cols(); ++p) {
    const Eigen::MatrixXd inverse = left.bottomRightCorner(w.cols() - p, w.cols() - p).inverse();
    for (std::int64_t i = 0; i < w.rows(); ++i) {
      if (!params_first && p % grid.block_cols == 0) set_block(moved, i, p);
      const float q = to.put(i, permuted ? p : order[static_cast<std::size_t>(p)], moved(i, p));
      const double e = static_cast<double>(moved(i, p) - q) / inverse(0, 0);
      for (std::int64_t r = p; r < w.cols(); ++r)
        moved(i, r) -= static_cast<float>(e * inverse(0, r - p));
    }
  }
  return to.take();
}

// The same codes, under scales that sums in another order and width leave apart by rounding only.
template<class P>
bool same_codes(const QTensor<P>& a, const QTensor<P>& b) {
  for (std::int64_t i = 0; i < a.rows(); ++i)
    for (std::int64_t j = 0; j < a.cols(); ++j)
      if (a.code(i, j) != b.code(i, j) || a.zero_point_at(i, j) != b.zero_point_at(i, j) ||
          std::fabs(a.scale_at(i, j) / b.scale_at(i, j) - 1) > 1e-5f)
        return false;
  return true;
}

std::vector<std::int64_t> by_energy(const sample_layer& layer) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(layer.inputs.cols()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const std::vector<double> energy = input_energy(layer.inputs.view());
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return energy[static_cast<std::size_t>(a)] > energy[static_cast<std::size_t>(b)];
  });
  return order;
}

TEST_CASE_TEMPLATE("equals optimal brain quantization by brute force", P, s4_g4, s4_channel,
                   u3_g4) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const sample_layer layer = correlated_layer(8, 8, 20, 10 * seed);
    const std::vector<std::int64_t> plain{0, 1, 2, 3, 4, 5, 6, 7};
    const std::vector<std::int64_t> sorted = by_energy(layer);
    const bool one_column = P::granularity::block_cols == 0;
    for (const std::int64_t block_size : {1, 3, 6, 128}) {
      gptq method = bare;
      method.block_size = block_size;
      CHECK(same_codes(method.apply<P>(layer.samples())->weight,
                       brute_force<P>(layer, 0.01, plain, one_column)));
      method.act_order = true;
      const auto permuted = method.apply<P>(layer.samples());
      CHECK(same_codes(permuted->weight, brute_force<P>(layer, 0.01, sorted, one_column)));
      CHECK(permuted->input_order == (one_column ? std::vector<std::int64_t>{} : sorted));
      method.static_groups = true;
      const auto fixed = method.apply<P>(layer.samples());
      CHECK(same_codes(fixed->weight, brute_force<P>(layer, 0.01, sorted, true)));
      CHECK(fixed->input_order.empty());
    }
  }
}

TEST_CASE("the error of correlated inputs falls by a quarter at least") {
  double product = 1;
  constexpr int seeds = qtl_test::effort(6, 1);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const sample_layer layer = correlated_layer(24, 256, 320, 100 * seed);
    const double ratio =
        error_of(layer, *gptq{}.apply<s4_g128>(layer.samples())) / nearest_error<s4_g128>(layer);
    CHECK(ratio < 1);
    product *= ratio;
  }
  const double mean = std::pow(product, 1.0 / seeds);
  MESSAGE("s4 g128: output error over that of rounding, geometric mean " << mean);
  CHECK(mean <= qtl_test::effort(0.75, 1.0));
}

TEST_CASE_TEMPLATE("never worse than rounding, whatever the options", P, s4_g128, s3_g128, s2_g64) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const sample_layer layer = correlated_layer(16, 200, 150, 100 * seed + 1);
    const double nearest = nearest_error<P>(layer);
    for (const bool act_order : {false, true})
      for (const bool static_groups : {false, true}) {
        gptq method = bare;
        method.act_order = act_order;
        method.static_groups = static_groups;
        const auto r = method.apply<P>(layer.samples());
        REQUIRE(r.ok());
        CHECK(r->input_order.empty() == (!act_order || static_groups));
        CHECK(r->note.empty());
        CHECK(error_of(layer, *r) < nearest);
        method.clip_search = true;
        CHECK(error_of(layer, *method.apply<P>(layer.samples())) < nearest);
      }
  }
}

TEST_CASE("rounding is returned where it is better, and the note says so") {
  const sample_layer exact{noise_matrix(4, 64, 1), noise_matrix(32, 64, 2)};
  sample_layer layer{dequantize(quantize<s4_g128>(exact.weight)), exact.inputs};
  const auto r = gptq{}.apply<s4_g128>(layer.samples());
  REQUIRE(r.ok());
  CHECK(error_of(layer, *r) <= nearest_error<s4_g128>(layer));
  layer.inputs = *matrix<float>::make(32, 64);
  const auto zero = gptq{}.apply<s4_g128>(layer.samples());
  CHECK(same_tensor(zero->weight, quantize<s4_g128>(layer.weight)));
  CHECK(zero->note.view() == "rounded to nearest: all inputs are zero");
}

TEST_CASE("fewer samples than columns, repeated and dead columns") {
  sample_layer layer = correlated_layer(8, 160, 12, 5);
  for (std::int64_t i = 0; i < 12; ++i) {
    layer.inputs(i, 3) = layer.inputs(i, 90);
    layer.inputs(i, 17) = layer.inputs(i, 150) = 0.0f;
  }
  for (const bool act_order : {false, true}) {
    gptq method = bare;
    method.act_order = act_order;
    const auto r = method.apply<s4_g128>(layer.samples());
    REQUIRE(r.ok());
    CHECK(r->note.empty());
    CHECK(error_of(layer, *r) < 0.5 * nearest_error<s4_g128>(layer));
    for (std::int64_t j = 0; j < 160; ++j) {
      const std::int64_t column = act_order ? r->input_order[static_cast<std::size_t>(j)] : j;
      if (column == 17 || column == 150) CHECK(r->weight.code(3, j) == 0);
    }
  }
}

TEST_CASE("damping is raised, and rounding is the way out") {
  const sample_layer layer = correlated_layer(8, 64, 12, 5);
  gptq method = bare;
  method.damp = 0;
  const auto raised = method.apply<s4_g128>(layer.samples());
  REQUIRE(raised.ok());
  CHECK(raised->note.view() == "damping raised from 0 to 1e-3, then tenfold, failures: 1");
  CHECK(error_of(layer, *raised) < nearest_error<s4_g128>(layer));
  method.damp = 1e-30;
  const auto given_up = method.apply<s4_g128>(layer.samples());
  REQUIRE(given_up.ok());
  CHECK(given_up->note.view() == "rounded to nearest: the Cholesky factorization failed");
  CHECK(same_tensor(given_up->weight, quantize<s4_g128>(layer.weight)));
}

TEST_CASE("the unit of the inputs does not matter") {
  const sample_layer layer = correlated_layer(6, 64, 100, 9);
  const auto plain = bare.apply<s4_g128>(layer.samples());
  for (const float unit : {0x1p-60f, 0x1p80f}) {
    sample_layer other = layer;
    for (std::int64_t i = 0; i < 100; ++i)
      for (std::int64_t j = 0; j < 64; ++j) other.inputs(i, j) *= unit;
    CHECK(same_tensor(bare.apply<s4_g128>(other.samples())->weight, plain->weight));
  }
}

TEST_CASE("any number of threads gives the same bits") {
  const sample_layer layer = correlated_layer(300, 192, qtl_test::effort(600, 60), 3);
  for (const bool clip_search : {false, true}) {
    const auto one =
        gptq{.act_order = true, .clip_search = clip_search}.apply<s4_g128>(layer.samples());
    for (const int count : {2, 3}) {
      qtl_test::racing_threads threads{count};
      const gptq method{.act_order = true, .clip_search = clip_search, .executor = threads};
      CHECK(same_tensor(method.apply<s4_g128>(layer.samples())->weight, one->weight));
    }
  }
}

TEST_CASE("bad input and edges") {
  sample_layer layer = correlated_layer(3, 16, 8, 1);
  const auto code = [](const result<method_result<s4_g128>>& r) { return r.why().code; };
  CHECK(code(gptq{.block_size = 0}.apply<s4_g128>(layer.samples())) ==
        error_code::invalid_argument);
  CHECK(code(gptq{.damp = -1}.apply<s4_g128>(layer.samples())) == error_code::invalid_argument);
  CHECK(code(gptq{.clip = {.steps = -1}}.apply<s4_g128>(layer.samples())) ==
        error_code::invalid_argument);
  CHECK(code(gptq{}.apply<s4_g128>({layer.weight.view(), {}})) == error_code::invalid_argument);
  CHECK(code(gptq{}.apply<s4_g128>({layer.weight.view(), noise_matrix(4, 15, 1).view()})) ==
        error_code::shape_mismatch);
  layer.inputs(4, 7) = quiet_nan;
  const status bad = gptq{}.apply<s4_g128>(layer.samples()).why();
  CHECK(bad.code == error_code::not_finite);
  CHECK(bad.message.view().find("row 4, column 7") != std::string_view::npos);
  const sample_layer zero{*matrix<float>::make(3, 16), noise_matrix(8, 16, 1)};
  const auto q = gptq{}.apply<s4_g128>(zero.samples());
  REQUIRE(q.ok());
  CHECK(q->weight.scale_at(2, 15) == 1.0f);
  CHECK(q->weight.code(2, 15) == 0);
  const sample_layer empty{*matrix<float>::make(0, 16), noise_matrix(8, 16, 1)};
  CHECK(gptq{}.apply<s4_g128>(empty.samples()).ok());
}

}  // namespace
