// SPDX-License-Identifier: Apache-2.0
// tests/ops/properties_test.cpp - what holds for every policy: those of all shipped presets, and
// more schemes.
#include "ops/properties.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::element_params;
using qtl_test::for_each_case;
using qtl_test::noise_matrix;
using qtl_test::policy_case;
using qtl_test::policy_cases;
using qtl_test::tensor_image;

// Rows and columns that no block size of the policies divides.
const matrix<float>& sample() {
  static const matrix<float> x = noise_matrix(5, 300, 1);
  return x;
}

std::size_t element(const matrix<float>& x, std::int64_t i, std::int64_t j) {
  return static_cast<std::size_t>(i * x.cols() + j);
}

bool is_under_test(const policy_desc& d) {
  return std::any_of(policy_cases().begin(), policy_cases().end(),
                     [&](const policy_case& c) -> bool { return c.desc == d; });
}

TEST_CASE("the policies of every preset are under test") {
  CHECK(policy_cases().size() >= 48);
  for_each_type(shipped_presets{}, []<class Pair>() {
    CHECK(is_under_test(describe<typename Pair::weight>()));
    CHECK(is_under_test(describe<typename Pair::activation>()));
  });
}

TEST_CASE("every code is what the function of one element gives") {
  for_each_case([](const policy_case& c) {
    if (c.is_stochastic()) return;
    const tensor_image q = c.quantize(sample().view());
    for (std::size_t e = 0; e < q.codes.size(); ++e) {
      REQUIRE(q.codes[e] == c.encode(sample().data()[e], q.params[e]));
      REQUIRE(qtl_test::same_float(q.reals.data()[e], c.decode(q.codes[e], q.params[e])));
    }
  });
}

TEST_CASE("quantizing the reals of a tensor with its own parameters gives its codes") {
  for_each_case([](const policy_case& c) { qtl_test::check_codes_return(c, sample()); });
}

TEST_CASE("the reals of a symmetric tensor with f32 scales, quantized again, have the same codes") {
  for_each_case([](const policy_case& c) {
    const bool narrow =
        c.desc.scheme == "symmetric" && c.desc.scale_format == "f32" && c.rounds_to_nearest();
    if (!narrow) return;
    const tensor_image once = c.quantize(sample().view());
    const tensor_image twice = c.quantize(once.reals.view());
    for (std::size_t e = 0; e < once.codes.size(); ++e)
      if (once.reals.data()[e] != 0.0f) REQUIRE(once.codes[e] == twice.codes[e]);
  });
}

TEST_CASE(
    "integers: at most half a step inside the range of the codes, the nearest end outside of it") {
  for_each_case([](const policy_case& c) { qtl_test::check_half_step(c, sample()); });
}

TEST_CASE("scale and code bounds cover the data but for one step") {
  for_each_case([](const policy_case& c) {
    if (!c.is_integer()) return;
    const tensor_image q = c.quantize(sample().view());
    for (std::size_t e = 0; e < q.codes.size(); ++e) {
      const double error = std::fabs(double{sample().data()[e]} - double{q.reals.data()[e]});
      REQUIRE(error <= std::fabs(double{q.params[e].scale}) * 1.001);
    }
  });
}

TEST_CASE("the real of a code never falls as x grows") {
  for_each_case([](const policy_case& c) {
    if (c.is_stochastic()) return;
    const tensor_image q = c.quantize(sample().view());
    const element_params& p = q.params[0];
    float before = -infinity;
    for (int step = -4000; step <= 4000; ++step) {
      const float real = c.decode(c.encode(static_cast<float>(step) * 0.002f, p), p);
      REQUIRE(real >= before);
      before = real;
    }
  });
}

TEST_CASE("a power of two in front of x moves to the scale") {
  for_each_case([](const policy_case& c) {
    const bool exact_scale =
        c.desc.scale_format == "f32" || c.desc.scale_format == "e8m0" || c.desc.two_levels;
    if (!exact_scale || c.desc.is_unscaled()) return;
    const tensor_image q = c.quantize(sample().view());
    for (const float power : {0x1p-9f, 2.0f, 0x1p13f}) {
      const matrix<float> scaled = qtl_test::matrix_from(
          sample().rows(), sample().cols(),
          [&](std::int64_t i, std::int64_t j) { return sample()(i, j) * power; });
      const tensor_image moved = c.quantize(scaled.view());
      CHECK(moved.codes == q.codes);
      for (std::size_t e = 0; e < q.codes.size(); ++e) {
        REQUIRE(moved.params[e].scale == q.params[e].scale * power);
        REQUIRE(moved.params[e].zero_point == q.params[e].zero_point);
        REQUIRE(moved.params[e].shift == q.params[e].shift * power);
      }
    }
  });
}

TEST_CASE("fake_quantize is dequantize of quantize, to the bit") {
  for_each_case([](const policy_case& c) {
    CHECK(qtl_test::same_matrix(c.fake_quantize(sample().view()).view(),
                                c.quantize(sample().view()).reals.view()));
  });
}

TEST_CASE("zeros have scale 1 and stay zeros") {
  for_each_case([](const policy_case& c) {
    matrix<float> x = noise_matrix(4, 130, 2);
    for (std::int64_t j = 0; j < 130; ++j) x(1, j) = x(2, j) = 0.0f;
    const tensor_image q = c.quantize(x.view());
    const bool own_block = c.desc.block_rows == 1;
    for (std::int64_t i = 1; i < 3; ++i)
      for (std::int64_t j = 0; j < 130; ++j) {
        if (own_block) REQUIRE(q.params[element(x, i, j)].scale == q.tensor_scale);
        if (c.desc.zero_point != zero_point_kind::shift || own_block)
          REQUIRE(q.reals(i, j) == 0.0f);
      }
    const tensor_image zeros = c.quantize(qtl_test::matrix_of({{0, 0, 0}, {0, -0.0f, 0}}).view());
    CHECK(zeros.params[4].scale == 1.0f);
    CHECK(zeros.reals(1, 1) == 0.0f);
  });
}

// Block (bi, bj) of x, alone.
matrix<float> block_alone(const matrix<float>& x, const block_grid& grid, std::int64_t bi,
                          std::int64_t bj) {
  const std::int64_t row = bi * grid.block_rows;
  const std::int64_t col = bj * grid.block_cols;
  return qtl_test::matrix_from(std::min(grid.block_rows, x.rows() - row),
                               std::min(grid.block_cols, x.cols() - col),
                               [&](std::int64_t i, std::int64_t j) { return x(row + i, col + j); });
}

void check_blocks(const policy_case& c, const matrix<float>& x) {
  const tensor_image whole = c.quantize(x.view());
  REQUIRE(whole.reals.rows() == x.rows());
  REQUIRE(whole.reals.cols() == x.cols());
  const block_grid grid = make_block_grid(x.rows(), x.cols(), c.desc.block_rows, c.desc.block_cols);
  for (std::int64_t bi = 0; bi < grid.rows; ++bi)
    for (std::int64_t bj = 0; bj < grid.cols; ++bj) {
      const matrix<float> part = block_alone(x, grid, bi, bj);
      const tensor_image alone = c.quantize(part.view());
      for (std::int64_t i = 0; i < part.rows(); ++i)
        for (std::int64_t j = 0; j < part.cols(); ++j) {
          const std::size_t at = element(x, bi * grid.block_rows + i, bj * grid.block_cols + j);
          REQUIRE(alone.codes[element(part, i, j)] == whole.codes[at]);
          REQUIRE(alone.params[element(part, i, j)] == whole.params[at]);
        }
    }
}

TEST_CASE("every block is quantized as if it were alone, at every extent") {
  for_each_case([](const policy_case& c) {
    const bool blocks_are_alone = !c.desc.two_levels && !c.is_stochastic();
    for (const std::int64_t extent : qtl_test::awkward_extents) {
      CAPTURE(extent);
      const matrix<float> wide = noise_matrix(3, extent, 3);
      const matrix<float> tall = noise_matrix(extent, 5, 4);
      if (blocks_are_alone) {
        check_blocks(c, wide);
        check_blocks(c, tall);
      } else {
        CHECK(c.quantize(wide.view()).codes.size() == static_cast<std::size_t>(3 * extent));
        CHECK(c.quantize(tall.view()).codes.size() == static_cast<std::size_t>(5 * extent));
      }
    }
    CHECK(c.quantize(noise_matrix(0, 0, 5).view()).codes.empty());
  });
}

TEST_CASE("NaN and Inf are refused by row and column") {
  for_each_case([](const policy_case& c) {
    for (const float bad : {quiet_nan, infinity, -infinity, float_from_bits(0xFFC00001u)}) {
      matrix<float> x = noise_matrix(40, 70, 6);
      x(31, 64) = bad;
      x(31, 65) = bad;
      x(39, 1) = bad;
      const status s = c.refuse(x.view());
      CHECK(s.code == error_code::not_finite);
      CHECK(s.expected == 31);
      CHECK(s.actual == 64);
      const std::string text = s.message.c_str();
      CHECK(text.find("row 31, column 64") != std::string::npos);
      CHECK(text.find(is_nan(bad) ? "NaN" : "infinite") != std::string::npos);
    }
  });
}

TEST_CASE("ranges at both ends of f32 keep finite scales and a relative error of a few per cent") {
  for_each_case([](const policy_case& c) {
    if (!c.is_integer() || c.desc.bits < 8 || !c.rounds_to_nearest() ||
        c.desc.scale_format != "f32")
      return;
    for (const float amax : {3e38f, 1e30f, 0x1p-120f}) {
      const matrix<float> x =
          qtl_test::matrix_of({{amax, -amax, amax / 3, -amax / 2, 0, amax / 5}});
      const tensor_image q = c.quantize(x.view());
      for (std::int64_t j = 0; j < 6; ++j) {
        REQUIRE(is_finite(q.params[element(x, 0, j)].scale));
        REQUIRE(std::fabs(double{q.reals(0, j)} - double{x(0, j)}) <= 0.01 * double{amax});
      }
    }
  });
}

TEST_CASE("subnormal data give finite reals and no scale of zero") {
  for_each_case([](const policy_case& c) {
    for (const float tiny : {0x1p-149f, 0x1p-140f, 0x1p-127f}) {
      const tensor_image q = c.quantize(qtl_test::matrix_of({{tiny, -tiny, 0, tiny / 2}}).view());
      for (std::int64_t j = 0; j < 4; ++j) {
        REQUIRE(q.params[static_cast<std::size_t>(j)].scale != 0.0f);
        REQUIRE(std::fabs(q.reals(0, j)) <= 2 * tiny);
      }
    }
  });
}

}  // namespace
