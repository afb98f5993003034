// SPDX-License-Identifier: Apache-2.0
// qtl/base/matrix.hpp - the owning matrix that operations return; converts to any Eigen matrix.
// Holds: matrix<T>. It has Eigen's spelling of extents and strides so that both go through the same door (views.hpp).
#pragma once

#include <cstdint>
#include <utility>

#include "qtl/base/buffer.hpp"
#include "qtl/base/views.hpp"

namespace qtl::inline v0 {

/// What a dense, resizable, assignable matrix of Eigen's looks like from outside.
template<class M>
inline constexpr bool is_resizable_dense_matrix = requires(M& m, std::int64_t n) {
  typename M::PlainObject;
  m.resize(n, n);
  m.coeffRef(n, n);
};

/// A rows x cols row-major matrix that owns its memory. Moves are cheap. A copy allocates, and so
/// throws where clone() returns a status.
template<class T>
class matrix {
 public:
  static constexpr bool IsRowMajor = true;

  matrix() = default;
  matrix(matrix&&) noexcept = default;
  matrix& operator=(matrix&&) noexcept = default;
  matrix(const matrix& other) : matrix(value_or_throw(other.clone())) {}
  matrix& operator=(const matrix& other) { return *this = value_or_throw(other.clone()); }

  /// A zeroed rows x cols matrix, or overflow (for a negative extent too) / out_of_memory.
  static result<matrix> make(std::int64_t rows, std::int64_t cols) {
    std::int64_t count = 0;
    if (!checked_multiply(rows, cols, count))
      return mismatch("rows * cols", "product of extents", -1, INT64_MAX, -1, error_code::overflow);
    result<buffer<T>> memory = buffer<T>::make(count);
    if (!memory.ok()) return memory.why();
    matrix m;
    m.memory_ = *std::move(memory);
    m.rows_ = rows;
    m.cols_ = cols;
    return result<matrix>(std::move(m));
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  T* data() { return memory_.data(); }
  const T* data() const { return memory_.data(); }
  std::int64_t innerStride() const { return 1; }
  std::int64_t outerStride() const { return cols_; }
  T& operator()(std::int64_t i, std::int64_t j) { return memory_[i * cols_ + j]; }
  const T& operator()(std::int64_t i, std::int64_t j) const { return memory_[i * cols_ + j]; }

  matrix_view<T> view() { return {data(), rows_, cols_}; }
  matrix_view<const T> view() const { return {data(), rows_, cols_}; }

  /// A copy.
  result<matrix> clone() const {
    result<buffer<T>> memory = memory_.clone();
    if (!memory.ok()) return memory.why();
    matrix m;
    m.memory_ = *std::move(memory);
    m.rows_ = rows_;
    m.cols_ = cols_;
    return result<matrix>(std::move(m));
  }

  /// Copies into an Eigen matrix: `Eigen::MatrixXf back = qtl::dequantize(q);`.
  template<class M>
    requires is_resizable_dense_matrix<M>
  operator M() const {
    M out;
    using index = decltype(out.rows());
    out.resize(static_cast<index>(rows_), static_cast<index>(cols_));
    for (std::int64_t i = 0; i < rows_; ++i)
      for (std::int64_t j = 0; j < cols_; ++j)
        out.coeffRef(static_cast<index>(i), static_cast<index>(j)) = (*this)(i, j);
    return out;
  }

 private:
  buffer<T> memory_;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
};

}  // namespace qtl::inline v0
