// SPDX-License-Identifier: Apache-2.0
// tests/gpu/quantize_blocks_test.cpp - blocks of any extents are quantized as quantize<P> does.
#include "qtl/gpu/kernel/encode_blocks.cuh"
#include "qtl/policy/presets.hpp"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;
using gpu::parameter_form;
using gpu::row_team;

struct shape {
  std::int64_t m;
  std::int64_t k;
  std::int64_t offset = 0;
};

constexpr shape shapes[] = {{0, 8},  {1, 0},      {2, 1},   {9, 7},   {3, 31},      {9, 32},
                            {2, 33}, {9, 127, 1}, {3, 128}, {9, 129}, {10, 500, 3}, {3, 1027}};

template<QuantPolicy P, class F>
void check_blocks() {
  using table = gpu::params_table<P, parameter_form::stored>;
  CAPTURE(to_text(describe<P>()).c_str());
  CAPTURE(F::name.c_str());
  for (const shape& s : shapes) {
    CAPTURE(s.m);
    CAPTURE(s.k);
    const stored_reals<F> w = store_reals<F>(sample_rows(s.m, s.k, 31, false), s.offset);
    const std::int64_t row_bytes = packed_bytes(s.k, P::format::bits) + s.m % 3;
    const auto expected = answer_of_weights<P>(w.host, row_bytes);
    const block_grid grid =
        make_block_grid(s.m, s.k, P::granularity::block_rows, P::granularity::block_cols);
    const device_array<float> tensor_scale(std::vector<float>{tensor_scale_of<P>(w.host.view())});
    for_each_seed([&] {
      const device_array<std::byte> codes(s.m * row_bytes);
      const device_array<typename table::scale> scales(grid.size());
      const device_array<typename table::offset> offsets(grid.size());
      codes.expect_written_once();
      scales.expect_written_once();
      if constexpr (offset_bytes<P> != 0) offsets.expect_written_once();
      gpu::quantize_blocks_params<P, F, parameter_form::stored> p;
      p.x = {w.data(), w.stride};
      p.m = s.m;
      p.k = s.k;
      p.codes = codes.data();
      p.row_bytes = p.written_bytes = row_bytes;
      p.blocks = {scales.data(), offsets.data(), grid.cols, 1};
      if (P::scale::two_levels) p.tensor_scale = tensor_scale.data();
      require_ok(gpu::quantize_blocks(p));
      require_written();
      REQUIRE(same_bytes(scales.download(), expected.scales));
      if constexpr (offset_bytes<P> != 0) REQUIRE(same_bytes(offsets.download(), expected.offsets));
      REQUIRE(same_bytes(codes.download(), expected.codes));
    });
  }
}

TEST_CASE("blocks of several rows") {
  check_blocks<policy<e4m3, symmetric, per_block<4, 128>>, bf16>();
  check_blocks<policy<e4m3, symmetric, per_block<2, 16>>, f32>();
  check_blocks<policy<s8, symmetric, per_block<3, 20>, scaled_by<f16>>, f16>();
  check_blocks<policy<e2m1, symmetric, per_block<4, 16>, scaled_by_two_levels<e4m3>>, f32>();
}

TEST_CASE("groups that are no power of two, or longer than a warp reaches") {
  check_blocks<policy<u4, affine, per_group<12>>, f32>();
  check_blocks<policy<s4, symmetric, per_group<7>, scaled_by<bf16>>, bf16>();
  check_blocks<policy<s3, symmetric_half_step, per_group<96>>, f16>();
  check_blocks<policy<nf4, symmetric, per_group<1000>>, f32>();
  check_blocks<policy<s4, symmetric, per_group<5>, round_stochastic<3>>, f32>();
}

TEST_CASE("the blocks of 128 x 128 that FP8 checkpoints have") {
  using P = fp8_block::weight;
  const stored_reals<bf16> w = store_reals<bf16>(noise_matrix(130, 131, 6));
  const auto expected = answer_of_weights<P>(w.host, 131);
  const device_array<std::byte> codes(130 * 131);
  const device_array<float> scales(4);
  gpu::quantize_blocks_params<P, bf16, parameter_form::stored> p;
  p.x = {w.data(), w.stride};
  p.m = 130;
  p.k = 131;
  p.codes = codes.data();
  p.row_bytes = p.written_bytes = 131;
  p.blocks = {scales.data(), nullptr, 2, 1};
  codes.expect_written_once();
  scales.expect_written_once();
  require_ok(gpu::quantize_blocks(p));
  require_written();
  CHECK(same_bytes(scales.download(), expected.scales));
  CHECK(same_bytes(codes.download(), expected.codes));
}

}  // namespace
