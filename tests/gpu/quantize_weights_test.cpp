// SPDX-License-Identifier: Apache-2.0
// tests/gpu/quantize_weights_test.cpp - weights quantized by kernels are quantize<P> in every bit:
// codes, scales and zero points as a QTensor stores them.
#include "qtl/policy/presets.hpp"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;
using gpu::parameter_form;
using gpu::plain_row;
using gpu::row_team;

using small_warps = row_team<32, 2, 1>;
using small_block = row_team<64, 1, 1>;

struct shape {
  std::int64_t n;
  std::int64_t k;
};

constexpr shape shapes[] = {{0, 8},  {1, 0},   {2, 1},   {9, 7},   {3, 31},   {9, 32},
                            {2, 33}, {9, 127}, {2, 128}, {9, 129}, {10, 500}, {3, 1027}};

template<QuantPolicy P, class F, class Team>
void check_weights() {
  using kernel =
      gpu::quantize_rows<gpu::row_quantization<P, plain_row<F>, Team, parameter_form::stored>>;
  CAPTURE(to_text(describe<P>()).c_str());
  CAPTURE(F::name.c_str());
  for (const shape& s : shapes) {
    CAPTURE(s.n);
    CAPTURE(s.k);
    const stored_reals<F> w =
        store_reals<F>(sample_rows(s.n, s.k, 7 + static_cast<std::uint64_t>(s.k), false));
    const std::int64_t row_bytes = packed_bytes(s.k, P::format::bits);
    const auto expected = answer_of_weights<P>(w.host, row_bytes);
    // Two levels: the scale of the tensor is chosen before its blocks are.
    const qparams<P> tensor{tensor_scale_of<P>(w.host.view()), {}};
    for_each_seed([&] {
      const quantization_outputs<P, parameter_form::stored> out(s.n, s.k, row_bytes);
      typename kernel::params p;
      out.fill_in(p);
      p.x = {w.data(), w.stride};
      p.given = tensor;
      out.expect_written_once();
      qtl_test::run_kernel<kernel>(p);
      require_written();
      check_same(out.download(), expected);
    });
  }
}

TEST_CASE("channels of s8, s4, e4m3") {
  check_weights<w8a8::weight, bf16, small_warps>();
  check_weights<w8a8_affine::weight, f32, small_block>();
  check_weights<w4a8_channel::weight, f16, small_block>();
  check_weights<fp8::weight, f32, small_warps>();
  check_weights<policy<s8, symmetric_full_range, per_channel>, f32, small_warps>();
  check_weights<policy<s8, symmetric_half_step, per_channel>, bf16, small_warps>();
}

TEST_CASE("groups of s4, u4, s8") {
  check_weights<w4a8::weight, f32, small_warps>();
  check_weights<w4a16::weight, bf16, small_block>();
  check_weights<w4a16_g32::weight, f16, small_warps>();
  check_weights<w4a16_affine::weight, f32, small_block>();
  check_weights<w4a16_g32_affine::weight, bf16, small_warps>();
  check_weights<policy<s8, symmetric, per_group<64>, scaled_by<bf16>>, f32, small_warps>();
}

TEST_CASE("groups of nf4 and e2m1") {
  check_weights<nf4_a16::weight, f32, small_warps>();
  check_weights<nf4_a16::weight, f16, small_block>();
  check_weights<fp4_bnb_a16::weight, bf16, small_block>();
  check_weights<mxfp4::weight, f32, small_block>();
  check_weights<mxfp4::weight, bf16, small_warps>();
  check_weights<nvfp4::weight, f32, small_warps>();
}

TEST_CASE("packings that are not powers of two, other schemes, other roundings") {
  check_weights<w4a16_shift::weight, f32, small_warps>();
  check_weights<w3a16::weight, f32, small_block>();
  check_weights<w2a16::weight, bf16, small_warps>();
  check_weights<mxfp6::weight, f32, small_warps>();
  check_weights<mxfp8::weight, f16, small_warps>();
  check_weights<mxint8::weight, f32, small_warps>();
  check_weights<policy<u4, affine_as_is, per_group<64>>, f32, small_warps>();
  check_weights<policy<s4, symmetric, per_group<32>, round_stochastic<11>>, f32, small_warps>();
  check_weights<policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0, scale_rule::even>>, f32,
                small_warps>();
}

TEST_CASE("a block with NaN or Inf gets a NaN scale and leaves its neighbours alone") {
  using P = policy<s4, symmetric, per_group<32>, scaled_by<f16>>;
  matrix<float> w = noise_matrix(2, 96, 1);
  const auto clean = answer_of_weights<P>(w, 48);
  w(0, 40) = quiet_nan;
  w(1, 95) = infinity;
  const stored_reals<f32> x = store_reals<f32>(w);
  const quantization_outputs<P, parameter_form::stored> out(2, 96, 48);
  gpu::quantize_rows_params<P, plain_row<f32>, parameter_form::stored> p;
  out.fill_in(p);
  p.x = {x.data(), x.stride};
  out.expect_written_once();
  require_ok(gpu::quantize_matrix(p));
  require_written();
  const auto got = out.download();
  for (std::size_t b = 0; b < 6; ++b) {
    const bool poisoned = b == 1 || b == 5;
    CHECK(got.scales[b] == (poisoned ? f16::encode(quiet_nan) : clean.scales[b]));
    for (std::size_t byte = 16 * b; byte < 16 * b + 16; ++byte)
      CHECK(got.codes[byte] == (poisoned ? std::byte{0} : clean.codes[byte]));
  }
}

}  // namespace
