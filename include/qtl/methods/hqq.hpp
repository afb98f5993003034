// SPDX-License-Identifier: Apache-2.0
// qtl/methods/hqq.hpp - parameters fitted to the weight alone, outliers discounted; no data needed.
// Holds: hqq. After Badri and Shaji, "Half-Quadratic Quantization of Large Machine Learning Models", 2023:
// min sum |W - W'|^p through an auxiliary error e = shrink(W - W'), then a closed-form step on the
// parameters.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <vector>

#include "qtl/methods/better_bands.hpp"
#include "qtl/methods/block_params.hpp"

namespace qtl::inline v0 {

/// The scale nearest to `scale` that P can store for a block.
template<QuantPolicy P>
constexpr stored_scale<typename P::scale::format> nearest_stored_scale(float scale,
                                                                       float tensor_scale) {
  using scale_format = typename P::scale::format;
  if constexpr (std::same_as<scale_format, e8m0>)
    return e8m0::encode(scale);
  else
    return store_scale<scale_format>(P::scale::two_levels ? scale / tensor_scale : scale);
}

/// Half-quadratic quantization, block by block. Each step quantizes, takes the error to be
/// explained away as e = shrink(W - W'), shrink(x) = sign(x) max(0, |x| - |x|^(p-1) / beta), and
/// fits to W - e:
/// - float-shift policies: the shift, mean(scale * code - (W - e)); the scale stays;
/// - policies with an integer zero point: it, mean(code - (W - e) / scale) rounded and clamped to
///   what P stores, and, since most such steps round to nothing, the scale by least squares, by
///   turns;
/// - symmetric policies of any format: the scale by least squares, rounded to how P stores it.
/// beta grows by kappa. Errors are measured in steps of the block's first scale, so that the unit
/// of the weights does not matter. It ends when the objective, sum |W - W'|^p, stops falling. Kept
/// are the parameters with the least squared error met on the way: their objective is below that of
/// round to nearest or they are its own, and neither error is ever above its. (The last parameters
/// met have the least objective, but clip weights that outputs may well depend on.)
/// Where the layer has inputs, that squared error weighs each column with their energy, and bands
/// of rows are rounded plainly where that is better: the output error on them, instead of the
/// squared error, is never above that of round to nearest.
struct hqq {
  static constexpr short_name name = "hqq";
  static constexpr bool needs_inputs = false;

  int iterations = 20;      ///< at most
  double p = 0.7;           ///< in (0, 1]: 1 shrinks by a constant, less spares large errors
  double beta = 10.0;       ///< weight of the constraint, in steps of the scale
  double kappa = 1.01;      ///< its growth per iteration
  executor_ref executor{};  ///< blocks are independent; the result does not depend on it

  /// Errors: not_finite naming row and column of the weight, invalid_argument for an option out of
  /// range, overflow, out_of_memory; where there are inputs, those of check_samples.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    const bool informed = layer.inputs.rows != 0;
    if (const status s = check_samples(layer, informed); !s.ok()) return s;
    if (iterations < 0 || !(p > 0) || p > 1 || !(beta > 0) || !(kappa >= 1))
      return failure(error_code::invalid_argument, "options",
                     "expected iterations >= 0, 0 < p <= 1, beta > 0 and kappa >= 1");
    const eigen_matrix weight = to_eigen(layer.weight);
    const matrix_view<const float> w = view_of(weight);
    const std::vector<float> shares = input_shares(layer, informed);
    const float* column_weight = informed ? shares.data() : nullptr;
    result<QTensor<P>> q =
        quantize_blocks<P>(w, executor, [&](const block_extent& b, float tensor_scale) {
          return fit<P>(w, b, tensor_scale, column_weight);
        });
    if (!q.ok()) return q.why();
    method_result<P> out;
    out.weight = *std::move(q);
    if (informed)
      if (const status s = keep_plain_bands(layer, out, executor); !s.ok()) return s;
    return out;
  }

  /// The objective of a tensor for the weight it stands for: the sum over blocks of
  /// sum |W - W'|^p. Preconditions: as for_each_quantized_run; q has been rounded to nearest with
  /// its own parameters.
  template<QuantPolicy P>
  double objective(matrix_view<const float> w, const QTensor<P>& q) const {
    double sum = 0;
    for_each_block(q.layout().grid, w.rows, w.cols, [&](const block_extent& b) {
      if (b.rows != 0) sum += block_error<P>(w, b, q.view().block_params(b.index), p);
    });
    return sum;
  }

 private:
  // Which parameter a step moves.
  enum class part : std::uint8_t { scale, offset };

  template<QuantPolicy P>
  stored_params<P> fit(matrix_view<const float> w, const block_extent& b, float tensor_scale,
                       const float* column_weight) const {
    const stored_params<P> plain = nearest_params<P>(w, b, tensor_scale);
    if constexpr (is_unscaled<typename P::scheme>) return plain;
    if (scan_range(block_of(w, b)).range().amax() == 0.0f) return plain;
    constexpr zero_point_kind kind = P::scheme::zero_point;
    constexpr bool has_zero_point =
        kind == zero_point_kind::integer || kind == zero_point_kind::wide;
    const double unit = std::fabs(static_cast<double>(plain.decoded(tensor_scale).scale));
    double least = block_error<P>(w, b, plain.decoded(tensor_scale), 2.0, column_weight);
    stored_params<P> current = plain;
    stored_params<P> best = plain;
    double last = block_error<P>(w, b, plain.decoded(tensor_scale), p);
    double weight = beta;
    int failed = 0;  // parts in a row whose step did not lower the objective
    constexpr int parts = has_zero_point ? 2 : 1;
    for (int step = 0; step < iterations && failed < parts; ++step, weight *= kappa) {
      const part moves = kind == zero_point_kind::none || (has_zero_point && step % 2 == 1)
                             ? part::scale
                             : part::offset;
      const stored_params<P> next = stepped<P>(w, b, current, tensor_scale, {moves, weight, unit});
      const double objective = block_error<P>(w, b, next.decoded(tensor_scale), p);
      if (!(objective < last)) {
        ++failed;
        continue;
      }
      failed = 0;
      last = objective;
      current = next;
      const double squared = block_error<P>(w, b, next.decoded(tensor_scale), 2.0, column_weight);
      if (squared < least) {
        least = squared;
        best = next;
      }
    }
    return best;
  }

  struct step_options {
    part moves;
    double weight;  // beta by now
    double unit;    // errors are divided by it
  };

  double shrunk(double error, const step_options& how) const {
    const double x = std::fabs(error) / how.unit;
    if (x == 0) return 0;
    const double left = x - std::pow(x, p - 1.0) / how.weight;
    return left > 0 ? std::copysign(left * how.unit, error) : 0.0;
  }

  // One closed-form step. Sums run over t = W - e and v, what a code is worth at scale 1.
  template<QuantPolicy P>
  stored_params<P> stepped(matrix_view<const float> w, const block_extent& b,
                           const stored_params<P>& from, float tensor_scale,
                           const step_options& how) const {
    const qparams<P> params = from.decoded(tensor_scale);
    const double scale = static_cast<double>(params.scale);
    const double shift = static_cast<double>(params.shift());
    double tv = 0, vv = 0, offset = 0;
    for_each_quantized_run<P>(
        w, b, params,
        [&](const float* x, const float* q, std::int64_t n, std::int64_t, std::int64_t) {
          for (std::int64_t c = 0; c < n; ++c) {
            const double real = static_cast<double>(x[c]);
            const double t = real - shrunk(real - static_cast<double>(q[c]), how);
            const double v = (static_cast<double>(q[c]) + shift) / scale;
            tv += t * v;
            vv += v * v;
            offset += v - t / scale;
          }
        });
    offset /= static_cast<double>(b.rows * b.cols);
    stored_params<P> next = from;
    if (how.moves == part::scale) {
      const auto fitted = static_cast<float>(tv / vv);
      if (is_finite(fitted) && fitted * params.scale > 0.0f)
        next.scale = nearest_stored_scale<P>(fitted, tensor_scale);
    } else {
      next.offset = moved_offset<P>(from.offset, offset, scale);
    }
    return next;
  }

  // `offset` is in steps: how far codes lie above t for shifts, and above the zero point for those.
  template<QuantPolicy P>
  static offset_type<P> moved_offset(offset_type<P> from, double offset, double scale) {
    if constexpr (P::scheme::zero_point == zero_point_kind::shift) {
      const auto shift = static_cast<float>(offset * scale);
      return is_finite(shift) ? shift : from;
    } else if constexpr (P::scheme::zero_point == zero_point_kind::none) {
      return from;
    } else {
      constexpr bool wide = P::scheme::zero_point == zero_point_kind::wide;
      const double low = wide ? -0x1p30 : static_cast<double>(P::format::qmin);
      const double high = wide ? 0x1p30 : static_cast<double>(P::format::qmax);
      const double moved = std::nearbyint(static_cast<double>(from) + offset);
      return static_cast<offset_type<P>>(moved < low ? low : moved > high ? high : moved);
    }
  }
};

static_assert(Method<hqq>);

}  // namespace qtl::inline v0
