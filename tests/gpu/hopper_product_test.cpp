// SPDX-License-Identifier: Apache-2.0
// TMA, mbarriers and wgmma together, bit by bit against plain loops.
#include <doctest/doctest.h>

#include "gpu/hopper_product_run.hpp"

namespace {

using qtl_test::product_case;

TEST_CASE("the smallest Hopper product is exact") {
  using kernel = qtl_test::hopper_product<qtl_test::product_fault::none>;
  for (const product_case& c :
       {product_case{128, 64, 128}, product_case{128, 64, 896}, product_case{130, 70, 400},
        product_case{1, 1, 16}, product_case{60, 200, 1024}}) {
    CAPTURE(c.m);
    CAPTURE(c.k);
    const std::vector<std::int32_t> expected = c.expected();
    qtl_test::for_each_seed(
        [&] {
          const qtl_test::device_array<std::int32_t> y(c.m * c.n);
          y.expect_written_once();
          qtl_test::run_kernel<kernel>(c.params<kernel>(y));
          qtl_test::require_written();
          CHECK(y.download() == expected);
        },
        5);
  }
}

}  // namespace
