// SPDX-License-Identifier: Apache-2.0
// qtl/calib/blocked.hpp - an observer per block: per channel, per token, per group, per input column, per tensor.
// Holds: blocked_observer<O, G>, per_columns<C>. The grid is fixed by the first batch; where a block takes all rows,
// later batches may have any number of them.
#pragma once

#include "qtl/base/matrix.hpp"
#include "qtl/calib/minmax.hpp"
#include "qtl/ops/blocks.hpp"

namespace qtl::inline v0 {

/// One block per C columns, over all rows: the input features of an activation, one by one or in
/// groups. A granularity of observers; kernels have no scales that lie so.
template<std::int64_t C>
struct per_columns {
  static_assert(C >= 1, "a block has at least one column");
  static constexpr short_name name = short_name("per_columns<").append(C).append(">");
  static constexpr std::int64_t block_rows = 0;
  static constexpr std::int64_t block_cols = C;
};

/// An O for every block that G cuts, all made from one prototype with the options. The width is
/// fixed by the first batch, and so is the height where blocks do not take all rows.
template<Observer O, Granularity G = per_channel>
class blocked_observer {
 public:
  static constexpr short_name name =
      short_name(O::name).append(" ").append(short_name(G::name).view());
  /// Whether all batches have as many rows as the first.
  static constexpr bool fixed_rows = G::block_rows != 0;

  blocked_observer() = default;
  /// With the options of an observer; what it has seen is dropped.
  explicit blocked_observer(O prototype) : prototype_(static_cast<O&&>(prototype)) {
    prototype_.reset();
  }

  /// Adds a batch. Errors, leaving the observer as it was: shape_mismatch for other extents than
  /// the first batch had, not_finite naming row and column of the batch, out_of_memory.
  template<MatrixSource M>
  status observe(const M& batch) {
    const matrix_view<const float> x = as_view(batch);
    if (!empty() && x.cols != cols_)
      return mismatch("batch", "number of columns", 1, cols_, x.cols);
    if (!empty() && fixed_rows && x.rows != rows_)
      return mismatch("batch", "number of rows", 0, rows_, x.rows);
    scanned_range seen;
    if (const status s = scan_batch(x, seen); !s.ok() || seen.empty()) return s;
    // Padded, so that the columns of a panel do not compete for the same lines of the cache.
    result<matrix<float>> panel =
        matrix<float>::make(by_panels ? panel_cols : 0, x.rows / 16 * 16 + 48);
    if (!panel.ok()) return panel.why();
    if (empty()) start(x.rows, x.cols);
    return by_panels ? observe_panels(x, panel->view()) : observe_blocks(x);
  }

  /// Adds what another has seen, block by block. Errors, leaving the observer as it was:
  /// shape_mismatch for other extents, and what O's merge refuses.
  status merge(const blocked_observer& other) {
    O options = prototype_;
    if (const status s = options.merge(other.prototype_); !s.ok() || other.empty()) return s;
    if (empty()) {
      *this = other;
      return {};
    }
    if (other.cols_ != cols_) return mismatch("other", "number of columns", 1, cols_, other.cols_);
    if (fixed_rows && other.rows_ != rows_)
      return mismatch("other", "number of rows", 0, rows_, other.rows_);
    for (std::size_t b = 0; b < blocks_.size(); ++b)
      if (const status s = blocks_[b].merge(other.blocks_[b]); !s.ok()) return s;
    return {};
  }
  void reset() { *this = blocked_observer(prototype_); }

  bool empty() const { return blocks_.empty(); }
  /// How the first batch falls into blocks; no blocks where nothing was seen.
  block_grid grid() const {
    return empty() ? block_grid{} : make_block_grid(rows_, cols_, G::block_rows, G::block_cols);
  }
  /// The number of blocks.
  std::int64_t size() const { return static_cast<std::int64_t>(blocks_.size()); }
  /// The observer of block b of the grid, row-major.
  const O& block(std::int64_t b) const { return blocks_[static_cast<std::size_t>(b)]; }
  /// The range that holds those of all blocks.
  value_range range() const {
    if (empty()) return {};
    value_range all = blocks_.front().range();
    for (const O& o : blocks_) {
      const value_range r = o.range();
      all = {r.min < all.min ? r.min : all.min, r.max > all.max ? r.max : all.max};
    }
    return all;
  }

  std::vector<std::byte> save() const {
    observer_writer out;
    out.put(rows_).put(cols_).put_bytes(prototype_.save());
    for (const O& o : blocks_) out.put_bytes(o.save());
    return out.finish(identity.view());
  }
  /// Error: malformed_file for bytes that no save() wrote, or that of another O or G.
  static result<blocked_observer> load(std::span<const std::byte> bytes) {
    blocked_observer o;
    observer_reader in(identity.view(), bytes);
    if (!o.load_blocks(in) || !in.finished()) return not_an_observer(name.view());
    return o;
  }

 private:
  // Narrow columns are read a panel at a time: whole lines of memory, few pages.
  static constexpr std::int64_t panel_cols = 64;
  static constexpr bool by_panels =
      !fixed_rows && G::block_cols != 0 && G::block_cols <= panel_cols;
  static constexpr fixed_text<96> identity = fixed_text<96>("blocked ")
                                                 .append(short_name(O::name).view())
                                                 .append(" ")
                                                 .append(short_name(G::name).view());

  void start(std::int64_t rows, std::int64_t cols) {
    rows_ = fixed_rows ? rows : 1;
    cols_ = cols;
    const block_grid g = make_block_grid(rows_, cols_, G::block_rows, G::block_cols);
    blocks_.assign(static_cast<std::size_t>(g.size()), prototype_);
  }

  status observe_blocks(matrix_view<const float> x) {
    status outcome;
    const block_grid g = make_block_grid(x.rows, x.cols, G::block_rows, G::block_cols);
    for_each_block(g, x.rows, x.cols, [&](const block_extent& b) {
      const status s = blocks_[static_cast<std::size_t>(b.index)].observe(block_of(x, b));
      if (!s.ok()) outcome = s;
    });
    return outcome;
  }

  // The panel is transposed, eight rows at a time: each observer then gets runs of neighbours.
  status observe_panels(matrix_view<const float> x, matrix_view<float> panel) {
    status outcome;
    constexpr std::int64_t width = by_panels ? G::block_cols : 1;
    constexpr std::int64_t step = panel_cols / width * width;
    constexpr std::int64_t tile = 8;
    for (std::int64_t first = 0; first < x.cols; first += step) {
      const std::int64_t cols = x.cols - first < step ? x.cols - first : step;
      for (std::int64_t row = 0; row < x.rows; row += tile)
        transpose(x, row, x.rows - row < tile ? x.rows : row + tile, first,
                  panel.row_range(0, cols));
      for (std::int64_t j = 0; j < cols; j += width) {
        const std::int64_t height = cols - j < width ? cols - j : width;
        const matrix_view<const float> block(&panel(j, 0), height, x.rows, panel.row_stride, 1);
        const status s = blocks_[static_cast<std::size_t>((first + j) / width)].observe(block);
        if (!s.ok()) outcome = s;
      }
    }
    return outcome;
  }
  // Rows [row, end) of x, from column `first` on, into as many columns as the panel has rows.
  static void transpose(matrix_view<const float> x, std::int64_t row, std::int64_t end,
                        std::int64_t first, matrix_view<float> panel) {
    for (std::int64_t j = 0; j < panel.rows; ++j)
      for (std::int64_t i = row; i < end; ++i) panel(j, i) = x(i, first + j);
  }

  bool load_blocks(observer_reader& in) {
    std::span<const std::byte> saved;
    if (!in.take(rows_) || !in.take(cols_) || !in.take_bytes(saved)) return false;
    result<O> prototype = O::load(saved);
    if (!prototype.ok() || !prototype->empty()) return false;
    prototype_ = *std::move(prototype);
    if (in.left() == 0) return rows_ == 0 && cols_ == 0;
    if (rows_ < 1 || cols_ < 1 || (!fixed_rows && rows_ != 1)) return false;
    const block_grid g = make_block_grid(rows_, cols_, G::block_rows, G::block_cols);
    std::int64_t count = 0;  // a block takes eight bytes at least
    if (!checked_multiply(g.rows, g.cols, count) ||
        static_cast<std::uint64_t>(count) > in.left() / 8)
      return false;
    for (std::int64_t b = 0; b < count; ++b) {
      if (!in.take_bytes(saved)) return false;
      result<O> block = O::load(saved);
      if (!block.ok() || block->empty()) return false;
      blocks_.push_back(*std::move(block));
    }
    return true;
  }

  O prototype_{};
  std::int64_t rows_ = 0;  // 1 where blocks take all rows
  std::int64_t cols_ = 0;
  std::vector<O> blocks_;
};

}  // namespace qtl::inline v0
