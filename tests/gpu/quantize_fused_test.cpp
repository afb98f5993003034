// SPDX-License-Identifier: Apache-2.0
// tests/gpu/quantize_fused_test.cpp - RMSNorm and SiLU * up, quantized in the same kernel, equal a
// scalar loop that rounds where the kernels say they round and then nn/activations.hpp, bit for
// bit.
#include <cmath>

#include "qtl/gemm/activation_function.hpp"
#include "qtl/gpu/kernel/rms_norm_quantize.cuh"
#include "qtl/gpu/kernel/silu_mul_quantize.cuh"
#include "qtl/policy/presets.hpp"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;
using gpu::parameter_form;
using gpu::rms_norm_row;
using gpu::row_team;
using gpu::silu_mul_row;

using small_warps = row_team<32, 2, 1>;
using small_block = row_team<64, 1, 1>;

struct shape {
  std::int64_t m;
  std::int64_t k;
};

constexpr shape shapes[] = {{0, 8},    {1, 0},    {2, 1},    {15, 7},  {17, 32},
                            {15, 127}, {11, 129}, {12, 500}, {2, 1027}};

template<QuantPolicy P, class Source, class Team>
void check_fused(const matrix<float>& reals, const typename Source::params& x) {
  using kernel =
      gpu::quantize_rows<gpu::row_quantization<P, Source, Team, parameter_form::decoded>>;
  const std::int64_t row_bytes = packed_bytes(reals.cols(), P::format::bits);
  const auto expected = answer_of_activations<P>(reals.view(), row_bytes, {});
  for_each_seed([&] {
    const quantization_outputs<P, parameter_form::decoded> out(reals.rows(), reals.cols(),
                                                               row_bytes);
    typename kernel::params p;
    out.fill_in(p);
    p.x = x;
    out.expect_written_once();
    qtl_test::run_kernel<kernel>(p);
    require_written();
    check_same(out.download(), expected);
  });
}

// The sum of squares in the order of a team of `threads` threads: see kernel/rms_norm_quantize.cuh.
float sum_of_squares(const matrix<float>& x, std::int64_t i, std::int64_t threads) {
  std::vector<float> sums(static_cast<std::size_t>(threads));
  for (std::int64_t j = 0; j < x.cols(); ++j) {
    float& sum = sums[static_cast<std::size_t>(j / 8 % threads)];
    sum = fused_multiply_add(x(i, j), x(i, j), sum);
  }
  float all = 0.0f;
  for (std::size_t warp = 0; warp < sums.size(); warp += 32) {
    for (std::size_t half = 16; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane)
        sums[warp + lane] = sums[warp + lane] + sums[warp + lane + half];
    all = warp == 0 ? sums[0] : all + sums[warp];
  }
  return all;
}

matrix<float> normalized(const matrix<float>& x, const matrix<float>& weight, float epsilon,
                         std::int64_t threads) {
  return matrix_from(x.rows(), x.cols(), [&](std::int64_t i, std::int64_t j) {
    const float mean = sum_of_squares(x, i, threads) / static_cast<float>(x.cols());
    const float factor = 1.0f / std::sqrt(mean + epsilon);
    const float scaled = x(i, j) * factor;
    return scaled * weight(0, j);
  });
}

template<QuantPolicy P, class F, class Team>
void check_rms_norm() {
  CAPTURE(to_text(describe<P>()).c_str());
  for (const shape& s : shapes) {
    CAPTURE(s.m);
    CAPTURE(s.k);
    const stored_reals<F> x = store_reals<F>(sample_rows(s.m, s.k, 5, true), 1, 2);
    const stored_reals<F> weight = store_reals<F>(noise_matrix(1, s.k, 6));
    const matrix<float> y = normalized(x.host, weight.host, 1e-5f, Team::threads);
    check_fused<P, rms_norm_row<F>, Team>(y, {x.data(), weight.data(), x.stride, 1e-5f});
  }
}

TEST_CASE("RMSNorm, then codes") {
  check_rms_norm<token_s8, bf16, small_warps>();
  check_rms_norm<token_e4m3, f16, small_block>();
  check_rms_norm<token_u8, f32, small_block>();
  check_rms_norm<policy<e4m3, symmetric, per_group<128>, dynamic>, bf16, small_block>();
}

TEST_CASE("RMSNorm is near the exact one") {
  const matrix<float> x = noise_matrix(3, 700, 8);
  const matrix<float> weight = noise_matrix(1, 700, 9);
  const matrix<float> y = normalized(x, weight, 1e-6f, 64);
  for (std::int64_t i = 0; i < 3; ++i) {
    double squares = 0;
    for (std::int64_t j = 0; j < 700; ++j)
      squares += static_cast<double>(x(i, j)) * static_cast<double>(x(i, j));
    for (std::int64_t j = 0; j < 700; ++j) {
      const double exact = static_cast<double>(x(i, j)) * static_cast<double>(weight(0, j)) /
                           std::sqrt(squares / 700 + 1e-6);
      // Sums of positive terms: at most 11 + 5 + 2 roundings, halved by the root; five more after.
      CHECK(std::fabs(static_cast<double>(y(i, j)) - exact) <= 14 * 0x1p-24 * std::fabs(exact));
    }
  }
}

template<QuantPolicy P, class F, class Team>
void check_silu_mul() {
  CAPTURE(to_text(describe<P>()).c_str());
  for (const shape& s : shapes) {
    CAPTURE(s.m);
    CAPTURE(s.k);
    // One matrix of 2 k columns, as a merged projection of gate and up writes it.
    const stored_reals<F> both = store_reals<F>(sample_rows(s.m, 2 * s.k, 15, s.m != 12), 0, 1);
    const matrix<float> y = matrix_from(s.m, s.k, [&](std::int64_t i, std::int64_t j) {
      return activate(activation_function::silu, both.host(i, j)) * both.host(i, s.k + j);
    });
    check_fused<P, silu_mul_row<F>, Team>(
        y, {both.data(), both.data() + s.k, both.stride, both.stride});
  }
}

TEST_CASE("SiLU times up, then codes") {
  check_silu_mul<token_s8, bf16, small_warps>();
  check_silu_mul<token_s8, f32, small_block>();
  check_silu_mul<token_e4m3, f16, small_block>();
  check_silu_mul<policy<e4m3, symmetric, per_group<128>, dynamic>, bf16, small_warps>();
}

TEST_CASE("fused kernels run with the teams that are shipped") {
  const stored_reals<bf16> both = store_reals<bf16>(noise_matrix(2, 2400, 21));
  const matrix<float> y = matrix_from(2, 1200, [&](std::int64_t i, std::int64_t j) {
    return activate(activation_function::silu, both.host(i, j)) * both.host(i, 1200 + j);
  });
  const auto expected = answer_of_activations<token_s8>(y.view(), 1200, {});
  const quantization_outputs<token_s8, parameter_form::decoded> out(2, 1200, 1200);
  gpu::quantize_rows_params<token_s8, silu_mul_row<bf16>, parameter_form::decoded> p;
  out.fill_in(p);
  p.x = {both.data(), both.data() + 1200, both.stride, both.stride};
  out.expect_written_once();
  require_ok(gpu::quantize_matrix(p));
  require_written();
  check_same(out.download(), expected);
}

}  // namespace
