// SPDX-License-Identifier: Apache-2.0
// qtl/methods/adaround.hpp - up or down, learned for every weight.
// Holds: adaround, rectified_sigmoid, soft_rounding (the objective and its gradient). Formula: Nagel et al., Up or Down?
// Adaptive Rounding, 2020. Works between the neighbouring codes of any scaled format; scales stay
// what they are at the start.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "qtl/methods/learned_rounding.hpp"

namespace qtl::inline v0 {

/// h(a) = clip(1.2 sigmoid(a) - 0.1, 0, 1).
inline float rectified_sigmoid(float a) {
  return std::clamp(1.2f / (1.0f + std::exp(-a)) - 0.1f, 0.0f, 1.0f);
}
/// dh / da; 0 where h is clipped.
inline float rectified_sigmoid_slope(float a) {
  const float s = 1.0f / (1.0f + std::exp(-a));
  const float h = 1.2f * s - 0.1f;
  return h < 0.0f || h > 1.0f ? 0.0f : 1.2f * s * (1.0f - s);
}
/// The a whose h is x, for x in [0, 1].
inline float inverse_rectified_sigmoid(float x) {
  const float s = (x + 0.1f) / 1.2f;
  return std::log(s / (1.0f - s));
}

/// Some rows of a weight between their neighbouring codes, and the smoothed problem on them.
struct soft_rounding {
  eigen_matrix low_error;  ///< low - w, in reals
  eigen_matrix gap;        ///< high - low; 0 where there is no choice
  Eigen::VectorXd unit;    ///< what a row's squared output error is multiplied with

  /// unit . ||X (W^(h(a)) - W)^T||^2 + lambda sum(1 - |2h - 1|^beta), and its gradient by a. The
  /// sum runs over elements that have a choice.
  double loss(const eigen_matrix& a, const output_metric& metric, float lambda, float beta,
              eigen_matrix& gradient) const {
    const eigen_matrix sigmoid = (1.0f + (-a.array()).exp()).inverse();
    const eigen_matrix open = 1.2f * sigmoid.array() - 0.1f;  // h before it is clipped
    const eigen_matrix h = open.cwiseMax(0.0f).cwiseMin(1.0f);
    const eigen_matrix d = low_error + h.cwiseProduct(gap);
    const eigen_matrix product = metric.times(d);
    double value = output_metric::row_errors(d, product).dot(unit);
    gradient = (2.0 * unit).cast<float>().asDiagonal() * product.cwiseProduct(gap);
    if (lambda != 0.0f) {
      const eigen_matrix side = 2.0f * h.array() - 1.0f;
      const eigen_matrix size = side.cwiseAbs().cwiseMax(1e-30f);
      const eigen_matrix power = ((beta - 1.0f) * size.array().log()).exp();  // |2h - 1|^(beta - 1)
      const auto has_choice = gap.array() != 0.0f;
      const float twice = 2.0f * lambda * beta;
      value += static_cast<double>(lambda) *
               has_choice.select(1.0f - power.array() * size.array(), 0.0f).cast<double>().sum();
      gradient.array() -= has_choice.select(twice * power.array() * side.array().sign(), 0.0f);
    }
    const auto is_open = open.array() >= 0.0f && open.array() <= 1.0f;
    gradient.array() *= is_open.select(1.2f * sigmoid.array() * (1.0f - sigmoid.array()), 0.0f);
    return value;
  }
};

/// AdaRound on the output error of the layer, by Adam on all samples at once. It starts from rtn
/// with clip search, whose scales matter more than any rounding at few bits. Rounding is hard in
/// the end; each row keeps the best rounding seen, and rtn's where none is better, so that on its
/// samples the result is never worse than round to nearest. `lambda` weighs against squared output
/// errors of which rtn makes k / 1000 per row, so it needs no tuning by layer.
struct adaround {
  static constexpr short_name name = "adaround";
  static constexpr bool needs_inputs = true;

  int iterations = 250;
  float learning_rate = 0.1f;
  float lambda = 0.01f;      ///< of the term that drives h to 0 or 1
  float beta_start = 20.0f;  ///< its exponent after the warm-up
  float beta_end = 2.0f;     ///< and at the end
  float warm_up = 0.1f;      ///< share of the iterations without that term
  bool clip_search = true;   ///< scales are those of rtn's clip search; else of the whole range
  clip_options clip{.steps = 20, .least = 0.5f};  ///< how
  executor_ref executor{};  ///< rows are split; the result does not depend on it

  /// Errors: those of check_samples; invalid_argument for an option; overflow, out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    if (const status s = check(); !s.ok()) return s;
    return learn_rounding<P>(
        layer, {.clip_search = clip_search, .clip = clip, .executor = executor}, 1,
        [&](const auto& metric, auto& q, std::int64_t first, std::int64_t rows) {
          learn_rows<P>(layer.weight, metric, q, first, rows);
        });
  }

 private:
  status check() const {
    if (iterations < 0)
      return mismatch("iterations", "number of iterations", -1, 0, iterations,
                      error_code::invalid_argument);
    if (!(learning_rate > 0 && is_finite(learning_rate) && lambda >= 0 && is_finite(lambda)))
      return failure(error_code::invalid_argument, "learning_rate, lambda",
                     "one of them is not a positive number");
    if (!(beta_start >= 1 && beta_end >= 1 && is_finite(beta_start) && is_finite(beta_end)))
      return failure(error_code::invalid_argument, "beta", "an exponent is below 1 or not finite");
    if (!(warm_up >= 0 && warm_up <= 1))
      return failure(error_code::invalid_argument, "warm_up", "it lies outside [0, 1]");
    return {};
  }

  // The codes of one chunk of rows, and the learning's state.
  struct chunk_state {
    soft_rounding problem;
    eigen_matrix high_error;     // high - w
    eigen_matrix nearest_error;  // of what it starts from
    eigen_matrix best_error;     // of the best rounding seen
    Eigen::VectorXd best;        // its squared output error, by row
    eigen_matrix a;
    std::vector<code_pair> pairs;
  };

  template<QuantPolicy P>
  void learn_rows(matrix_view<const float> weight, const output_metric& metric, QTensor<P>& q,
                  std::int64_t first, std::int64_t rows) const {
    chunk_state s = start<P>(weight, metric, q, first, rows);
    eigen_matrix gradient;
    eigen_matrix mean = eigen_matrix::Zero(rows, weight.cols);
    eigen_matrix square = mean;
    const int warm = static_cast<int>(warm_up * static_cast<float>(iterations));
    const int every = std::max(1, iterations / 20);
    for (int t = 0; t < iterations; ++t) {
      const float rest =
          static_cast<float>(iterations - t) / static_cast<float>(std::max(1, iterations - warm));
      const float beta = beta_end + (beta_start - beta_end) * std::min(1.0f, rest);
      s.problem.loss(s.a, metric, t < warm ? 0.0f : lambda, beta, gradient);
      adam_step(t, gradient, mean, square, s.a);
      if ((t + 1) % every == 0 || t + 1 == iterations) keep_best(metric, s);
    }
    const Eigen::VectorXd plain = metric.exact_row_errors(s.nearest_error);
    const Eigen::VectorXd learned = metric.exact_row_errors(s.best_error);
    for (std::int64_t i = 0; i < rows; ++i)
      if (is_clearly_less(learned(i), plain(i))) store_row<P>(s, i, q, first + i);
  }

  template<QuantPolicy P>
  chunk_state start(matrix_view<const float> weight, const output_metric& metric,
                    const QTensor<P>& q, std::int64_t first, std::int64_t rows) const {
    chunk_state s;
    const std::int64_t k = weight.cols;
    s.pairs.resize(static_cast<std::size_t>(rows * k));
    s.problem.low_error.resize(rows, k);
    s.problem.gap.resize(rows, k);
    s.high_error.resize(rows, k);
    s.nearest_error.resize(rows, k);
    s.a.resize(rows, k);
    const QTensorView<P> view = q.view();
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < k; ++j) {
        const float w = weight(first + i, j);
        const qparams<P> p = view.params_at(first + i, j);
        const code_pair pair = neighbours<P>(w, p, element_rounding<P>(first + i, j));
        s.pairs[static_cast<std::size_t>(i * k + j)] = pair;
        s.problem.low_error(i, j) = pair.low_real - w;
        s.problem.gap(i, j) = pair.high_real - pair.low_real;
        s.high_error(i, j) = pair.high_real - w;
        s.nearest_error(i, j) = decode_element<P>(view.code_at(first + i, j), p) - w;
        const float at = pair.has_choice() ? std::clamp(pair.position(w), 0.0f, 1.0f) : 0.0f;
        s.a(i, j) = inverse_rectified_sigmoid(at);
      }
    s.best_error = s.nearest_error;
    s.best = output_metric::row_errors(s.nearest_error, metric.times(s.nearest_error));
    const double share = 1e-3 * static_cast<double>(k);
    s.problem.unit =
        s.best.unaryExpr([&](double e) { return e > 1e-30 && e < 1e30 ? share / e : 0.0; });
    return s;
  }

  void adam_step(int t, const eigen_matrix& gradient, eigen_matrix& mean, eigen_matrix& square,
                 eigen_matrix& a) const {
    constexpr float decay = 0.9f;
    constexpr float square_decay = 0.99f;
    mean = decay * mean + (1.0f - decay) * gradient;
    square = square_decay * square + (1.0f - square_decay) * gradient.cwiseAbs2();
    const float bias = 1.0f - std::pow(decay, static_cast<float>(t + 1));
    const float square_bias = 1.0f - std::pow(square_decay, static_cast<float>(t + 1));
    a.array() -=
        (learning_rate / bias) * mean.array() / ((square.array() / square_bias).sqrt() + 1e-8f);
  }

  static void keep_best(const output_metric& metric, chunk_state& s) {
    const eigen_matrix d = (s.a.array() > 0.0f).select(s.high_error, s.problem.low_error);
    const Eigen::VectorXd errors = output_metric::row_errors(d, metric.times(d));
    for (Eigen::Index i = 0; i < d.rows(); ++i) {
      if (!(errors(i) < s.best(i))) continue;
      s.best(i) = errors(i);
      s.best_error.row(i) = d.row(i);
    }
  }

  // The codes are read back from the errors: each is that of one of its two neighbours.
  template<QuantPolicy P>
  static void store_row(const chunk_state& s, std::int64_t i, QTensor<P>& q, std::int64_t row) {
    const QTensorSpan<P> to = q.span();
    for (std::int64_t j = 0; j < q.cols(); ++j) {
      const code_pair& pair = s.pairs[static_cast<std::size_t>(i * q.cols() + j)];
      const bool is_low = s.best_error(i, j) == s.problem.low_error(i, j);
      store_code<P::format::bits>(to.codes + row * to.layout.row_bytes, j,
                                  is_low ? pair.low : pair.high);
    }
  }
};

static_assert(Method<adaround>);

}  // namespace qtl::inline v0
