// SPDX-License-Identifier: Apache-2.0
// tests/nn/products_slow_test.cpp - the CPU's products against the reference at every m, n and k of
// the awkward extents: 1728 shapes for each shipped preset, a case each.
// Time on a busy 2-core AMD EPYC (Zen 5), g++ 12 -O2: 1 to 3 s a case, all thirty 56 s.
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "nn/layer_cases.hpp"

namespace {

using namespace qtl;
using qtl_test::awkward_extents;
using qtl_test::check_report;
using qtl_test::layer_case;
using qtl_test::layer_cases;

constexpr std::int64_t most_rows =
    *std::max_element(std::begin(awkward_extents), std::end(awkward_extents));

template<class List>
struct tuple_of;
template<class... T>
struct tuple_of<type_list<T...>> {
  using type = std::tuple<T...>;
};

const layer_case& case_of(short_name name) {
  return *std::find_if(layer_cases().begin(), layer_cases().end(),
                       [&](const layer_case& c) -> bool { return c.name == name.c_str(); });
}

// Outputs compared at one n and k, over all m. The layer is made once; tokens are the first rows of
// one x.
std::int64_t check_all_m(const layer_case& c, std::int64_t n, std::int64_t k) {
  const auto seed = static_cast<std::uint64_t>(1000 * n + k);
  const matrix<float> w = qtl_test::noise_matrix(n, k, seed);
  const matrix<float> x = qtl_test::noise_matrix(most_rows, k, seed + 1);
  const std::vector<float> bias = qtl_test::noise_vector(k % 2 == 0 ? 0 : n, seed + 2);
  const any_linear layer = c.make_checked(w.view(), bias, qtl_test::range_of(x.view()));
  check_report::reset(qtl_test::oracle::decoded);
  for (const std::int64_t m : awkward_extents) qtl_test::apply(layer, x.view().row_range(0, m));
  return check_report::last().compared;
}

TEST_SUITE("slow") {
  TEST_CASE_TEMPLATE_DEFINE("every m, n, k of the awkward extents", Pair, every_shape) {
    const layer_case& c = case_of(Pair::name);
    CAPTURE(c.name);
    std::int64_t extents = 0;
    for (const std::int64_t extent : awkward_extents) extents += extent;
    std::int64_t outputs = 0;
    for (const std::int64_t n : awkward_extents)
      for (const std::int64_t k : awkward_extents) {
        CAPTURE(n);
        CAPTURE(k);
        outputs += check_all_m(c, n, k);
        const check_report& report = check_report::last();
        CAPTURE(report.kernel.c_str());
        CHECK(report.wrong == 0);
        CHECK(report.nans == 0);
        CHECK(report.worst_ratio <= 1.0);
      }
    CHECK(outputs == extents * extents * std::ssize(awkward_extents));
  }
  TEST_CASE_TEMPLATE_APPLY(every_shape, tuple_of<shipped_presets>::type);
}

}  // namespace
