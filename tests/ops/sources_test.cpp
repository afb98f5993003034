// SPDX-License-Identifier: Apache-2.0
// tests/ops/sources_test.cpp - the same values give the same tensor from whatever memory they lie
// in; granularities that cut the same blocks agree.
#include <cstring>
#include <span>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include "qtl/core.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using any_stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;

// Equal codes, scales, zero points, and scale of the tensor; the granularities may have different
// names.
template<QuantPolicy P, QuantPolicy Q>
bool same_tensor(const QTensor<P>& a, const QTensor<Q>& b) {
  const auto same = [](const std::byte* x, const std::byte* y, std::int64_t count) {
    return count == 0 || std::memcmp(x, y, static_cast<std::size_t>(count)) == 0;
  };
  const tensor_layout& l = a.layout();
  const tensor_layout& r = b.layout();
  return l.rows == r.rows && l.cols == r.cols && l.code_bytes == r.code_bytes &&
         l.scale_bytes == r.scale_bytes && l.offset_bytes == r.offset_bytes &&
         a.tensor_scale() == b.tensor_scale() &&
         same(a.view().codes, b.view().codes, l.code_bytes) &&
         same(a.view().scales, b.view().scales, l.scale_bytes) &&
         same(a.view().offsets, b.view().offsets, l.offset_bytes);
}

template<QuantPolicy P>
void check_sources(const matrix<float>& x) {
  const QTensor<P> expected = quantize<P>(x);
  const Eigen::MatrixXf columns = x;
  const row_major rows = x;
  CHECK(same_tensor(quantize<P>(x.view()), expected));
  CHECK(same_tensor(quantize<P>(as_view(std::span<const float>(x.data(), static_cast<std::size_t>(
                                                                             x.rows() * x.cols())),
                                        x.rows(), x.cols())),
                    expected));
  CHECK(same_tensor(quantize<P>(columns), expected));
  CHECK(same_tensor(quantize<P>(rows), expected));

  // Inside larger memory, with both strides above one.
  Eigen::MatrixXf large = Eigen::MatrixXf::Constant(3 * x.rows() + 2, 2 * x.cols() + 3, 1e9f);
  Eigen::Map<Eigen::MatrixXf, 0, any_stride> inside(large.data() + large.rows() + 1, x.rows(),
                                                    x.cols(), any_stride(2 * large.rows(), 3));
  inside = columns;
  CHECK(same_tensor(quantize<P>(inside), expected));
  const Eigen::Map<const Eigen::MatrixXf, 0, any_stride> inside_const(
      inside.data(), x.rows(), x.cols(), any_stride(2 * large.rows(), 3));
  CHECK(same_tensor(quantize<P>(inside_const), expected));

  large.setConstant(-1e9f);
  large.block(1, 2, x.rows(), x.cols()) = columns;
  CHECK(same_tensor(quantize<P>(large.block(1, 2, x.rows(), x.cols())), expected));
  const Eigen::Ref<const Eigen::MatrixXf> reference = large.block(1, 2, x.rows(), x.cols());
  CHECK(same_tensor(quantize<P>(reference), expected));
  row_major wide = row_major::Constant(x.rows() + 2, x.cols() + 5, 7e8f);
  wide.block(1, 3, x.rows(), x.cols()) = columns;
  CHECK(same_tensor(quantize<P>(wide.block(1, 3, x.rows(), x.cols())), expected));

  // Bottom up: a negative stride.
  if (x.rows() > 0) {
    const row_major flipped = rows.colwise().reverse();
    const matrix_view<const float> upward(flipped.data() + (x.rows() - 1) * x.cols(), x.rows(),
                                          x.cols(), -x.cols(), 1);
    CHECK(same_tensor(quantize<P>(upward), expected));
  }
}

TEST_CASE_TEMPLATE("any memory gives the same tensor", P, policy<s8, symmetric, per_channel>,
                   policy<u4, affine, per_group<32>, scaled_by<f16>>, nvfp4_tensor<>) {
  for (const std::int64_t cols : {0, 1, 33, 127})
    for (const std::int64_t rows : {0, 1, 5}) {
      CAPTURE(rows);
      CAPTURE(cols);
      check_sources<P>(qtl_test::noise_matrix(rows, cols, 11));
    }
}

TEST_CASE("every row the same: a stride of zero") {
  const std::vector<float> row = qtl_test::noise_vector(40, 3);
  const matrix_view<const float> repeated(row.data(), 4, 40, 0, 1);
  const auto q = quantize<policy<s8, symmetric, per_channel>>(repeated);
  for (std::int64_t j = 0; j < 40; ++j) CHECK(q.code(3, j) == q.code(0, j));
}

TEST_CASE("per_group of all columns is per_channel, per_block of one row is per_group") {
  for (const std::int64_t rows : qtl_test::awkward_extents) {
    const matrix<float> x = qtl_test::noise_matrix(rows, 37, 12);
    CHECK(same_tensor(quantize<policy<s8, symmetric, per_group<37>>>(x),
                      quantize<policy<s8, symmetric, per_channel>>(x)));
    CHECK(same_tensor(quantize<policy<s8, symmetric, per_group<4000>>>(x),
                      quantize<policy<s8, symmetric, per_channel>>(x)));
    CHECK(same_tensor(quantize<policy<u4, affine, per_block<1, 16>>>(x),
                      quantize<policy<u4, affine, per_group<16>>>(x)));
    CHECK(same_tensor(quantize<policy<s8, symmetric, per_token>>(x),
                      quantize<policy<s8, symmetric, per_channel>>(x)));
  }
  for (const std::int64_t cols : qtl_test::awkward_extents) {
    const matrix<float> x = qtl_test::noise_matrix(3, cols, 13);
    CHECK(same_tensor(quantize<policy<u4, affine, per_block<1, 16>>>(x),
                      quantize<policy<u4, affine, per_group<16>>>(x)));
    if (cols != 0)
      CHECK(same_tensor(quantize<policy<s8, symmetric, per_block<500, 500>>>(x),
                        quantize<policy<s8, symmetric, per_tensor>>(x)));
  }
}

TEST_CASE("requantize is quantize of the reals") {
  const matrix<float> x = qtl_test::noise_matrix(5, 70, 14);
  const auto eight = quantize<policy<s8, symmetric, per_channel>>(x);
  CHECK(same_tensor(requantize<policy<s4, symmetric, per_group<32>>>(eight),
                    quantize<policy<s4, symmetric, per_group<32>>>(dequantize(eight))));
}

TEST_CASE("stochastic rounding: the same draw every time, another for another seed, unbiased") {
  const matrix<float> x = qtl_test::matrix_from(
      40, 500, [](std::int64_t i, std::int64_t j) { return i == 0 && j == 0 ? 7.0f : 0.25f; });
  using one = policy<s4, symmetric, per_tensor, round_stochastic<1>>;
  using two = policy<s4, symmetric, per_tensor, round_stochastic<2>>;
  CHECK(same_tensor(quantize<one>(x), quantize<one>(x)));
  CHECK_FALSE(same_tensor(quantize<one>(x), quantize<two>(x)));
  double sum = 0;
  const auto q = quantize<one>(x);
  for (std::int64_t i = 0; i < 40; ++i)
    for (std::int64_t j = 0; j < 500; ++j) sum += i == 0 && j == 0 ? 0.25 : q.code(i, j);
  CHECK(sum / 20000 == doctest::Approx(0.25).epsilon(0.05));  // 3.3 standard deviations
}

}  // namespace
