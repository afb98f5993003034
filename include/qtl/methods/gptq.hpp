// SPDX-License-Identifier: Apache-2.0
// qtl/methods/gptq.hpp - columns are quantized one by one, and those still open make up for each one's error.
// Holds: gptq. After Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
// Transformers", 2022: second-order errors through the Cholesky factor of the inverse Hessian, in
// blocks of columns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/methods/block_params.hpp"
#include "qtl/methods/column_quantizer.hpp"
#include "qtl/methods/gram.hpp"
#include "qtl/methods/output_metric.hpp"
#include "qtl/methods/rtn.hpp"

namespace qtl::inline v0 {

/// The walk of GPTQ over one layer: which column comes when, and where its parameters come from.
/// "Position" counts columns in the order of the walk.
template<QuantPolicy P>
class gptq_walk {
 public:
  /// How the blocks of P are met.
  struct settings {
    std::int64_t block_size = 128;  ///< columns between two updates of all the rest
    bool params_first = false;      ///< parameters of all blocks from the original weight
    bool stored_permuted = false;   ///< column `position` of the result is column order[position]
    const clip_options* clip = nullptr;  ///< null: the whole range
  };

  /// Takes the weight, its dead columns already zero, in the layer's own column order.
  gptq_walk(column_quantizer<P>& to, const eigen_matrix& weight,
            const std::vector<std::int64_t>& order, const eigen_matrix& upper, const settings& how)
      : to_(to), original_(weight), order_(order), upper_(upper), how_(how),
        moved_(weight.rows(), weight.cols()) {
    to_.set_tensor_scale(scan_range(view_of(weight)).range());
    for (std::int64_t p = 0; p < cols(); ++p) moved_.col(p) = weight.col(order[index(p)]);
  }

  /// Quantizes everything; rows go to the executor in fixed chunks. Returns the second-order error.
  double run(const executor_ref& executor) {
    if (how_.params_first)
      executor.parallel_for(to_.grid().rows, [&](std::int64_t bi) {
        for (std::int64_t bj = 0; bj < to_.grid().cols; ++bj)
          set_params(view_of(original_), bi, bj);
      });
    // A chunk holds whole blocks, unless their parameters are known already.
    const std::int64_t unit = how_.params_first ? 1 : to_.grid().block_rows;
    const std::int64_t chunk = ceil_div(chunk_rows, unit) * unit;
    std::vector<double> errors(index(ceil_div(rows(), chunk)), 0.0);
    executor.parallel_for(ceil_div(rows(), chunk), [&](std::int64_t c) {
      errors[index(c)] = run_rows(c * chunk, std::min(rows(), (c + 1) * chunk));
    });
    return std::accumulate(errors.begin(), errors.end(), 0.0);
  }

 private:
  static constexpr std::int64_t chunk_rows = 128;

  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::int64_t rows() const { return original_.rows(); }
  std::int64_t cols() const { return original_.cols(); }

  void set_params(matrix_view<const float> source, std::int64_t bi, std::int64_t bj) {
    const block_grid& grid = to_.grid();
    const std::int64_t row = bi * grid.block_rows;
    const std::int64_t col = bj * grid.block_cols;
    const block_extent b{bi * grid.cols + bj, row, std::min(grid.block_rows, rows() - row), col,
                         std::min(grid.block_cols, cols() - col)};
    to_.set_stored(b.index, how_.clip != nullptr
                                ? search_clip<P>(source, b, to_.tensor_scale(), *how_.clip)
                                : nearest_params<P>(source, b, to_.tensor_scale()));
  }

  // The end of the column block that begins at `first`. Where blocks of P are set as they are met,
  // one that starts inside a column block also ends there: its parameters then see every update.
  std::int64_t block_end(std::int64_t first) const {
    std::int64_t end = first + how_.block_size;
    const std::int64_t group = to_.grid().block_cols;
    if (!how_.params_first)
      end = group < how_.block_size ? first + how_.block_size / group * group
                                    : std::min(end, (first / group + 1) * group);
    return std::min(end, cols());
  }

  double run_rows(std::int64_t row, std::int64_t row_end) {
    double total = 0;
    eigen_matrix errors(row_end - row, std::min(how_.block_size, cols()));
    for (std::int64_t first = 0; first < cols();) {
      const std::int64_t end = block_end(first);
      total += run_block(row, row_end, first, end, errors);
      const std::int64_t rest = cols() - end;
      if (rest > 0)
        moved_.block(row, end, row_end - row, rest).noalias() -=
            errors.leftCols(end - first) * upper_.block(first, end, end - first, rest);
      first = end;
    }
    return total;
  }

  // Columns [first, end) of some rows. Runs that share parameters are finished row by row.
  double run_block(std::int64_t row, std::int64_t row_end, std::int64_t first, std::int64_t end,
                   eigen_matrix& errors) {
    const block_grid& grid = to_.grid();
    double total = 0;
    for (std::int64_t p = first; p < end;) {
      std::int64_t stop = end;
      if (!how_.params_first) {
        stop = std::min(end, (p / grid.block_cols + 1) * grid.block_cols);
        if (p % grid.block_cols == 0)
          for (std::int64_t bi = row / grid.block_rows; bi * grid.block_rows < row_end; ++bi)
            set_params(view_of(moved_), bi, p / grid.block_cols);
      }
      for (std::int64_t i = row; i < row_end; ++i)
        total += run_row(i, p, stop, end, errors.data() + (i - row) * errors.cols() + (p - first));
      p = stop;
    }
    return total;
  }

  // Positions [p, stop) of row i; what is open up to `end` is updated at once.
  double run_row(std::int64_t i, std::int64_t p, std::int64_t stop, std::int64_t end,
                 float* errors) {
    double total = 0;
    float* w = moved_.data() + i * cols();
    for (; p < stop; ++p) {
      const float* u = upper_.data() + p * cols();
      const float q = to_.put(i, how_.stored_permuted ? p : order_[index(p)], w[p]);
      const float e = (w[p] - q) / u[p];
      for (std::int64_t r = p + 1; r < end; ++r) w[r] -= e * u[r];
      *errors++ = e;
      total += static_cast<double>(e) * static_cast<double>(e);
    }
    return total;
  }

  column_quantizer<P>& to_;
  const eigen_matrix& original_;
  const std::vector<std::int64_t>& order_;
  const eigen_matrix& upper_;
  settings how_;
  eigen_matrix moved_;  // the weight in the order of the walk, updated as it goes
};

/// GPTQ, for every policy. H = X^T X in units of its mean live diagonal (any factor gives the same
/// codes), plus `damp`. Columns whose inputs are all zero get weight 0 and diagonal 1. Parameters
/// of a block are chosen when its first column is reached, from the weights as updated by then;
/// those of per_tensor and per_channel policies, and of all with static_groups, beforehand from the
/// original weight. The result is round to nearest, and `note` says so, where no damping makes H
/// positive definite, where all inputs are zero, and where that is the better layer on the inputs.
struct gptq {
  static constexpr short_name name = "gptq";
  static constexpr bool needs_inputs = true;

  std::int64_t block_size = 128;  ///< columns per block; speed only
  double damp = 0.01;             ///< added to H's diagonal, as a share of its mean
  bool act_order = false;         ///< columns of large inputs first; without static_groups, groups
                                  ///< are formed in that order and input_order is set
  bool static_groups = false;     ///< blocks keep the layer's column order
  bool clip_search = false;       ///< search the clip of each block, as rtn does
  clip_options clip{};            ///< how
  bool compare_with_rtn = true;   ///< return round to nearest where its output error is less
  executor_ref executor{};        ///< rows are independent; the result does not depend on it

  /// Errors: those of check_samples; invalid_argument for an option out of range; overflow,
  /// out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_options(layer); !s.ok()) return s;
    const std::vector<double> energy = input_energy(layer.inputs);
    const double unit = mean_energy(energy);
    if (layer.weight.size() == 0) return round_to_nearest<P>(layer, {});
    if (unit == 0) return round_to_nearest<P>(layer, "rounded to nearest: all inputs are zero");

    const std::vector<std::int64_t> order = column_order(energy);
    const inverse_factor factor = factor_of(layer.inputs, energy, unit, order);
    if (!factor.ok())
      return round_to_nearest<P>(layer, "rounded to nearest: the Cholesky factorization failed");
    eigen_matrix weight = to_eigen(layer.weight);
    for (std::int64_t j = 0; j < layer.weight.cols; ++j)
      if (energy[static_cast<std::size_t>(j)] == 0) weight.col(j).setZero();

    result<column_quantizer<P>> to = column_quantizer<P>::make(weight.rows(), weight.cols());
    if (!to.ok()) return to.why();
    const bool one_block_column = to->grid().cols == 1;
    const bool params_first = static_groups || one_block_column;
    const bool permuted = act_order && !params_first;
    gptq_walk<P> walk(*to, weight, order, factor.upper,
                      {block_size, params_first, permuted, clip_search ? &clip : nullptr});
    const double error = walk.run(executor);
    if (!std::isfinite(error))
      return round_to_nearest<P>(layer,
                                 "rounded to nearest: updated weights left the range of f32");
    method_result<P> out;
    out.weight = to->take();
    if (permuted) out.input_order = order;
    if (factor.raised != 0) {
      if (damp > 0)
        out.note.append("damping raised tenfold");
      else
        out.note.append("damping raised from 0 to 1e-3, then tenfold");
      out.note.append(", failures: ").append(factor.raised);
    }
    if (compare_with_rtn)
      if (const status s = keep_better(layer, out); !s.ok()) return s;
    return out;
  }

 private:
  status check_options(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    if (block_size < 1)
      return mismatch("block_size", "number of columns", -1, 1, block_size,
                      error_code::invalid_argument);
    if (!(damp >= 0.0) || std::isinf(damp))
      return failure(error_code::invalid_argument, "damp", "the damping is negative or not finite");
    return check_clip(clip);
  }

  std::vector<std::int64_t> column_order(const std::vector<double>& energy) const {
    std::vector<std::int64_t> order(energy.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    if (act_order)
      std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        const double x = energy[static_cast<std::size_t>(a)];
        const double y = energy[static_cast<std::size_t>(b)];
        return x != y ? x > y : a < b;
      });
    return order;
  }

  inverse_factor factor_of(matrix_view<const float> inputs, const std::vector<double>& energy,
                           double unit, const std::vector<std::int64_t>& order) const {
    const std::vector<std::int64_t> last_first(order.rbegin(), order.rend());
    Eigen::MatrixXd reversed = input_gram(inputs, last_first.data(), unit, executor);
    for (std::size_t j = 0; j < last_first.size(); ++j)
      if (energy[static_cast<std::size_t>(last_first[j])] == 0)
        reversed(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(j)) = 1.0;
    return factor_inverse(std::move(reversed), damp, executor);
  }

  template<QuantPolicy P>
  result<method_result<P>> round_to_nearest(const layer_samples& layer,
                                            std::string_view why) const {
    result<method_result<P>> out =
        rtn{.clip_search = clip_search, .clip = clip, .executor = executor}.apply<P>(layer);
    if (out.ok()) out->note.append(why);
    return out;
  }

  // What is left of the weight in the layer's column order, and its error on the inputs.
  template<QuantPolicy P>
  static result<double> error_of(const output_metric& inputs, const eigen_matrix& weight,
                                 const method_result<P>& quantized) {
    const result<matrix<float>> reals = try_dequantize<P>(quantized.weight.view());
    if (!reals.ok()) return reals.why();
    eigen_matrix left = weight;
    for (std::int64_t j = 0; j < weight.cols(); ++j) {
      const std::int64_t at =
          quantized.input_order.empty() ? j : quantized.input_order[static_cast<std::size_t>(j)];
      for (std::int64_t i = 0; i < weight.rows(); ++i) left(i, at) -= (*reals)(i, j);
    }
    return inputs.squared(left);
  }

  // Puts round to nearest in the place of `ours` where it is better on the inputs.
  template<QuantPolicy P>
  status keep_better(const layer_samples& layer, method_result<P>& ours) const {
    result<method_result<P>> plain =
        round_to_nearest<P>(layer, "rounded to nearest, which is better on these inputs");
    if (!plain.ok()) return plain.why();
    const eigen_matrix weight = to_eigen(layer.weight);
    const output_metric inputs(layer.inputs, executor);
    const result<double> our_error = error_of(inputs, weight, ours);
    if (!our_error.ok()) return our_error.why();
    const result<double> plain_error = error_of(inputs, weight, *plain);
    if (!plain_error.ok()) return plain_error.why();
    if (*plain_error < *our_error) ours = *std::move(plain);
    return {};
  }
};

static_assert(Method<gptq>);

}  // namespace qtl::inline v0
