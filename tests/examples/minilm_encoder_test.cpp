// SPDX-License-Identifier: Apache-2.0
// tests/examples/minilm_encoder_test.cpp - a tiny random encoder against loops written from the
// formulas, and the rows that are kept of its layers' inputs.
#include <cmath>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include "../../examples/minilm/activations.hpp"
#include "../../examples/minilm/encoder.hpp"
#include "ops/test_matrix.hpp"

namespace {

using namespace minilm;

using table = std::vector<std::vector<double>>;  // rows of reals

matrix random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed, float scale) {
  matrix m(rows, cols);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = scale * qtl_test::noise(seed, i);
  return m;
}

norm random_norm(Eigen::Index size, std::uint64_t seed) {
  const matrix m = random_matrix(2, size, seed, 0.3f);
  return {(m.row(0).array() + 1.0f).matrix(), m.row(1)};
}

// Two layers, hidden 8, two heads of 4, intermediate 12.
encoder_weights tiny_encoder() {
  encoder_weights w;
  w.heads = 2;
  w.embeddings = {random_matrix(9, 8, 1, 1), random_matrix(6, 8, 2, 1), random_matrix(2, 8, 3, 1)};
  w.embedding_norm = random_norm(8, 4);
  std::uint64_t seed = 5;
  const auto add = [&](Eigen::Index n, Eigen::Index k) {
    const matrix bias = random_matrix(1, n, seed++, 0.2f);
    w.linears.push_back({"", random_matrix(n, k, seed++, 0.5f), bias.row(0)});
  };
  for (int layer = 0; layer < 2; ++layer) {
    for (int role = 0; role < 4; ++role) add(8, 8);
    add(12, 8);
    add(8, 12);
    w.attention_norms.push_back(random_norm(8, seed++));
    w.output_norms.push_back(random_norm(8, seed++));
  }
  add(8, 8);
  return w;
}

std::vector<double> affine_map(const linear& layer, const std::vector<double>& x) {
  std::vector<double> y(static_cast<std::size_t>(layer.weight.rows()));
  for (std::size_t n = 0; n < y.size(); ++n) {
    const auto row = static_cast<Eigen::Index>(n);
    y[n] = double{layer.bias(row)};
    for (std::size_t k = 0; k < x.size(); ++k)
      y[n] += double{layer.weight(row, static_cast<Eigen::Index>(k))} * x[k];
  }
  return y;
}

table affine_map(const linear& layer, const table& x) {
  table y;
  for (const auto& row : x) y.push_back(affine_map(layer, row));
  return y;
}

std::vector<double> normalized(std::vector<double> x, const norm& n) {
  double mean = 0;
  double variance = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) {
    const auto at = static_cast<Eigen::Index>(j);
    x[j] = (x[j] - mean) / std::sqrt(variance) * double{n.gamma(at)} + double{n.beta(at)};
  }
  return x;
}

table added(const table& a, const table& b, const norm& n) {
  table sum = a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[i].size(); ++j) sum[i][j] += b[i][j];
    sum[i] = normalized(sum[i], n);
  }
  return sum;
}

table attended(const table& q, const table& k, const table& v, std::size_t heads) {
  table out(q.size(), std::vector<double>(q[0].size(), 0.0));
  const std::size_t width = q[0].size() / heads;
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t i = 0; i < q.size(); ++i) {
      std::vector<double> share(k.size());
      double sum = 0;
      for (std::size_t t = 0; t < k.size(); ++t) {
        double dot = 0;
        for (std::size_t j = h * width; j < (h + 1) * width; ++j) dot += q[i][j] * k[t][j];
        share[t] = std::exp(dot / std::sqrt(static_cast<double>(width)));
        sum += share[t];
      }
      for (std::size_t t = 0; t < k.size(); ++t)
        for (std::size_t j = h * width; j < (h + 1) * width; ++j)
          out[i][j] += share[t] / sum * v[t][j];
    }
  return out;
}

table by_loops(const encoder_weights& w, const token_ids& text) {
  table x;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::vector<double> row;
    for (Eigen::Index j = 0; j < w.hidden(); ++j)
      row.push_back(double{w.embeddings.word(text[i], j)} +
                    double{w.embeddings.position(static_cast<Eigen::Index>(i), j)} +
                    double{w.embeddings.token_type(0, j)});
    x.push_back(normalized(row, w.embedding_norm));
  }
  for (std::size_t layer = 0; layer < w.layers(); ++layer) {
    const auto of = [&](linear_role role) { return w.linears[roles * layer + role]; };
    const table heads =
        attended(affine_map(of(query), x), affine_map(of(key), x), affine_map(of(value), x), 2);
    x = added(x, affine_map(of(attention_output), heads), w.attention_norms[layer]);
    table wide = affine_map(of(intermediate), x);
    for (auto& row : wide)
      for (double& v : row) v *= 0.5 * (1 + std::erf(v / std::sqrt(2.0)));
    x = added(x, affine_map(of(output), wide), w.output_norms[layer]);
  }
  return x;
}

const std::vector<token_ids> texts{{2, 5, 1, 3}, {7}, {2, 2, 8, 0, 4, 3}};

TEST_CASE("a ragged batch gives what loops give for each text") {
  const encoder_weights w = tiny_encoder();
  const matrix states = encode(w, texts, float_linears(w));
  const matrix embeddings = embed(w, texts, float_linears(w));
  Eigen::Index row = 0;
  for (std::size_t t = 0; t < texts.size(); ++t) {
    const table expected = by_loops(w, texts[t]);
    CHECK(double{first_rows(states, texts)(static_cast<Eigen::Index>(t), 3)} ==
          doctest::Approx(expected[0][3]).epsilon(1e-4));
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(8);
    for (const auto& state : expected) {
      const auto wanted = Eigen::Map<const Eigen::RowVectorXd>(state.data(), 8);
      CHECK((states.row(row++).cast<double>() - wanted).norm() < 1e-4);
      mean += wanted;
    }
    CHECK((embeddings.row(static_cast<Eigen::Index>(t)).cast<double>() - mean.normalized()).norm() <
          1e-4);
  }
  CHECK(row == states.rows());
}

TEST_CASE("texts that do not fit are refused") {
  const encoder_weights w = tiny_encoder();
  const auto refused = [&](token_ids text) {
    CHECK_THROWS_AS(encode(w, std::vector<token_ids>{std::move(text)}, float_linears(w)),
                    std::invalid_argument);
  };
  refused({});
  refused({1, 9});
  refused({-1});
  refused(token_ids(7, 1));
}

TEST_CASE("inputs that are kept: real ones, as many as wanted, the same for the same seed") {
  const encoder_weights w = tiny_encoder();
  std::vector<token_ids> many;
  for (int i = 0; i < 40; ++i) many.push_back(texts[static_cast<std::size_t>(i % 3)]);
  const auto inputs = collect_inputs(w, many, 20, 7);
  REQUIRE(inputs.size() == w.linears.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CHECK(inputs[i].rows() == 20);
    CHECK(inputs[i].cols() == w.linears[i].weight.cols());
    CHECK(inputs[i] == collect_inputs(w, many, 20, 7)[i]);
  }
  CHECK(inputs[0] != collect_inputs(w, many, 20, 8)[0]);
  CHECK(inputs[0] == inputs[1]);                                     // query and key see the same
  CHECK(collect_inputs(w, many, 1000, 7)[0].rows() == 13 * 11 + 4);  // all there are

  // The first layer's inputs are normalized embeddings: each kept row is one of them.
  const matrix first = collect_inputs(w, texts, 1000, 7)[0];
  REQUIRE(first.rows() == 11);
  for (Eigen::Index i = 0; i < inputs[0].rows(); ++i)
    CHECK((first.rowwise() - inputs[0].row(i)).rowwise().norm().minCoeff() < 1e-6f);

  const auto ranges = collect_ranges(w, texts);
  CHECK(ranges[0].max == first.maxCoeff());
  CHECK(ranges[0].min == first.minCoeff());
}

}  // namespace
