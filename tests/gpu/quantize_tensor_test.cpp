// SPDX-License-Identifier: Apache-2.0
// tests/gpu/quantize_tensor_test.cpp - scales that all of a matrix shares, taken at run time in two
// launches: the bits of nn/activations.hpp and quantize<P>.
#include "qtl/policy/presets.hpp"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;
using gpu::parameter_form;
using gpu::plain_row;
using gpu::row_team;

using small_warps = row_team<32, 2, 1>;
using small_block = row_team<64, 1, 2>;

struct shape {
  std::int64_t m;
  std::int64_t k;
};

constexpr shape shapes[] = {{0, 8},    {1, 0},    {2, 1},    {15, 7},   {17, 32},
                            {15, 127}, {11, 129}, {12, 500}, {2, 1027}, {1100, 1}};

template<QuantPolicy P, class F, class Team>
void check_tokens(bool poisoned) {
  using kernel = gpu::reduce_range<gpu::range_reduction<P, plain_row<F>, Team>>;
  using workspace = gpu::range_workspace<P>;
  CAPTURE(to_text(describe<P>()).c_str());
  const device_array<workspace> memory(1);
  require_ok(gpu::fill(&memory.data()->counter, 0, 4));
  for (const shape& s : shapes) {
    CAPTURE(s.m);
    CAPTURE(s.k);
    const stored_reals<F> x = store_reals<F>(sample_rows(s.m, s.k, 9, poisoned), 1, 1);
    const std::int64_t row_bytes = packed_bytes(s.k, P::format::bits);
    const auto expected = answer_of_activations<P>(x.host.view(), row_bytes, {});
    for_each_seed([&] {
      const quantization_outputs<P, parameter_form::decoded> out(s.m, s.k, row_bytes);
      gpu::quantize_rows_params<P, plain_row<F>, parameter_form::decoded> p;
      out.fill_in(p);
      p.x = {x.data(), x.stride};
      out.expect_written_once();
      qtl_test::run_kernel<kernel>({p.x, s.m, s.k, memory.data()});
      p.given_in_memory = &memory.data()->params;
      require_ok(gpu::quantize_matrix(p));
      require_written();
      check_same(out.download(), expected);
    });
  }
}

TEST_CASE("one scale for all tokens") {
  for (const bool poisoned : {false, true}) {
    check_tokens<policy<s8, symmetric, per_tensor, dynamic>, bf16, small_warps>(poisoned);
    check_tokens<policy<u8, affine, per_tensor, dynamic>, f16, small_block>(poisoned);
    check_tokens<policy<e4m3, symmetric, per_tensor, dynamic>, bf16, small_block>(poisoned);
    check_tokens<policy<e5m2, symmetric, per_tensor, dynamic>, f32, small_warps>(poisoned);
  }
}

TEST_CASE("a scale for all tokens times one for each block of 16") {
  for (const bool poisoned : {false, true})
    check_tokens<nvfp4_tensor<dynamic>, f32, small_warps>(poisoned);
}

TEST_CASE("the teams that are shipped, twice with the same workspace") {
  using P = policy<e4m3, symmetric, per_tensor, dynamic>;
  const device_array<gpu::range_workspace<P>> memory(1);
  require_ok(gpu::fill(&memory.data()->counter, 0, 4));
  for (const std::int64_t k : {300, 2050}) {
    const stored_reals<f16> x = store_reals<f16>(noise_matrix(11, k, 4));
    const auto expected = answer_of_activations<P>(x.host.view(), k, {});
    const quantization_outputs<P, parameter_form::decoded> out(11, k, k);
    gpu::quantize_rows_params<P, plain_row<f16>, parameter_form::decoded> p;
    out.fill_in(p);
    p.x = {x.data(), x.stride};
    out.expect_written_once();
    require_ok(gpu::quantize_whole_matrix(p, memory.data()));
    require_written();
    check_same(out.download(), expected);
  }
}

TEST_CASE("a weight with two levels of scales") {
  using P = nvfp4::weight;
  const stored_reals<f32> w = store_reals<f32>(sample_rows(9, 200, 2, false));
  const auto expected = answer_of_weights<P>(w.host, 100);
  const device_array<gpu::range_workspace<P>> memory(1);
  require_ok(gpu::fill(&memory.data()->counter, 0, 4));
  const quantization_outputs<P, parameter_form::stored> out(9, 200, 100);
  gpu::quantize_rows_params<P, plain_row<f32>, parameter_form::stored> p;
  out.fill_in(p);
  p.x = {w.data(), w.stride};
  out.expect_written_once();
  require_ok(gpu::quantize_whole_matrix(p, memory.data()));
  require_written();
  check_same(out.download(), expected);
  qparams<P> chosen;
  require_ok(gpu::copy_to_host(&chosen, &memory.data()->params, sizeof chosen));
  CHECK(chosen.scale == tensor_scale_of<P>(w.host.view()));
}

}  // namespace
