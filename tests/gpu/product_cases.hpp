// SPDX-License-Identifier: Apache-2.0
// tests/gpu/product_cases.hpp - which products the kernels are tested with, whose operands are rows
// of codes.
// Holds: covered_case, product_cases. For every commit a covering design, at length every number of
// rows with every output, function and seed.
#pragma once

#include "gpu/coverage.hpp"
#include "gpu/product_operands.hpp"

namespace qtl_test {

/// One product, under one seed of the emulator.
struct covered_case {
  product_shape shape;
  finish_case finish;
  row_alignment alignment = row_alignment::sixteen;
  std::uint64_t seed = 1;
  unsigned number = 0;  ///< for the codes
};

/// The cases, made once.
class product_cases {
 public:
  /// `sums_integers`: the kernels have zero points, and can store their sums.
  static const std::vector<covered_case>& of(coverage_of how, bool sums_integers) {
    static const product_cases made[] = {
        {coverage_of::pairs, false},
        {coverage_of::pairs, true},
        {coverage_of::product, false},
        {coverage_of::product, true},
    };
    return made[2 * int{how == coverage_of::product} + int{sums_integers}].cases_;
  }

 private:
  enum factor {
    rows,
    columns,
    depths,
    outputs,
    functions,
    seeds,
    alignments,
    per_token,
    per_channel,
    bias,
    signed_codes,
    column_major,
    padded,
    zero_x,
    zero_w,
    factors
  };

  // Multiples of nothing, one of a slab, and the least.
  static constexpr std::int64_t all_columns[] = {1, 3, 17, 64, 70, 131};
  static constexpr std::int64_t all_depths[] = {1, 5, 31, 128, 130, 263};

  product_cases(coverage_of how, bool sums_integers) {
    levels_.counts.assign(factors, 2);
    levels_.counts[rows] = std::size(covered_rows);
    levels_.counts[columns] = std::size(all_columns);
    levels_.counts[depths] = std::size(all_depths);
    levels_.counts[outputs] = std::size(covered_outputs);
    levels_.counts[functions] = std::size(covered_functions);
    levels_.counts[seeds] = static_cast<int>(covered_seeds(how));
    levels_.counts[alignments] = 3;
    levels_.may_meet = sums_integers ? integers_may_meet : reals_may_meet;
    for (const factor_row& row : rows_of(how, levels_, {rows, outputs, functions, seeds})) add(row);
  }

  // Sums have no function; a scale per tensor of weights comes without zero points.
  static bool integers_may_meet(int f, int a, int g, int b) {
    if (f == outputs && a == 0 && g == functions) return b == 0;
    return !(f == per_channel && a == 0 && g == zero_w && b == 1);
  }
  static bool reals_may_meet(int f, int a, int g, int b) {
    if ((f == outputs && a == 0) || (f == zero_x && a == 1) || (f == zero_w && a == 1))
      return false;
    return !(g == outputs && b == 0) && !(g == zero_x && b == 1) && !(g == zero_w && b == 1);
  }

  void add(const factor_row& row) {
    covered_case c;
    c.shape = {covered_rows[row[rows]], all_columns[row[columns]], all_depths[row[depths]]};
    c.finish.kind = covered_outputs[row[outputs]];
    c.finish.function = covered_functions[row[functions]];
    c.finish.per_token = row[per_token] != 0;
    c.finish.per_channel = row[per_channel] != 0;
    c.finish.bias = row[bias] != 0;
    c.finish.zero_x = row[zero_x] != 0;
    c.finish.zero_w = row[zero_w] != 0;
    c.finish.signed_codes = row[signed_codes] != 0;
    c.finish.column_major = row[column_major] != 0;
    c.finish.padded = row[padded] != 0;
    c.alignment = static_cast<row_alignment>(row[alignments]);
    c.seed = static_cast<std::uint64_t>(row[seeds] + 1);
    c.number = static_cast<unsigned>(cases_.size());
    cases_.push_back(c);
  }

  factor_levels levels_;
  std::vector<covered_case> cases_;
};

/// Runs check(case) for all cases of a kernel, each under its seed, and demands that they were all
/// there is to run it with.
template<class K, class F>
void cover(coverage_of how, bool sums_integers, F&& check) {
  for (const covered_case& c : product_cases::of(how, sums_integers))
    under_seed(c.seed, [&] { check(c); });
  CHECK(coverage_gaps(K::name.view(), sums_integers, how).text() == "");
}

}  // namespace qtl_test
