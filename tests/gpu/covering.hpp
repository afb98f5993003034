// SPDX-License-Identifier: Apache-2.0
// tests/gpu/covering.hpp - test cases in which many choices meet.
// Holds: factor_levels, covering_rows, combined_rows. A full product of choices grows by
// multiplication; what goes wrong in kernels mostly takes two of them to go wrong, so rows are made
// in which every level of a choice meets every level of every other one. Where there is time, some
// choices are combined in full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "qtl/format/rounding.hpp"

namespace qtl_test {

/// How many levels each factor has, and which levels exclude each other.
struct factor_levels {
  std::vector<int> counts;
  /// Whether level a of factor f may stand beside level b of factor g; f < g. Null: all may.
  bool (*may_meet)(int f, int a, int g, int b) = nullptr;

  int factors() const { return static_cast<int>(counts.size()); }
  int of(int f) const { return counts[static_cast<std::size_t>(f)]; }
  bool allows(int f, int a, int g, int b) const {
    if (may_meet == nullptr) return true;
    return f < g ? may_meet(f, a, g, b) : may_meet(g, b, f, a);
  }
};

/// A level for every factor.
using factor_row = std::vector<int>;

/// Makes rows one by one, each from a pair that none has yet; the same ones every time.
class covering_rows {
 public:
  explicit covering_rows(const factor_levels& levels) : levels_(levels) {
    int total = 0;
    for (const int count : levels.counts) {
      first_.push_back(total);
      total += count;
    }
    seen_.assign(static_cast<std::size_t>(total),
                 std::vector<bool>(static_cast<std::size_t>(total)));
    uses_.assign(static_cast<std::size_t>(total), 0);
    for (int f = 0; f < levels.factors(); ++f)
      for (int g = f + 1; g < levels.factors(); ++g)
        for (int a = 0; a < levels.of(f); ++a)
          for (int b = 0; b < levels.of(g); ++b)
            if (levels.allows(f, a, g, b) && !met(f, a, g, b)) add_row(f, a, g, b);
  }

  const std::vector<factor_row>& rows() const { return rows_; }

 private:
  static constexpr int open = -1;

  std::size_t index(int f, int a) const {
    return static_cast<std::size_t>(first_[static_cast<std::size_t>(f)] + a);
  }
  bool met(int f, int a, int g, int b) const { return seen_[index(f, a)][index(g, b)]; }

  void add_row(int f, int a, int g, int b) {
    factor_row row(levels_.counts.size(), open);
    row[static_cast<std::size_t>(f)] = a;
    row[static_cast<std::size_t>(g)] = b;
    for (int h = 0; h < levels_.factors(); ++h)
      if (row[static_cast<std::size_t>(h)] == open)
        row[static_cast<std::size_t>(h)] = best_level(row, h);
    note(row);
    rows_.push_back(row);
  }

  // The level that meets most of the row for the first time; of equals, the one used least.
  int best_level(const factor_row& row, int h) const {
    int best = 0;
    int best_new = -1;
    for (int c = 0; c < levels_.of(h); ++c) {
      const int fresh = new_pairs(row, h, c);
      if (fresh < best_new || fresh < 0) continue;
      if (fresh == best_new && uses_[index(h, c)] >= uses_[index(h, best)]) continue;
      best = c;
      best_new = fresh;
    }
    return best;
  }

  // Of level c of factor h with what stands in the row; -1: it must not stand there.
  int new_pairs(const factor_row& row, int h, int c) const {
    int fresh = 0;
    for (int g = 0; g < levels_.factors(); ++g) {
      const int b = row[static_cast<std::size_t>(g)];
      if (b == open) continue;
      if (!levels_.allows(h, c, g, b)) return -1;
      fresh += met(h, c, g, b) ? 0 : 1;
    }
    return fresh;
  }

  void note(const factor_row& row) {
    for (int f = 0; f < levels_.factors(); ++f) {
      const std::size_t a = index(f, row[static_cast<std::size_t>(f)]);
      ++uses_[a];
      for (int g = 0; g < levels_.factors(); ++g)
        if (g != f) seen_[a][index(g, row[static_cast<std::size_t>(g)])] = true;
    }
  }

  factor_levels levels_;
  std::vector<int> first_;               // of a factor's levels among all
  std::vector<std::vector<bool>> seen_;  // level by level: stood in one row
  std::vector<int> uses_;
  std::vector<factor_row> rows_;
};

/// Makes a row of every combination of some factors, the others drawn; the same ones every time.
class combined_rows {
 public:
  combined_rows(const factor_levels& levels, const std::vector<int>& combined) : levels_(levels) {
    factor_row row(levels.counts.size(), open);
    combine(row, combined, combined.size());
  }

  const std::vector<factor_row>& rows() const { return rows_; }

 private:
  static constexpr int open = -1;

  // The last factor changes slowest.
  void combine(factor_row& row, const std::vector<int>& combined, std::size_t left) {
    if (left == 0) {
      if (allows(row)) rows_.push_back(completed(row));
      return;
    }
    int& level = row[static_cast<std::size_t>(combined[left - 1])];
    for (level = 0; level < levels_.of(combined[left - 1]); ++level)
      combine(row, combined, left - 1);
    level = open;
  }

  factor_row completed(const factor_row& row) {
    factor_row full;
    do {
      full = row;
      for (int f = 0; f < levels_.factors(); ++f)
        if (int& level = full[static_cast<std::size_t>(f)]; level == open)
          level = static_cast<int>(qtl::counter_random(13, drawn_++) %
                                   static_cast<std::uint32_t>(levels_.of(f)));
    } while (!allows(full));
    return full;
  }

  bool allows(const factor_row& row) const {
    for (int f = 0; f < levels_.factors(); ++f)
      for (int g = f + 1; g < levels_.factors(); ++g) {
        const int a = row[static_cast<std::size_t>(f)];
        const int b = row[static_cast<std::size_t>(g)];
        if (a != open && b != open && !levels_.allows(f, a, g, b)) return false;
      }
    return true;
  }

  factor_levels levels_;
  std::uint64_t drawn_ = 0;
  std::vector<factor_row> rows_;
};

}  // namespace qtl_test
