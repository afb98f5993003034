// SPDX-License-Identifier: Apache-2.0
// examples/common/label_layout.hpp - labels beside points without overlap.
// Points that are close in x share one column of labels to their right; in a column, labels stay as
// near to the height of their points as their own height allows.
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "svg_canvas.hpp"

namespace common {

/// The labels of one column, by ascending y of their points.
struct label_column {
  std::vector<std::size_t> points;
  double right = 0;  ///< the largest x among the points
};

/// Cuts points into columns wherever the next x is more than `reach` away.
inline std::vector<label_column> label_columns(const std::vector<point>& points, double reach) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return points[i].x; });
  std::vector<label_column> columns;
  for (const std::size_t i : order) {
    if (columns.empty() || points[i].x - columns.back().right > reach) columns.emplace_back();
    columns.back().points.push_back(i);
    columns.back().right = points[i].x;
  }
  for (label_column& column : columns)
    std::ranges::sort(column.points, {}, [&](std::size_t i) { return std::pair(points[i].y, i); });
  return columns;
}

/// Heights of labels that want to be at `wanted` (ascending), at least `spacing` apart and within
/// low..high: labels that touch form a block, and a block is centred on the mean of what its labels
/// want.
inline std::vector<double> spread_labels(const std::vector<double>& wanted, double spacing,
                                         double low, double high) {
  struct block {
    double sum = 0;  // of wanted, each less its offset in the block
    double count = 0;
    double top = 0;
  };
  std::vector<block> blocks;
  for (const double y : wanted) {
    blocks.push_back({y, 1, std::clamp(y, low, high)});
    while (blocks.size() > 1) {
      const block& last = blocks.back();
      block& before = blocks[blocks.size() - 2];
      if (before.top + before.count * spacing <= last.top) break;
      before.sum += last.sum - last.count * before.count * spacing;
      before.count += last.count;
      before.top = std::clamp(before.sum / before.count, low,
                              std::max(low, high - (before.count - 1) * spacing));
      blocks.pop_back();
    }
  }
  std::vector<double> heights;
  for (const block& b : blocks)
    for (double i = 0; i < b.count; ++i) heights.push_back(b.top + i * spacing);
  return heights;
}

}  // namespace common
