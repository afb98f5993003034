// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_w4a8_test.cpp - weights of 4 bits with 8-bit activations: the reference's
// bits.
#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/weight_only.hpp"

namespace gpu = qtl::gpu;

namespace {

using qtl::affine, qtl::per_channel, qtl::per_group, qtl::scaled_by, qtl::symmetric;

template<class W, class Shape>
void check_all() {
  qtl_test::for_each_case(
      [](const qtl_test::product_case& c) { qtl_test::check_integer_product<W, Shape>(c); });
}

}  // namespace

TEST_CASE_TEMPLATE("scales per row, in every shape", W, qtl::w4a8_channel::weight,
                   qtl::policy<qtl::u4, affine, per_channel>,
                   qtl::policy<qtl::s4, symmetric, qtl::per_tensor>) {
  check_all<W, gpu::few_rows>();
  check_all<W, gpu::some_rows>();
  check_all<W, gpu::many_rows>();
}

TEST_CASE_TEMPLATE("scales per group, in every shape that keeps their order", W, qtl::w4a8::weight,
                   qtl::policy<qtl::s4, symmetric, per_group<32>, scaled_by<qtl::f16>>,
                   qtl::policy<qtl::u4, affine, per_group<64>>,
                   qtl::policy<qtl::u4, affine, per_group<40>, scaled_by<qtl::bf16>>,
                   qtl::policy<qtl::s4, symmetric, per_group<7>>,
                   qtl::policy<qtl::s3, symmetric, qtl::per_block<4, 96>>) {
  check_all<W, gpu::few_rows_in_order>();
  check_all<W, gpu::some_rows_in_order>();
  check_all<W, gpu::many_rows>();
}
