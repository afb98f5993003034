// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_reals_test.cpp - layers on gpu_backend whose sums are floats stay within the
// bounds that their kernels state.
#include "qtl/gpu/host/device.cuh"
#include "qtl/gpu/kernel/gemm_fp8.cuh"
#include "qtl/gpu/kernel/gemm_weight_only_sm90.cuh"

#include "gpu/backend_case.hpp"

namespace {

using namespace qtl;
using qtl_test::compare_within;
using qtl_test::layer_shape;

// gemm_weight_only.cuh: u + 2^-19 (steps + 8), u for codebooks only; the output's rounding on top.
template<class Pair>
double weight_only_bound(const layer_shape& s) {
  constexpr policy_desc w = describe<typename Pair::weight>();
  const std::int64_t groups = w.block_cols != 0 ? ceil_div(s.k, w.block_cols) : 1;
  const double u = w.kind == format_kind::codebook
                       ? std::ldexp(1.0, -Pair::activation::format::mantissa_bits - 1)
                       : 0.0;
  const auto steps = static_cast<double>(ceil_div<std::int64_t>(s.k, 16) + groups);
  return u + std::ldexp(steps + 8.0, -19) + 0x1p-23;
}

template<class Pair>
using bf16_pair = policy_pair<"bf16", typename Pair::weight, a16_bf16>;

using mxfp8_a16 = policy_pair<"mxfp8_a16", mxfp8::weight, a16>;

TEST_CASE_TEMPLATE("packed weights, 16-bit activations", Pair, w8a16, w4a16, w4a16_g32,
                   w4a16_affine, w4a16_g32_affine, w3a16, w2a16, w8a16_fp8, mxfp8_a16, mxfp4_a16,
                   nvfp4_a16, nf4_a16, fp4_bnb_a16, bf16_pair<w4a16>, bf16_pair<nf4_a16>) {
  for (const layer_shape& s : {layer_shape{1, 1, 1}, layer_shape{3, 33, 129},
                               layer_shape{17, 70, 300}, layer_shape{1, 128, 640}})
    compare_within<Pair>(s, weight_only_bound<Pair>(s));
}

// Wide enough for wgmma to be modelled as faster, where there is one.
TEST_CASE_TEMPLATE("packed weights and many tokens on Hopper", Pair, w4a16_affine, nf4_a16,
                   bf16_pair<w4a16_g32>) {
  const auto layer = qtl_test::make_layer<Pair, gpu_backend>({1, 2000, 256});
  if (layer.device().target != 900) return;
  CHECK(layer.plan(16)->variant.view().starts_with("mma"));
  CHECK(layer.plan(100)->variant.view().starts_with("wgmma"));
  compare_within<Pair>({100, 2000, 256}, weight_only_bound<Pair>({100, 2000, 256}));
}

using w4a8_fp8 = policy_pair<"w4a8_fp8", w4a8::weight, token_e4m3>;
using w4a8_fp8_channel = policy_pair<"w4a8_fp8_channel", w4a8_channel::weight, token_e4m3>;

TEST_CASE_TEMPLATE("packed weights and FP8 activations, which only Hopper multiplies", Pair,
                   w4a8_fp8, w4a8_fp8_channel) {
  const auto facts = gpu::current_facts();
  REQUIRE(facts.ok());
  if (facts->target != 900) return;
  for (const layer_shape& s : {layer_shape{1, 1, 1}, layer_shape{17, 70, 300}})
    compare_within<Pair>(s, gpu::converted_fp8_error(s.k, 128, 16) + 0x1p-21);
}

using fp8_group = policy_pair<"fp8_group", policy<e4m3, symmetric, per_group<128>>,
                              policy<e4m3, symmetric, per_group<128>, dynamic>>;

// Both sides' codes are the reference's, so that only the sums differ.
TEST_CASE_TEMPLATE("FP8 on both sides", Pair, fp8, fp8_static, fp8_e5m2, fp8_block, fp8_group) {
  for (const layer_shape& s : {layer_shape{1, 1, 1}, layer_shape{3, 33, 129},
                               layer_shape{17, 70, 300}, layer_shape{1, 128, 640}})
    compare_within<Pair>(s, gpu::block_error(s.k, 16) + 0x1p-22);
  // Tall enough for wgmma, where there is one.
  compare_within<Pair>({250, 250, 200}, gpu::block_error(200, 16) + 0x1p-22);
  const auto layer = qtl_test::make_layer<Pair, gpu_backend>({1, 250, 200});
  if (layer.device().target == 900) CHECK(layer.plan(250)->variant.view().starts_with("wgmma"));
}

TEST_CASE_TEMPLATE("FP8 in blocks of wgmma that share a long k", Pair, fp8, fp8_block, fp8_group) {
  const layer_shape s{33, 8, 8192};
#if QTL_GPU_EMULATED  // of four multiprocessors
  const std::string variant(
      qtl_test::make_layer<Pair, gpu_backend>({1, s.n, s.k}).plan(s.m)->variant.view());
  CHECK(variant.starts_with("wgmma"));
  CHECK(variant.find("splits") != std::string::npos);
#endif
  compare_within<Pair>(s, gpu::block_error(s.k, 16) + 0x1p-22);
}

}  // namespace
