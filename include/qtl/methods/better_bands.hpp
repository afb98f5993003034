// SPDX-License-Identifier: Apache-2.0
// qtl/methods/better_bands.hpp - two quantized tensors of one weight, and of each band of rows the better one.
// Holds: input_shares, band_errors, keep_better_bands, keep_plain_bands. A band is the rows that share blocks; its output error does not depend on the others.
// Methods that choose without looking at outputs become never worse than round to nearest by it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "qtl/methods/output_metric.hpp"

namespace qtl::inline v0 {

/// The weights of columns' errors for a search that may look at inputs; none where it may not.
inline std::vector<float> input_shares(const layer_samples& layer, bool informed) {
  if (!informed) return {};
  return energy_shares(input_energy(layer.inputs), 0.01);
}

/// The squared output error of every band of q's rows on the layer's inputs. Errors: overflow,
/// out_of_memory.
template<QuantPolicy P>
result<std::vector<double>> band_errors(const layer_samples& layer, const QTensor<P>& q,
                                        const executor_ref& executor) {
  const result<matrix<float>> reals = try_dequantize<P>(q.view());
  if (!reals.ok()) return reals.why();
  const eigen_matrix error = to_eigen(reals->view()) - to_eigen(layer.weight);
  std::vector<double> by_row(static_cast<std::size_t>(error.rows()));
  constexpr std::int64_t chunk = 64;
  executor.parallel_for(ceil_div(error.rows(), chunk), [&](std::int64_t c) {
    const std::int64_t first = c * chunk;
    const eigen_matrix rows = error.middleRows(first, std::min(chunk, error.rows() - first));
    const Eigen::VectorXd errors = exact_row_errors(layer.inputs, rows);
    std::copy_n(errors.data(), errors.size(), by_row.begin() + first);
  });
  const block_grid& grid = q.layout().grid;
  std::vector<double> by_band(static_cast<std::size_t>(grid.rows), 0.0);
  for (std::size_t i = 0; i < by_row.size(); ++i)
    by_band[i / static_cast<std::size_t>(grid.block_rows)] += by_row[i];
  return by_band;
}

/// Puts every band of `plain` whose output error on the layer's inputs is clearly less into the
/// place of `ours`, and says how many. Preconditions: check_samples(layer, true), both are of the
/// layer's weight and have the same tensor scale. Errors: overflow, out_of_memory.
template<QuantPolicy P>
result<std::int64_t> keep_better_bands(const layer_samples& layer, QTensor<P>& ours,
                                       const QTensor<P>& plain, const executor_ref& executor) {
  const result<std::vector<double>> our_errors = band_errors(layer, ours, executor);
  if (!our_errors.ok()) return our_errors.why();
  const result<std::vector<double>> plain_errors = band_errors(layer, plain, executor);
  if (!plain_errors.ok()) return plain_errors.why();
  const QTensorSpan<P> to = ours.span();
  const QTensorView<P> from = plain.view();
  const block_grid& grid = to.layout.grid;
  const auto copy = [](std::byte* out, const std::byte* in, std::int64_t first, std::int64_t end) {
    std::copy(in + first, in + end, out + first);
  };
  std::int64_t replaced = 0;
  for (std::int64_t b = 0; b < grid.rows; ++b) {
    const auto at = static_cast<std::size_t>(b);
    if (!is_clearly_less((*plain_errors)[at], (*our_errors)[at])) continue;
    const std::int64_t end = std::min((b + 1) * grid.block_rows, ours.rows());
    copy(to.codes, from.codes, b * grid.block_rows * to.layout.row_bytes,
         end * to.layout.row_bytes);
    const std::int64_t block = b * grid.cols;
    copy(to.scales, from.scales, block * scale_bytes<P>, (block + grid.cols) * scale_bytes<P>);
    copy(to.offsets, from.offsets, block * offset_bytes<P>, (block + grid.cols) * offset_bytes<P>);
    ++replaced;
  }
  return replaced;
}

/// keep_better_bands with plain rounding as the other; the note says where it was better.
template<QuantPolicy P>
status keep_plain_bands(const layer_samples& layer, method_result<P>& ours,
                        const executor_ref& executor) {
  const result<QTensor<P>> plain = try_quantize<P>(layer.weight);
  if (!plain.ok()) return plain.why();
  const result<std::int64_t> replaced = keep_better_bands(layer, ours.weight, *plain, executor);
  if (!replaced.ok()) return replaced.why();
  if (*replaced != 0)
    ours.note.append("plain rounding was better in ")
        .append(*replaced)
        .append(" of ")
        .append(ours.weight.layout().grid.rows)
        .append(ours.weight.layout().grid.rows == ours.weight.rows() ? " rows" : " bands of rows");
  return {};
}

}  // namespace qtl::inline v0
