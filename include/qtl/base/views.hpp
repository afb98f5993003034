// SPDX-License-Identifier: Apache-2.0
// qtl/base/views.hpp - a matrix somebody else owns.
// Holds: matrix_view<T>, as_view(), the concept MatrixSource. Not here: owning matrices (matrix.hpp).
// Eigen matrices, maps, blocks and refs are taken by shape of their interface; Eigen is not
// included.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qtl/base/config.hpp"
#include "qtl/base/unsatisfied.hpp"

namespace qtl::inline v0 {

/// A rows x cols matrix in memory that the caller owns: element (i, j) is data[i * row_stride + j *
/// col_stride]. Strides count elements and may be anything that stays inside the caller's memory.
template<class T>
struct matrix_view {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;
  std::int64_t col_stride = 1;

  constexpr matrix_view() = default;
  /// Row-major and dense.
  constexpr matrix_view(T* d, std::int64_t r, std::int64_t c) : matrix_view(d, r, c, c, 1) {}
  /// Any strides.
  constexpr matrix_view(T* d, std::int64_t r, std::int64_t c, std::int64_t rs, std::int64_t cs)
      : data(d), rows(r), cols(c), row_stride(rs), col_stride(cs) {}
  /// A view of const elements from one of mutable elements.
  template<class U>
    requires std::same_as<const U, T>
  constexpr matrix_view(const matrix_view<U>& o)
      : matrix_view(o.data, o.rows, o.cols, o.row_stride, o.col_stride) {}

  QTL_HOST_DEVICE constexpr T& operator()(std::int64_t i, std::int64_t j) const {
    return data[i * row_stride + j * col_stride];
  }
  constexpr std::int64_t size() const { return rows * cols; }

  /// Rows [first, first + count).
  constexpr matrix_view row_range(std::int64_t first, std::int64_t count) const {
    return {data + first * row_stride, count, cols, row_stride, col_stride};
  }
};

/// True for every matrix_view.
template<class T>
inline constexpr bool is_matrix_view = false;
template<class T>
inline constexpr bool is_matrix_view<matrix_view<T>> = true;

/// Asks for what Eigen's directly addressable expressions and qtl::matrix both offer.
template<class M>
inline constexpr bool has_strided_float_storage = requires(const M& m) {
  { m.rows() } -> std::convertible_to<std::int64_t>;
  { m.cols() } -> std::convertible_to<std::int64_t>;
  { m.data() } -> std::convertible_to<const float*>;
  { m.innerStride() } -> std::convertible_to<std::int64_t>;
  { m.outerStride() } -> std::convertible_to<std::int64_t>;
  { M::IsRowMajor } -> std::convertible_to<bool>;
};

/// Satisfied by matrix_view<float>, matrix_view<const float>, qtl::matrix<float>, and every Eigen
/// object of float with memory of its own (Matrix, Map, Ref, Block). Why: the library reads memory,
/// it does not evaluate expressions.
template<class M>
// clang-format off
concept MatrixSource =
    std::same_as<M, matrix_view<float>> || std::same_as<M, matrix_view<const float>> ||
    has_strided_float_storage<M> ||
    unsatisfied<"expected a float matrix in memory: an Eigen object with data(), a qtl::matrix_view<const float>, or a qtl::matrix<float>; evaluate an Eigen expression with .eval() first", M>;
// clang-format on

/// A read-only view of any MatrixSource.
template<MatrixSource M>
constexpr matrix_view<const float> as_view(const M& m) {
  if constexpr (is_matrix_view<M>) {
    return m;
  } else {
    const auto inner = static_cast<std::int64_t>(m.innerStride());
    const auto outer = static_cast<std::int64_t>(m.outerStride());
    return {m.data(), static_cast<std::int64_t>(m.rows()), static_cast<std::int64_t>(m.cols()),
            M::IsRowMajor ? outer : inner, M::IsRowMajor ? inner : outer};
  }
}

/// A view of a span as rows x cols, row-major. Precondition: the span holds rows * cols elements.
template<class T>
constexpr matrix_view<T> as_view(std::span<T> elements, std::int64_t rows, std::int64_t cols) {
  return {elements.data(), rows, cols};
}

}  // namespace qtl::inline v0
