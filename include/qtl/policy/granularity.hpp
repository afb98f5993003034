// SPDX-License-Identifier: Apache-2.0
// qtl/policy/granularity.hpp - where one scale ends and the next begins.
// Holds: the per_* tags and the concept Granularity. Not here: how many bits a scale has (scale.hpp).
// To add one: a tag with name, block_rows and block_cols; a reason in concepts.hpp if it limits the other axes.
#pragma once

#include <concepts>
#include <cstdint>

#include "qtl/base/fixed_text.hpp"
#include "qtl/base/math.hpp"
#include "qtl/base/unsatisfied.hpp"

namespace qtl::inline v0 {

/// The test behind Granularity.
template<class G>
inline constexpr bool is_granularity = requires {
  { G::name } -> std::convertible_to<short_name>;
  { G::block_rows } -> std::convertible_to<std::int64_t>;
  { G::block_cols } -> std::convertible_to<std::int64_t>;
};

/// Satisfied by a tag with `name`, `block_rows` and `block_cols`: the extents of the block that
/// shares one scale, 0 standing for the whole extent. The last block of a row or column may be
/// short.
/// Why: everything else (number of scales, which scale an element has) follows from these two numbers.
template<class G>
concept Granularity = is_granularity<G> ||
                      unsatisfied<"a granularity needs static name, block_rows and block_cols", G>;

/// One scale for the whole tensor.
struct per_tensor {
  static constexpr short_name name = "per_tensor";
  static constexpr std::int64_t block_rows = 0;
  static constexpr std::int64_t block_cols = 0;
};

/// One scale per output row of a weight.
struct per_channel {
  static constexpr short_name name = "per_channel";
  static constexpr std::int64_t block_rows = 1;
  static constexpr std::int64_t block_cols = 0;
};

/// One scale per row of an activation.
struct per_token {
  static constexpr short_name name = "per_token";
  static constexpr std::int64_t block_rows = 1;
  static constexpr std::int64_t block_cols = 0;
};

/// One scale per run of G columns in each row; the last run may be short.
template<std::int64_t G>
struct per_group {
  static_assert(G >= 1, "a group has at least one column");
  static constexpr short_name name = short_name("per_group<").append(G).append(">");
  static constexpr std::int64_t block_rows = 1;
  static constexpr std::int64_t block_cols = G;
};

/// One scale per R x C block; edge blocks may be short.
template<std::int64_t R, std::int64_t C>
struct per_block {
  static_assert(R >= 1 && C >= 1, "a block has at least one row and one column");
  static constexpr short_name name =
      short_name("per_block<").append(R).append(",").append(C).append(">");
  static constexpr std::int64_t block_rows = R;
  static constexpr std::int64_t block_cols = C;
};

/// How a rows x cols tensor falls into blocks: `rows` x `cols` scales, row-major; element (i, j)
/// has scale (i / block_rows, j / block_cols).
struct block_grid {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t block_rows = 1;
  std::int64_t block_cols = 1;

  constexpr std::int64_t size() const { return rows * cols; }
  QTL_HOST_DEVICE constexpr std::int64_t index(std::int64_t i, std::int64_t j) const {
    return i / block_rows * cols + j / block_cols;
  }
};

/// The grid of a tensor for block extents as in Granularity (0: the whole extent). Extents of 0
/// give no scales, except that per-tensor always has one.
constexpr block_grid make_block_grid(std::int64_t rows, std::int64_t cols, std::int64_t block_rows,
                                     std::int64_t block_cols) {
  block_grid g;
  g.block_rows = block_rows != 0 ? block_rows : rows != 0 ? rows : 1;
  g.block_cols = block_cols != 0 ? block_cols : cols != 0 ? cols : 1;
  g.rows = block_rows == 0 ? 1 : ceil_div(rows, g.block_rows);
  g.cols = block_cols == 0 ? 1 : ceil_div(cols, g.block_cols);
  return g;
}

}  // namespace qtl::inline v0
