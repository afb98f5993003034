// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_float4_test.cpp - codebooks and floats of 4 bits with 16-bit activations,
// in every shape.
#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/weight_only.hpp"

namespace gpu = qtl::gpu;

namespace {

using qtl::per_channel, qtl::per_group, qtl::scaled_by, qtl::symmetric, qtl::affine;

template<class W, class X>
struct product {
  using weight = W;
  using activation = X;
};

template<class P, class Shape>
void check_all() {
  qtl_test::for_each_case([](const qtl_test::product_case& c) {
    qtl_test::check_real_product<typename P::weight, typename P::activation, Shape>(c);
  });
}

}  // namespace

TEST_CASE_TEMPLATE("up to 16 rows at a time", P, product<qtl::nf4_a16::weight, qtl::f16>,
                   product<qtl::nf4_a16::weight, qtl::bf16>,
                   product<qtl::policy<qtl::nf4, symmetric, per_channel>, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::bf16>,
                   product<qtl::nvfp4_a16::weight, qtl::f16>,
                   product<qtl::nvfp4_a16::weight, qtl::bf16>,
                   product<qtl::fp4_bnb_a16::weight, qtl::f16>) {
  check_all<P, gpu::few_rows>();
}

TEST_CASE_TEMPLATE("up to 64 rows at a time", P, product<qtl::nf4_a16::weight, qtl::f16>,
                   product<qtl::nf4_a16::weight, qtl::bf16>,
                   product<qtl::policy<qtl::nf4, symmetric, per_channel>, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::bf16>,
                   product<qtl::nvfp4_a16::weight, qtl::f16>,
                   product<qtl::nvfp4_a16::weight, qtl::bf16>,
                   product<qtl::fp4_bnb_a16::weight, qtl::f16>) {
  check_all<P, gpu::some_rows>();
}

TEST_CASE_TEMPLATE("128 rows at a time", P, product<qtl::nf4_a16::weight, qtl::f16>,
                   product<qtl::nf4_a16::weight, qtl::bf16>,
                   product<qtl::policy<qtl::nf4, symmetric, per_channel>, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::bf16>,
                   product<qtl::nvfp4_a16::weight, qtl::f16>,
                   product<qtl::nvfp4_a16::weight, qtl::bf16>,
                   product<qtl::fp4_bnb_a16::weight, qtl::f16>) {
  check_all<P, gpu::many_rows>();
}
