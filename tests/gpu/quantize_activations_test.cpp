// SPDX-License-Identifier: Apache-2.0
// tests/gpu/quantize_activations_test.cpp - tokens quantized by kernels equal those of
// nn/activations.hpp in every bit: codes, scales, zero points, sums of codes.
#include <string_view>

#include "qtl/policy/presets.hpp"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;
using gpu::parameter_form;
using gpu::plain_row;
using gpu::row_team;

struct shape {
  std::int64_t m;
  std::int64_t k;
  std::int64_t offset = 0;   // of the first element, in elements
  std::int64_t padding = 0;  // between rows, in elements
};

// Every tail of m and k, rows that begin anywhere, and rows longer than a team keeps.
constexpr shape shapes[] = {{0, 8},           {1, 0},    {2, 1},    {15, 2, 1},  {17, 7, 0, 1},
                            {11, 8},          {15, 31},  {17, 32},  {12, 33, 3}, {15, 127, 0, 1},
                            {17, 128},        {11, 129}, {64, 16},  {2, 500},    {12, 500, 0, 4},
                            {11, 1027, 5, 2}, {2, 1027}, {1, 1024}, {15, 264}};

// Teams so small that short rows take every path: two rows to a block, one row to two warps, and
// both with rows that do not fit.
using small_warps = row_team<32, 2, 1>;
using small_block = row_team<64, 1, 1>;

template<QuantPolicy P, class F, class Run>
void check_shape(const shape& s, const qparams<P>& fixed, Run run) {
  CAPTURE(describe<P>().format.c_str());
  CAPTURE(describe<P>().granularity.c_str());
  CAPTURE(F::name.c_str());
  CAPTURE(s.m);
  CAPTURE(s.k);
  const stored_reals<F> x = store_reals<F>(
      sample_rows(s.m, s.k, 1 + static_cast<std::uint64_t>(s.k), true), s.offset, s.padding);
  // Half of the cases end rows at their last code, half in zeros to a multiple of 16 bytes.
  const std::int64_t packed = packed_bytes(s.k, P::format::bits);
  const std::int64_t row_bytes = s.m % 2 == 0 ? (packed + 15) / 16 * 16 : packed;
  const auto expected = answer_of_activations<P>(x.host.view(), row_bytes, fixed);
  for_each_seed([&] {
    const quantization_outputs<P, parameter_form::decoded> out(s.m, s.k, row_bytes);
    gpu::quantize_rows_params<P, plain_row<F>, parameter_form::decoded> p;
    out.fill_in(p);
    p.x = {x.data(), x.stride};
    p.given = fixed;
    out.expect_written_once();
    run(p);
    require_written();
    check_same(out.download(), expected);
  });
}

template<QuantPolicy P, class F, class Team>
void check_team(const qparams<P>& fixed = {}) {
  using kernel =
      gpu::quantize_rows<gpu::row_quantization<P, plain_row<F>, Team, parameter_form::decoded>>;
  for (const shape& s : shapes)
    check_shape<P, F>(s, fixed, [](const auto& p) { qtl_test::run_kernel<kernel>(p); });
}

TEST_CASE("tokens of s8 and u8") {
  check_team<token_s8, bf16, small_warps>();
  check_team<token_s8, f32, small_block>();
  check_team<token_u8, f16, small_warps>();
  check_team<token_u8, bf16, small_block>();
  check_team<policy<s8, affine, per_token, dynamic>, f32, small_warps>();
}

TEST_CASE("tokens of s4") {
  check_team<policy<s4, symmetric, per_token, dynamic>, f16, small_warps>();
  check_team<policy<s4, symmetric, per_token, dynamic>, bf16, small_block>();
}

TEST_CASE("tokens of e4m3 and e5m2") {
  check_team<token_e4m3, bf16, small_warps>();
  check_team<token_e4m3, f32, small_block>();
  check_team<policy<e5m2, symmetric, per_token, dynamic>, f16, small_block>();
}

TEST_CASE("groups of a token") {
  check_team<policy<e4m3, symmetric, per_group<128>, dynamic>, bf16, small_warps>();
  check_team<policy<e4m3, symmetric, per_group<128>, dynamic>, f32, small_block>();
  check_team<policy<s8, affine, per_group<32>, dynamic>, f16, small_warps>();
  check_team<mx<e2m1, dynamic>, bf16, small_block>();
  check_team<policy<s8, symmetric, per_group<256>, dynamic>, f16, small_block>();
}

TEST_CASE("scales that were fixed beforehand") {
  check_team<policy<s8, symmetric, per_tensor>, bf16, small_warps>({0.0371f, {}});
  check_team<policy<u8, affine, per_tensor>, f16, small_block>({0.0371f, 131});
  check_team<policy<e4m3, symmetric, per_tensor>, bf16, small_block>({0.01f, {}});
  check_team<policy<e5m2, symmetric, per_tensor>, f32, small_warps>({1e-4f, {}});
}

TEST_CASE("the teams that are shipped") {
  // nvcc would make a function pointer of it, and miss parameters to deduce, were it not for the &.
  const auto check = [&]<class P, class F>(std::int64_t m, std::int64_t k) {
    check_shape<P, F>({m, k}, {}, [](const auto& p) { require_ok(gpu::quantize_matrix(p)); });
  };
  check.operator()<token_s8, bf16>(9, 1000);
  check.operator()<token_s8, f32>(2, 4096);
  check.operator()<token_u8, f16>(2, 4104);
  check.operator()<token_e4m3, bf16>(1, 16385);
  check.operator()<policy<e4m3, symmetric, per_group<128>, dynamic>, bf16>(1, 17000);
}

TEST_CASE("columns of scales as a TMA reads them") {
  using P = policy<e4m3, symmetric, per_group<128>, dynamic>;
  constexpr std::int64_t m = 6;
  constexpr std::int64_t k = 400;
  const stored_reals<bf16> x = store_reals<bf16>(sample_rows(m, k, 3, false));
  const auto expected = answer_of_activations<P>(x.host.view(), k, {});
  const std::int64_t stride = gpu::scale_column_stride(m);
  CHECK(stride == 8);
  device_array<float> scales(4 * stride);
  const quantization_outputs<P, parameter_form::decoded> out(m, k, k);
  gpu::quantize_rows_params<P, plain_row<bf16>, parameter_form::decoded> p;
  out.fill_in(p);
  p.x = {x.data(), x.stride};
  p.blocks = {scales.data(), nullptr, 1, stride};
  require_ok(gpu::fill(scales.data(), 0, scales.bytes()));
  require_ok(gpu::quantize_matrix(p));
  const std::vector<float> got = scales.download();
  for (std::int64_t i = 0; i < stride; ++i)
    for (std::int64_t g = 0; g < 4; ++g)
      CHECK(got[static_cast<std::size_t>(g * stride + i)] ==
            (i < m ? expected.scales[static_cast<std::size_t>(i * 4 + g)] : 0.0f));
}

TEST_CASE("bad arguments are named") {
  gpu::quantize_rows_params<token_s8, plain_row<f16>, parameter_form::decoded> p;
  p.m = -1;
  CHECK(std::string_view(gpu::quantize_matrix(p).operand) == "x");
  p.m = 4;
  p.k = 9;
  p.written_bytes = 8;
  CHECK(std::string_view(gpu::quantize_matrix(p).operand) == "written_bytes");
  p.written_bytes = 9;
  p.row_bytes = 8;
  CHECK(std::string_view(gpu::quantize_matrix(p).operand) == "row_bytes");
}

}  // namespace
