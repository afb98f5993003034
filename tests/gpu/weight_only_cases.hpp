// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_cases.hpp - which products the kernels of packed weights are tested with.
// Holds: weight_only_cases, cover_product, cover_list. For every commit a covering design, at length
// every number of rows with every output, function and seed.
#pragma once

#include "gpu/coverage.hpp"
#include "gpu/weight_only.hpp"

namespace qtl_test {

/// A product under one seed of the emulator.
struct seeded_product {
  product_case product;
  std::uint64_t seed = 1;
};

/// The cases, made once.
class weight_only_cases {
 public:
  static const std::vector<seeded_product>& of(coverage_of how) {
    static const weight_only_cases made[] = {weight_only_cases(coverage_of::pairs),
                                             weight_only_cases(coverage_of::product)};
    return made[how == coverage_of::product ? 1 : 0].cases_;
  }

 private:
  enum factor {
    rows,
    extents,
    outputs,
    functions,
    seeds,
    splits,
    paddings,
    orders,
    biases,
    nans,
    signs,
    factors
  };

  // Multiples of nothing; the longest k fills every stage again and again.
  static constexpr std::int64_t all_extents[][2] = {
      {33, 75}, {1, 1}, {131, 301}, {65, 157}, {7, 1309}};

  explicit weight_only_cases(coverage_of how) {
    levels_.counts.assign(factors, 2);
    levels_.counts[rows] = std::size(covered_rows);
    levels_.counts[extents] = std::size(all_extents);
    levels_.counts[outputs] = std::size(covered_outputs) - 1;
    levels_.counts[functions] = std::size(covered_functions);
    levels_.counts[seeds] = static_cast<int>(covered_seeds(how));
    levels_.counts[splits] = levels_.counts[paddings] = 3;
    for (const factor_row& row : rows_of(how, levels_, {rows, outputs, functions, seeds})) add(row);
  }

  void add(const factor_row& row) {
    product_case c;
    c.m = covered_rows[row[rows]];
    c.n = all_extents[row[extents]][0];
    c.k = all_extents[row[extents]][1];
    c.kind = covered_outputs[row[outputs] + 1];
    c.function = covered_functions[row[functions]];
    c.splits = 1 + row[splits];
    c.x_padding = row[paddings] == 1 ? 3 : row[paddings] == 2 ? 16 - c.k % 16 : 0;
    c.reorders = row[orders] != 0;
    c.has_bias = row[biases] != 0;
    c.has_nan = row[nans] != 0;
    c.signed_codes = row[signs] != 0;
    cases_.push_back({c, static_cast<std::uint64_t>(row[seeds] + 1)});
  }

  factor_levels levels_;
  std::vector<seeded_product> cases_;
};

/// Runs check(product) for all cases of a kernel, each under its seed, and demands that they were
/// all there is to run it with.
template<class Kernel, class F>
void cover_product(coverage_of how, F&& check) {
  const std::string kernel(Kernel::name.view());
  CAPTURE(kernel);
  for (const seeded_product& s : weight_only_cases::of(how))
    under_seed(s.seed, [&] { check(s.product); });
  CHECK(coverage_gaps(kernel, false, how).text() == "");
}

/// The products of a list, weights of P::weight times activations of P::activation, in all that the
/// kernel of each Shape can be asked for.
template<class Products, class... Shapes>
void cover_list(coverage_of how) {
  const auto cover_one = [&]<class W, class X, class Shape>() {
    cover_product<weight_only_kernel<W, X, Shape>>(how, [](const product_case& c) {
      if constexpr (std::is_same_v<X, qtl::s8>)
        check_integer_product<W, Shape>(c);
      else
        check_real_product<W, X, Shape>(c);
    });
  };
  qtl::for_each_type(Products{}, [&]<class P>() {
    (cover_one.template operator()<typename P::weight, typename P::activation, Shapes>(), ...);
  });
}

}  // namespace qtl_test
