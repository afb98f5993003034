// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_sm90_test.cpp - Hopper's products with packed weights: within the bound of
// gemm_weight_only.cuh for 16-bit activations, the reference's bits for s8.
#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/policy/presets.hpp"

#include "gpu/bulk_weight.hpp"

namespace gpu = qtl::gpu;

namespace {

using qtl::affine, qtl::per_channel, qtl::per_group, qtl::scaled_by, qtl::symmetric;
using qtl_test::product_case;

template<class W, class X>
struct product {
  using weight = W;
  using activation = X;
};

template<class P, class Shape>
void check_reals() {
  qtl_test::for_each_bulk_case(8, [](const product_case& c) {
    using W = typename P::weight;
    qtl_test::for_each_seed(
        [&] { qtl_test::check_real_product<W, typename P::activation, Shape>(c); }, 5);
  });
}

template<class W, class Shape>
void check_integers() {
  qtl_test::for_each_bulk_case(16, [](const product_case& c) {
    qtl_test::for_each_seed([&] { qtl_test::check_integer_product<W, Shape>(c); }, 5);
  });
}

}  // namespace

TEST_CASE_TEMPLATE("wide tiles with 16-bit activations", P, product<qtl::w4a16::weight, qtl::f16>,
                   product<qtl::w4a16_g32_affine::weight, qtl::bf16>,
                   product<qtl::policy<qtl::s4, symmetric, per_channel>, qtl::bf16>,
                   product<qtl::nf4_a16::weight, qtl::f16>) {
  check_reals<P, gpu::converted_256x128>();
}

TEST_CASE_TEMPLATE("narrow tiles with 16-bit activations", P,
                   product<qtl::w4a16_g32::weight, qtl::f16>,
                   product<qtl::w4a16_affine::weight, qtl::f16>,
                   product<qtl::policy<qtl::u4, affine, per_channel>, qtl::f16>,
                   product<qtl::mxfp4_a16::weight, qtl::bf16>,
                   product<qtl::w8a16::weight, qtl::f16>,
                   product<qtl::w8a16_fp8::weight, qtl::bf16>) {
  check_reals<P, gpu::converted_128x64>();
}

TEST_CASE_TEMPLATE("8-bit activations, wide tiles", W, qtl::w4a8::weight,
                   qtl::policy<qtl::u4, affine, per_channel>) {
  check_integers<W, gpu::converted_256x128>();
}

TEST_CASE_TEMPLATE("8-bit activations, narrow tiles", W, qtl::w4a8_channel::weight,
                   qtl::policy<qtl::s4, symmetric, per_group<32>, scaled_by<qtl::f16>>,
                   qtl::policy<qtl::u4, affine, per_group<64>>) {
  check_integers<W, gpu::converted_128x64>();
}

TEST_CASE("a split of k: bits of integers, and reals within the bound") {
  product_case c{.m = 65, .n = 131, .k = 700, .splits = 3, .x_padding = 4};
  qtl_test::check_integer_product<qtl::w4a8_channel::weight, gpu::converted_128x64>(c);
  qtl_test::check_real_product<qtl::w4a16_g32::weight, qtl::f16, gpu::converted_128x64>(c);
}

TEST_CASE("what the kernel cannot read is refused by name") {
  using W = qtl::policy<qtl::s4, symmetric, per_group<40>>;
  using format = gpu::weight_only_format_of<W, qtl::f16>;
  using kernel = gpu::gemm_weight_only_sm90<gpu::weight_only_sm90<format, gpu::converted_128x64>>;
  const product_case c{.m = 3, .n = 5, .k = 80};
  const qtl_test::weight_on_device<W> w(c, 16);
  const qtl_test::device_array<std::uint16_t> x(std::vector<std::uint16_t>(3 * 80, 0));
  const auto params =
      gpu::bulk_weight_params_of<kernel>(qtl_test::rows_of(c, x), w.layout, w.operand(), {}, 2);
  REQUIRE_FALSE(params.ok());
  CHECK(std::string_view(params.why().operand) == "w");
}
