// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_w4a16_test.cpp - weights of 4 bits with 16-bit activations.
#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/weight_only.hpp"

namespace gpu = qtl::gpu;
using qtl_test::check_real_product;

TEST_CASE("try") {
  using W = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>, qtl::scaled_by<qtl::f16>>;
  check_real_product<W, qtl::f16, gpu::few_rows>({.m = 3, .n = 33, .k = 75});
}
