// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_sm90_test.cpp - Hopper's products with packed weights: within the bound of
// gemm_weight_only.cuh for 16-bit activations, the reference's bits for s8.
#include "gpu/bulk_weight.hpp"
#include "gpu/covered_weights.hpp"
#include "gpu/truncated_sums.hpp"

namespace {

using namespace qtl_test;

using gpu::converted_128x64, gpu::converted_256x128;
using qtl::bf16, qtl::f16, qtl::s8;

template<class Shape>
void cover_all(coverage_of how) {
  qtl::for_each_type(covered::bulk_weights{}, [&]<class P>() {
    cover_bulk_weight<typename P::weight, typename P::activation, Shape>(how);
  });
}

TEST_CASE("every format in wide tiles") { cover_all<converted_256x128>(coverage_of::pairs); }
TEST_CASE("every format in narrow tiles") { cover_all<converted_128x64>(coverage_of::pairs); }

TEST_CASE("all of them with all others" * doctest::test_suite("slow")) {
  cover_all<converted_256x128>(coverage_of::product);
  cover_all<converted_128x64>(coverage_of::product);
}

void cover_fp8(coverage_of how) {
  [[maybe_unused]] const truncated_sums model;
  qtl::for_each_type(covered::bulk_fp8{}, [&]<class P>() {
    using W = typename P::weight;
    cover_bulk_weight<W, qtl::e4m3, converted_256x128>(how);
    cover_bulk_weight<W, qtl::e4m3, converted_128x64>(how);
    cover_bulk_weight<W, qtl::e4m3, gpu::converted_128x16>(how);
  });
}

TEST_CASE("activations of e4m3, on accumulators of 13 bits") { cover_fp8(coverage_of::pairs); }
TEST_CASE("e4m3, all of them with all others" * doctest::test_suite("slow")) {
  cover_fp8(coverage_of::product);
}

TEST_CASE("groups that divide a slab of e4m3 activations") {
  [[maybe_unused]] const truncated_sums model;
  using qtl::affine, qtl::per_group, qtl::policy, qtl::scaled_by;
  sample_bulk_weight<policy<qtl::u4, affine, per_group<32>, scaled_by<f16>>, qtl::e4m3,
                     converted_128x64>();
}

TEST_CASE("groups that divide a slab of s8 activations") {
  using qtl::affine, qtl::per_group, qtl::policy, qtl::scaled_by, qtl::symmetric;
  sample_bulk_weight<policy<qtl::s4, symmetric, per_group<32>, scaled_by<f16>>, s8,
                     converted_128x64>();
  sample_bulk_weight<policy<qtl::u4, affine, per_group<64>>, s8, converted_128x64>();
}

TEST_CASE("five seeds: walks over several tiles, and splits of k") {
  for_each_seed(
      [] {
        product_case c{.m = 130, .n = 290, .k = 200};
        check_bulk_weight<qtl::w4a16_affine::weight, bf16, converted_256x128>(c);
        c = {.m = 65, .n = 131, .k = 700, .splits = 3};
        check_bulk_weight<qtl::w4a16_g32::weight, f16, converted_128x64>(c);
        check_bulk_weight<qtl::w4a8_channel::weight, s8, converted_128x64>(c);
      },
      5);
}

TEST_CASE("what the kernel cannot read is refused by name") {
  using W = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<40>>;
  using kernel = bulk_weight_kernel<W, f16, converted_128x64>;
  const product_case c{.m = 3, .n = 5, .k = 80};
  const weight_on_device<W> w(c, 16);
  const device_array<std::uint16_t> x(std::vector<std::uint16_t>(3 * 80, 0));
  gpu::bulk_weight_maps maps;
  const auto params =
      gpu::bulk_weight_params_of<kernel>(rows_of(c, x), w.layout, w.operand(), {}, 2, maps);
  REQUIRE_FALSE(params.ok());
  CHECK(std::string_view(params.why().operand) == "w");
}

}  // namespace
