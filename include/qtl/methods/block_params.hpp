// SPDX-License-Identifier: Apache-2.0
// qtl/methods/block_params.hpp - parameters of a block that are searched for instead of taken from its range.
// Holds: clip_options, clipped_range<S>, block_error<P>, search_share<P>, search_clip<P>, quantize_blocks<P>. Methods that choose each
// block by itself are one lambda over quantize_blocks. Not here: choices column by column
// (column_quantizer.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "qtl/base/executor.hpp"
#include "qtl/methods/method.hpp"
#include "qtl/ops/blocks.hpp"
#include "qtl/ops/quantize.hpp"

namespace qtl::inline v0 {

/// A search over how much of a block's range to keep: shares 1, ..., `least` in `steps` equal
/// steps.
struct clip_options {
  int steps = 40;      ///< at least 1
  float least = 0.8f;  ///< in (0, 1]
  double norm = 2.0;   ///< the error is the sum of |w - w'|^norm; 2 or 2.4 as a rule
};

/// ok, or invalid_argument naming the member outside its documented range.
inline status check_clip(const clip_options& clip) {
  if (clip.steps < 1)
    return mismatch("clip.steps", "number of steps", -1, 1, clip.steps,
                    error_code::invalid_argument);
  if (!(clip.least > 0.0f) || clip.least > 1.0f)
    return failure(error_code::invalid_argument, "clip.least",
                   "the least share of the range lies outside (0, 1]");
  if (!(clip.norm > 0.0) || std::isinf(clip.norm))
    return failure(error_code::invalid_argument, "clip.norm",
                   "the norm of the error is not a positive number");
  return {};
}

/// The range shrunk to a share of its width: about 0, or about its middle under schemes that do not
/// extend the range to 0.
template<Scheme S>
constexpr value_range clipped_range(value_range range, float share) {
  if constexpr (S::zero_point == zero_point_kind::wide || S::zero_point == zero_point_kind::shift) {
    const float cut_low = range.min / 2.0f * (1.0f - share);
    const float cut_high = range.max / 2.0f * (1.0f - share);
    return {range.min - cut_low + cut_high, range.max - cut_high + cut_low};
  } else {
    return {range.min * share, range.max * share};
  }
}

/// Whether two blocks would be stored alike.
template<QuantPolicy P>
constexpr bool same_params(const stored_params<P>& a, const stored_params<P>& b) {
  return a.scale == b.scale && a.offset == b.offset;
}

/// Calls f(reals, quantized, count, row, column) for runs of a block that is quantized with
/// parameters p. Precondition: x.col_stride is 1.
template<QuantPolicy P, class F>
void for_each_quantized_run(matrix_view<const float> x, const block_extent& b, const qparams<P>& p,
                            F&& f) {
  std::array<raw_code<typename P::format>, run_chunk> raw;
  std::array<float, run_chunk> real;
  for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
    for (std::int64_t c = 0; c < b.cols; c += run_chunk) {
      const std::int64_t n = b.cols - c < run_chunk ? b.cols - c : run_chunk;
      const std::int64_t j = b.col + c;
      const float* from = x.data + i * x.row_stride + j;
      encode_chunk<P>(from, n, p, i, j, raw.data());
      decode_chunk<P>(raw.data(), n, p, real.data());
      f(from, real.data(), n, i, j);
    }
}

/// sum weight[j] |x(i, j) - x'(i, j)|^norm over a block of x quantized with parameters p; weights
/// are 1 where `column_weight` is null, and else one per column of x.
template<QuantPolicy P>
double block_error(matrix_view<const float> x, const block_extent& b, const qparams<P>& p,
                   double norm, const float* column_weight = nullptr) {
  double sum = 0;
  for_each_quantized_run<P>(
      x, b, p, [&](const float* w, const float* q, std::int64_t n, std::int64_t, std::int64_t j) {
        for (std::int64_t c = 0; c < n; ++c) {
          const double d = std::fabs(static_cast<double>(w[c]) - static_cast<double>(q[c]));
          const double e = norm == 2.0 ? d * d : std::pow(d, norm);
          sum += column_weight == nullptr ? e : e * static_cast<double>(column_weight[j + c]);
        }
      });
  return sum;
}

/// What a search for a block's clip found.
template<QuantPolicy P>
struct found_clip {
  stored_params<P> params;
  float share = 1.0f;  ///< of the range that is kept
};

/// The clip of block b of x with the least block_error among the shares of its range; the whole
/// range where nothing is better. Precondition: as for_each_quantized_run, all values finite.
template<QuantPolicy P>
found_clip<P> search_share(matrix_view<const float> x, const block_extent& b, float tensor_scale,
                           const clip_options& clip, const float* column_weight = nullptr) {
  const value_range range = scan_range(block_of(x, b)).range();
  found_clip<P> best{choose_stored<P>(range, tensor_scale)};
  if constexpr (is_unscaled<typename P::scheme>) return best;
  if (range.amax() == 0.0f) return best;
  stored_params<P> last = best.params;
  double least = block_error<P>(x, b, last.decoded(tensor_scale), clip.norm, column_weight);
  for (int step = 1; step <= clip.steps; ++step) {
    const float cut =
        (1.0f - clip.least) * static_cast<float>(step) / static_cast<float>(clip.steps);
    const stored_params<P> next =
        choose_stored<P>(clipped_range<typename P::scheme>(range, 1.0f - cut), tensor_scale);
    if (same_params(next, last)) continue;  // coarse scales repeat
    last = next;
    const double error = block_error<P>(x, b, next.decoded(tensor_scale), clip.norm, column_weight);
    if (!(error < least)) continue;
    least = error;
    best = {next, 1.0f - cut};
  }
  return best;
}

/// The parameters that search_share finds.
template<QuantPolicy P>
stored_params<P> search_clip(matrix_view<const float> x, const block_extent& b, float tensor_scale,
                             const clip_options& clip, const float* column_weight = nullptr) {
  return search_share<P>(x, b, tensor_scale, clip, column_weight).params;
}

/// x as a tensor of policy P with the parameters choose(block_extent, tensor_scale) gives to each
/// block. Rows of blocks go to the executor. Preconditions: x.col_stride is 1, all values finite.
/// Errors: overflow, out_of_memory.
template<QuantPolicy P, class F>
result<QTensor<P>> quantize_blocks(matrix_view<const float> x, const executor_ref& executor,
                                   F&& choose) {
  result<QTensor<P>> q = QTensor<P>::make(x.rows, x.cols);
  if (!q.ok()) return q;
  q->set_tensor_scale(tensor_scale_of<P>(x));
  const QTensorSpan<P> to = q->span();
  const block_grid& grid = to.layout.grid;
  executor.parallel_for(grid.rows, [&](std::int64_t bi) {
    const std::int64_t row = bi * grid.block_rows;
    const std::int64_t rows = std::min(grid.block_rows, x.rows - row);
    block_grid one_row = grid;
    one_row.rows = 1;
    for_each_block(one_row, rows, x.cols, [&](block_extent b) {
      b.index += bi * grid.cols;
      b.row += row;
      const stored_params<P> stored = choose(b, to.tensor_scale);
      store_params(to, b.index, stored);
      encode_block(x, b, stored.decoded(to.tensor_scale), to);
    });
  });
  return q;
}

/// The parameters that plain rounding to nearest gives to block b of x.
template<QuantPolicy P>
stored_params<P> nearest_params(matrix_view<const float> x, const block_extent& b,
                                float tensor_scale) {
  return choose_stored<P>(scan_range(block_of(x, b)).range(), tensor_scale);
}

}  // namespace qtl::inline v0
