// SPDX-License-Identifier: Apache-2.0
#include "qtl/base/views.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include "qtl/base/matrix.hpp"

namespace {

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using strided_map = Eigen::Map<const row_major, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

static_assert(qtl::MatrixSource<Eigen::MatrixXf>);
static_assert(qtl::MatrixSource<row_major>);
static_assert(qtl::MatrixSource<strided_map>);
static_assert(qtl::MatrixSource<qtl::matrix<float>>);
static_assert(qtl::MatrixSource<qtl::matrix_view<const float>>);
static_assert(!qtl::MatrixSource<Eigen::MatrixXd>);
static_assert(!qtl::MatrixSource<decltype(Eigen::MatrixXf() + Eigen::MatrixXf())>);

// Element (i, j) is 100 i + j, so that a swapped stride shows.
template<class M>
void number(M&& m) {
  for (Eigen::Index i = 0; i < m.rows(); ++i)
    for (Eigen::Index j = 0; j < m.cols(); ++j) m(i, j) = static_cast<float>(100 * i + j);
}

template<class M>
void check_same(const M& m) {
  const qtl::matrix_view<const float> view = qtl::as_view(m);
  REQUIRE(view.rows == m.rows());
  REQUIRE(view.cols == m.cols());
  for (std::int64_t i = 0; i < view.rows; ++i)
    for (std::int64_t j = 0; j < view.cols; ++j) CHECK(view(i, j) == m(i, j));
}

TEST_CASE_TEMPLATE("a view sees an Eigen matrix and its parts", M, Eigen::MatrixXf, row_major) {
  M m(5, 7);
  number(m);
  check_same(m);
  check_same(m.block(1, 2, 3, 4));
  check_same(m.middleRows(2, 2));
  check_same(m.row(3));
  check_same(m.col(4));
  check_same(Eigen::Ref<const M>(m));
  check_same(m.transpose());
}

TEST_CASE("a view sees a map with two strides") {
  std::vector<float> memory(60);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i);
  check_same(strided_map(memory.data(), 3, 4, {20, 5}));
}

TEST_CASE("a view sees vectors and matrices of fixed size") {
  Eigen::VectorXf column = Eigen::VectorXf::LinSpaced(6, 0, 5);
  check_same(column);
  Eigen::Matrix<float, 2, 3> fixed;
  number(fixed);
  check_same(fixed);
}

TEST_CASE("a span has a view, and a view has ranges of rows") {
  std::vector<float> memory = {0, 1, 2, 3, 4, 5};
  const auto view = qtl::as_view(std::span(memory), 3, 2);
  CHECK(view.size() == 6);
  CHECK(view(2, 1) == 5);
  const auto tail = view.row_range(1, 2);
  CHECK(tail.rows == 2);
  CHECK(tail(0, 0) == 2);
  view(0, 0) = 9;
  CHECK(memory[0] == 9);
}

TEST_CASE("a matrix converts to Eigen and refuses extents that overflow") {
  qtl::matrix<float> m = qtl::value_or_throw(qtl::matrix<float>::make(3, 4));
  number(m);
  check_same(m);
  const Eigen::MatrixXf copy = m;
  check_same(copy);
  CHECK(copy(2, 3) == 203);
  CHECK_FALSE(qtl::matrix<float>::make(std::int64_t{1} << 40, std::int64_t{1} << 40).ok());
  CHECK_FALSE(qtl::matrix<float>::make(-1, 3).ok());
}

}  // namespace
