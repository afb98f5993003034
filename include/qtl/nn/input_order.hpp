// SPDX-License-Identifier: Apache-2.0
// qtl/nn/input_order.hpp - columns of a layer's input, taken in an order of their own.
// Holds: check_input_order, gather_tokens. For weights whose columns a method has sorted: GPTQ's act-order.
#pragma once

#include <cstdint>
#include <span>

#include "qtl/base/buffer.hpp"
#include "qtl/base/executor.hpp"
#include "qtl/base/views.hpp"

namespace qtl::inline v0 {

/// Whether `order` has each of k columns once. Errors: shape_mismatch for another number of
/// columns; invalid_argument naming the entry that is none of them, or the second of two that are
/// alike; out_of_memory.
inline status check_input_order(std::span<const std::int64_t> order, std::int64_t k) {
  if (static_cast<std::int64_t>(order.size()) != k)
    return mismatch("order", "number of columns", 0, k, static_cast<std::int64_t>(order.size()));
  auto first_at = buffer<std::int64_t>::make(k);  // and 1: where the column stands
  if (!first_at.ok()) return first_at.why();
  for (std::int64_t p = 0; p < k; ++p) {
    const std::int64_t column = order[static_cast<std::size_t>(p)];
    const bool exists = column >= 0 && column < k;
    if (exists && (*first_at)[column] == 0) {
      (*first_at)[column] = p + 1;
      continue;
    }
    status s{error_code::invalid_argument, "order", 0, p, column, {}};
    s.message.append("order: entry ").append(p).append(" is ").append(column);
    if (exists)
      s.message.append(", as entry ").append((*first_at)[column] - 1).append(" is already");
    s.message.append(", expected each of ").append(k).append(" columns once");
    return s;
  }
  return {};
}

/// to(i, p) = x(i, order[p]). Tokens are dealt out to the executor.
inline void gather_tokens(const matrix_view<const float>& x, std::span<const std::int64_t> order,
                          const matrix_view<float>& to, const executor_ref& executor) {
  executor.parallel_for(x.rows, [&](std::int64_t i) {
    for (std::int64_t p = 0; p < x.cols; ++p) to(i, p) = x(i, order[static_cast<std::size_t>(p)]);
  });
}

}  // namespace qtl::inline v0
