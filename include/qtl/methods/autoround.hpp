// SPDX-License-Identifier: Apache-2.0
// qtl/methods/autoround.hpp - rounding offsets and clips, learned by the sign of their gradients.
// Holds: autoround, rounding_offsets<P> (the learned state, straight-through gradients). Formula: Cheng et al., Optimize
// Weight Rounding via Signed Gradient Descent, 2023. Works between the neighbouring codes of any
// scaled format.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "qtl/methods/learned_rounding.hpp"

namespace qtl::inline v0 {

/// How the edges of a block's range move with their shares: edge = what does not move + slope *
/// share, from a range and P's scheme.
template<QuantPolicy P>
struct clip_edges {
  using S = typename P::scheme;
  /// Whether both edges share one share: schemes without zero point.
  static constexpr bool tied = S::zero_point == zero_point_kind::none;
  /// Whether a block's range need not hold 0: it then shrinks about its middle.
  static constexpr bool centred =
      S::zero_point == zero_point_kind::wide || S::zero_point == zero_point_kind::shift;

  value_range range;

  float low_slope() const { return centred ? range.min / 2 - range.max / 2 : range.min; }
  float high_slope() const { return centred ? range.max / 2 - range.min / 2 : range.max; }
  /// The range cut to these shares of its lower and upper part.
  value_range cut(float low, float high) const {
    return {range.min - (1.0f - low) * low_slope(), range.max - (1.0f - high) * high_slope()};
  }
};

/// Some rows of a weight with a rounding offset per element, in steps between its neighbouring
/// codes, and a share of the range per block and side.
/// Gradients are straight-through: of w' = w + s (r + step V), in which the rounding residual r and
/// the choice of steps are held at their values, while an element beyond the last code follows the
/// clipped edge; scales follow their edges without the rounding to their format.
template<QuantPolicy P>
class rounding_offsets {
 public:
  /// Rows [first, first + rows) of a weight with this scale of the tensor. `first` is a multiple of
  /// the rows of a block, and `rows` too or to the end.
  rounding_offsets(matrix_view<const float> weight, std::int64_t first, std::int64_t rows,
                   float tensor_scale)
      : first_(first), tensor_scale_(tensor_scale),
        weight_(to_eigen(weight.row_range(first, rows))),
        grid_(make_block_grid(rows, weight.cols, P::granularity::block_rows,
                              P::granularity::block_cols)) {
    const auto blocks = static_cast<std::size_t>(grid_.size());
    offset = eigen_matrix::Zero(rows, weight.cols);
    offset_gradient = error = gap_ = offset;
    low_share.assign(blocks, 1.0f);
    high_share = low_share;
    low_gradient.assign(blocks, 0.0);
    high_gradient = low_gradient;
    params.resize(blocks);
    raw.resize(static_cast<std::size_t>(offset.size()));
    each_block([&](const block_extent& b) {
      edges_.push_back({scan_range(block_of(view_of(weight_), b)).range()});
    });
  }

  eigen_matrix offset;                   ///< V, in [-0.5, 0.5]
  std::vector<float> low_share;          ///< per block, in [least, 1]; unread where edges are tied
  std::vector<float> high_share;         ///< per block
  eigen_matrix error;                    ///< w' - w; of the last round()
  std::vector<std::uint8_t> raw;         ///< codes; of the last round()
  std::vector<stored_params<P>> params;  ///< of the last round()
  eigen_matrix offset_gradient;          ///< of the last differentiate()
  std::vector<double> low_gradient;      ///< of the last differentiate(); 0 where tied
  std::vector<double> high_gradient;     ///< of the last differentiate()

  const block_grid& grid() const { return grid_; }

  /// Sets the shares to those that a clip search finds, both sides alike.
  void search_shares(const clip_options& clip, const float* column_weight) {
    each_block([&](const block_extent& b) {
      const float share =
          search_share<P>(view_of(weight_), b, tensor_scale_, clip, column_weight).share;
      low_share[static_cast<std::size_t>(b.index)] = share;
      high_share[static_cast<std::size_t>(b.index)] = share;
    });
  }

  /// Codes and errors of the present offsets and shares.
  void round() {
    each_block([&](const block_extent& b) {
      const auto at = static_cast<std::size_t>(b.index);
      const float low = clip_edges<P>::tied ? high_share[at] : low_share[at];
      params[at] = choose_stored<P>(edges_[at].cut(low, high_share[at]), tensor_scale_);
      const qparams<P> p = params[at].decoded(tensor_scale_);
      for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
        for (std::int64_t j = b.col; j < b.col + b.cols; ++j) round_element(i, j, p);
    });
  }

  /// The gradients, where `slope` is that of the loss by w'. After round().
  void differentiate(const eigen_matrix& slope) {
    offset_gradient = slope.cwiseProduct(gap_);
    each_block([&](const block_extent& b) { differentiate_block(b, slope); });
  }

  /// One step of signed descent; shares stay in [least, 1].
  void step(float rate, float share_rate, float least) {
    const auto sign = [](auto x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; };
    offset = (offset - rate * offset_gradient.unaryExpr(sign)).cwiseMax(-0.5f).cwiseMin(0.5f);
    for (std::size_t b = 0; b < high_share.size(); ++b) {
      low_share[b] = std::clamp(low_share[b] - share_rate * sign(low_gradient[b]), least, 1.0f);
      high_share[b] = std::clamp(high_share[b] - share_rate * sign(high_gradient[b]), least, 1.0f);
    }
  }

 private:
  template<class F>
  void each_block(F&& f) const {
    for_each_block(grid_, weight_.rows(), weight_.cols(), f);
  }

  void round_element(std::int64_t i, std::int64_t j, const qparams<P>& p) {
    const float w = weight_(i, j);
    const code_pair pair = neighbours<P>(w, p, element_rounding<P>(first_ + i, j));
    const bool up = pair.has_choice() && pair.position(w) + offset(i, j) > 0.5f;
    raw[static_cast<std::size_t>(i * weight_.cols() + j)] = up ? pair.high : pair.low;
    error(i, j) = (up ? pair.high_real : pair.low_real) - w;
    gap_(i, j) = pair.high_real - pair.low_real;
  }

  // dw'/dscale is (w' - w) / scale between codes; dw'/dedge is 1 beyond them.
  void differentiate_block(const block_extent& b, const eigen_matrix& slope) {
    const auto at = static_cast<std::size_t>(b.index);
    double by_scale = 0;  // sum of slope dw'/dscale, times the scale
    double by_low = 0;
    double by_high = 0;
    for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
      for (std::int64_t j = b.col; j < b.col + b.cols; ++j) {
        const double g = static_cast<double>(slope(i, j));
        const double e = static_cast<double>(error(i, j));
        const double real = e + static_cast<double>(weight_(i, j));
        if (gap_(i, j) != 0.0f)
          by_scale += g * e;
        else if (clip_edges<P>::tied)
          by_scale += g * real;
        else
          (e < 0 ? by_high : by_low) += g;
      }
    const clip_edges<P>& edges = edges_[at];
    if constexpr (clip_edges<P>::tied) {
      high_gradient[at] = by_scale / static_cast<double>(high_share[at]);
    } else {
      const bool has_zero = !clip_edges<P>::centred;
      const double top = std::max(static_cast<double>(edges.high_slope()), has_zero ? 0.0 : -1e300);
      const double bottom =
          std::min(static_cast<double>(edges.low_slope()), has_zero ? 0.0 : 1e300);
      const value_range cut = edges.cut(low_share[at], high_share[at]);
      const value_range used = has_zero ? cut.with_zero() : cut;
      const double width = static_cast<double>(used.max) - static_cast<double>(used.min);
      const double by_width = width > 0 ? by_scale / width : 0.0;
      high_gradient[at] = top * (by_high + by_width);
      low_gradient[at] = bottom * (by_low - by_width);
    }
  }

  std::int64_t first_;
  float tensor_scale_;
  eigen_matrix weight_;
  eigen_matrix gap_;  // between the two codes; 0 beyond the last
  block_grid grid_;
  std::vector<clip_edges<P>> edges_;
};

/// AutoRound on the output error of the layer, all samples at once and so without chance. Clips
/// start where a search that weighs errors by the energy of their column finds them. Each band of
/// rows that shares scales keeps the best seen, and plain rounding where nothing is better.
struct autoround {
  static constexpr short_name name = "autoround";
  static constexpr bool needs_inputs = true;

  int iterations = 200;
  float learning_rate = 0.0f;  ///< of offsets and clips, falling to 0; 0: 1 / iterations
  bool learn_clip = true;      ///< else the whole range is kept
  float least_share = 0.5f;    ///< of the range that a clip keeps, in (0, 1]
  executor_ref executor{};     ///< rows are split; the result does not depend on it

  /// Errors: those of check_samples; invalid_argument for an option; overflow, out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    if (const status s = check(); !s.ok()) return s;
    const block_grid grid = make_block_grid(layer.weight.rows, layer.weight.cols,
                                            P::granularity::block_rows, P::granularity::block_cols);
    const std::vector<float> column_weight = input_shares(layer, true);
    return learn_rounding<P>(
        layer, {.executor = executor}, grid.block_rows,
        [&](const auto& metric, auto& q, std::int64_t first, std::int64_t rows) {
          learn_rows<P>(layer.weight, metric, column_weight.data(), q, first, rows);
        });
  }

 private:
  status check() const {
    if (iterations < 0)
      return mismatch("iterations", "number of iterations", -1, 0, iterations,
                      error_code::invalid_argument);
    if (!(learning_rate >= 0 && is_finite(learning_rate)))
      return failure(error_code::invalid_argument, "learning_rate", "it is negative or not finite");
    if (!(least_share > 0 && least_share <= 1))
      return failure(error_code::invalid_argument, "least_share", "it lies outside (0, 1]");
    return {};
  }

  // What a band needs to be written: of the iteration at which its output error was least.
  template<QuantPolicy P>
  struct best_seen {
    Eigen::VectorXd errors;  // by band
    eigen_matrix error;
    std::vector<std::uint8_t> raw;
    std::vector<stored_params<P>> params;
  };

  template<QuantPolicy P>
  void learn_rows(matrix_view<const float> weight, const output_metric& metric,
                  const float* column_weight, QTensor<P>& q, std::int64_t first,
                  std::int64_t rows) const {
    rounding_offsets<P> state(weight, first, rows, q.tensor_scale());
    if (learn_clip && iterations > 0)
      state.search_shares({.steps = 20, .least = least_share}, column_weight);
    best_seen<P> best;
    const float rate =
        learning_rate > 0 ? learning_rate : 1.0f / static_cast<float>(std::max(1, iterations));
    for (int t = 0; t <= iterations; ++t) {
      state.round();
      const eigen_matrix product = metric.times(state.error);
      keep_best(by_band(output_metric::row_errors(state.error, product), state.grid()), state,
                best);
      if (t == iterations) break;
      state.differentiate(product);  // half the gradient: only its sign is used
      const float now = rate * static_cast<float>(iterations - t) / static_cast<float>(iterations);
      state.step(now, learn_clip ? now : 0.0f, least_share);
    }
    store_better(metric, nearest_error(weight, q, first, rows), best, state.grid(), q, first);
  }

  static Eigen::VectorXd by_band(const Eigen::VectorXd& rows, const block_grid& grid) {
    Eigen::VectorXd sums = Eigen::VectorXd::Zero(grid.rows);
    for (Eigen::Index i = 0; i < rows.size(); ++i) sums(i / grid.block_rows) += rows(i);
    return sums;
  }

  template<QuantPolicy P>
  static void keep_best(const Eigen::VectorXd& errors, const rounding_offsets<P>& state,
                        best_seen<P>& best) {
    if (best.errors.size() == 0) {
      best = {errors, state.error, state.raw, state.params};
      return;
    }
    const block_grid& grid = state.grid();
    const std::int64_t k = state.error.cols();
    for (std::int64_t b = 0; b < grid.rows; ++b) {
      if (!(errors(b) < best.errors(b))) continue;
      best.errors(b) = errors(b);
      const std::int64_t row = b * grid.block_rows;
      const std::int64_t rows = std::min(grid.block_rows, state.error.rows() - row);
      best.error.middleRows(row, rows) = state.error.middleRows(row, rows);
      std::copy_n(state.raw.begin() + row * k, rows * k, best.raw.begin() + row * k);
      std::copy_n(state.params.begin() + b * grid.cols, grid.cols,
                  best.params.begin() + b * grid.cols);
    }
  }

  template<QuantPolicy P>
  static eigen_matrix nearest_error(matrix_view<const float> weight, const QTensor<P>& q,
                                    std::int64_t first, std::int64_t rows) {
    eigen_matrix error(rows, weight.cols);
    const QTensorView<P> view = q.view();
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < weight.cols; ++j)
        error(i, j) = decode_element<P>(view.code_at(first + i, j), view.params_at(first + i, j)) -
                      weight(first + i, j);
    return error;
  }

  // Writes the bands whose exact error is below that of what q holds.
  template<QuantPolicy P>
  static void store_better(const output_metric& metric, const eigen_matrix& plain_error,
                           const best_seen<P>& best, const block_grid& grid, QTensor<P>& q,
                           std::int64_t first) {
    const Eigen::VectorXd plain = by_band(metric.exact_row_errors(plain_error), grid);
    const Eigen::VectorXd learned = by_band(metric.exact_row_errors(best.error), grid);
    const QTensorSpan<P> to = q.span();
    const std::int64_t k = q.cols();
    for (std::int64_t b = 0; b < grid.rows; ++b) {
      if (!is_clearly_less(learned(b), plain(b))) continue;
      for (std::int64_t c = b * grid.cols; c < (b + 1) * grid.cols; ++c)
        store_params(to, first / grid.block_rows * grid.cols + c,
                     best.params[static_cast<std::size_t>(c)]);
      const std::int64_t end = std::min((b + 1) * grid.block_rows, best.error.rows());
      for (std::int64_t i = b * grid.block_rows; i < end; ++i)
        for (std::int64_t j = 0; j < k; ++j)
          store_code<P::format::bits>(to.codes + (first + i) * to.layout.row_bytes, j,
                                      best.raw[static_cast<std::size_t>(i * k + j)]);
    }
  }
};

static_assert(Method<autoround>);

}  // namespace qtl::inline v0
