// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_integers_test.cpp - integer layers on gpu_backend have the reference's bits.
#include "gpu/backend_case.hpp"

namespace {

using namespace qtl;
using qtl_test::compare_bits;
using qtl_test::layer_shape;

TEST_CASE_TEMPLATE("integer pairs, any extents", Pair, w8a8, w8a8_static, w8a8_affine, w4a8,
                   w4a8_channel, w4a4) {
  compare_bits<Pair>({1, 1, 1});
  compare_bits<Pair>({3, 33, 129});
  compare_bits<Pair>({17, 70, 300});
  compare_bits<Pair>({1, 128, 640});
  compare_bits<Pair>({2, 3, 0});
}

#if QTL_GPU_EMULATED
TEST_CASE_TEMPLATE("the same on the oldest target, where Hopper's kernels are not listed", Pair,
                   w8a8, w8a8_static) {
  gpu::emulated::current_settings().target = 800;
  CHECK(std::string(qtl_test::make_layer<Pair, gpu_backend>({1, 1, 1}).kernel_name())
            .starts_with("sm90_w8a8") == false);
  compare_bits<Pair>({1, 1, 1});
  compare_bits<Pair>({3, 33, 129});
  compare_bits<Pair>({17, 70, 300});
  gpu::emulated::current_settings().target = 0;
  CHECK(std::string(qtl_test::make_layer<Pair, gpu_backend>({1, 1, 1}).kernel_name())
            .starts_with("sm90_w8a8"));
}
#endif

TEST_CASE("Hopper's entry takes wgmma, with weights as its rows where tokens are few") {
  const auto layer = qtl_test::make_layer<w8a8, gpu_backend>({1, 250, 200});
  if (layer.device().target != 900) return;
  CHECK(layer.plan(250)->variant.view().starts_with("wgmma"));
  compare_bits<w8a8>({250, 250, 200});
  compare_bits<w8a8_static>({250, 250, 200});
  CHECK(layer.plan(16)->variant == "wgmma 64x16x20s");
  compare_bits<w8a8>({16, 250, 200});
  compare_bits<w8a8_affine>({3, 250, 200});
}

TEST_CASE("packed weights on Hopper take mma.sync for few tokens and wgmma for many") {
  const auto layer = qtl_test::make_layer<w4a8, gpu_backend>({1, 2000, 256});
  if (layer.device().target != 900) return;
  CHECK(layer.plan(16)->variant.view().starts_with("mma"));
  CHECK(layer.plan(200)->variant.view().starts_with("wgmma"));
  compare_bits<w4a8>({200, 2000, 256});
}

TEST_CASE_TEMPLATE("blocks of wgmma that share a long k", Pair, w8a8, w8a8_static) {
  const layer_shape s{33, 8, 8192};
#if QTL_GPU_EMULATED  // of four multiprocessors
  const auto layer = qtl_test::make_layer<Pair, gpu_backend>({1, s.n, s.k});
  const std::string variant(layer.plan(s.m)->variant.view());
  CHECK(variant.starts_with("wgmma"));
  CHECK(variant.find("splits") != std::string::npos);
  // Codes, and 2 splits of a tile of 64 x 32 sums at least.
  CHECK(layer.workspace_size(s.m) >= s.m * s.k + 2 * 64 * 32 * 4);
#endif
  qtl_test::for_each_seed([&] { compare_bits<Pair>(s); }, 2);
}

TEST_CASE_TEMPLATE("functions, and a token that holds NaN", Pair, w8a8, w8a8_static, w8a8_affine,
                   w4a8, w4a4) {
  compare_bits<Pair>({5, 40, 150}, activation_function::gelu);
  compare_bits<Pair>({5, 40, 150}, activation_function::none, true);
}

TEST_CASE("a product large enough for several blocks and splits") {
  qtl_test::for_each_seed([] { compare_bits<w8a8>({130, 200, 700}); }, 1);
  compare_bits<w8a8>({16, 8, 16384});
  CHECK(qtl_test::make_layer<w8a8, gpu_backend>({16, 8, 16384})
            .plan(16)
            ->variant.view()
            .find("splits") != std::string_view::npos);
}

}  // namespace
