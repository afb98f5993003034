// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_integers_test.cpp - integer layers on gpu_backend have the reference's bits.
#include "gpu/backend_case.hpp"

namespace {

using namespace qtl;
using qtl_test::compare_bits;

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

TEST_CASE("Hopper's entry takes wgmma for many tokens and mma.sync where k is split") {
  const auto layer = qtl_test::make_layer<w8a8, gpu_backend>({1, 250, 200});
  if (layer.device().target != 900) return;
  CHECK(layer.plan(250)->variant.view().starts_with("wgmma"));
  compare_bits<w8a8>({250, 250, 200});
  compare_bits<w8a8_static>({250, 250, 200});
  CHECK(qtl_test::make_layer<w8a8, gpu_backend>({1, 8, 16384})
            .plan(16)
            ->variant.view()
            .starts_with("mma"));
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
