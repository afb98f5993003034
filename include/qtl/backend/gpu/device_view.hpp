// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/device_view.hpp - a matrix in a device's memory, of an element type that the view knows.
// Holds: device_element<F>, device_view<F>, device_operand. Nothing here reads the memory: the host cannot.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "qtl/gemm/epilogue.hpp"
#include "qtl/gemm/operands.hpp"

namespace qtl::inline v0 {

/// Satisfied by f32, f16 and bf16. Why: these are what kernels take and give without a scale.
template<class F>
concept RealFormat =
    std::same_as<F, f32> || std::same_as<F, f16> || std::same_as<F, bf16> ||
    unsatisfied<"a matrix of reals on a device holds qtl::f32, qtl::f16 or qtl::bf16", F>;

/// How one element of format F lies in memory: float for f32, else the code. const F: read-only.
template<class F>
using device_element = std::conditional_t<
    std::is_const_v<F>,
    const std::conditional_t<std::same_as<F, const f32>, float, code_type<std::remove_const_t<F>>>,
    std::conditional_t<std::same_as<F, f32>, float, code_type<std::remove_const_t<F>>>>;

/// A row-major rows x cols matrix of format F in device memory that the caller owns, read-only
/// where F is const. Rows are row_stride elements apart; columns are neighbours.
template<class F>
  requires NumberFormat<std::remove_const_t<F>>
struct device_view {
  using format = std::remove_const_t<F>;

  device_element<F>* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;

  constexpr device_view() = default;
  /// Any pointer to elements of that size: float*, __half*, __nv_bfloat16*, std::uint16_t*.
  template<class T>
    requires(sizeof(T) == sizeof(device_element<F>))
  device_view(T* d, std::int64_t r, std::int64_t c, std::int64_t stride)
      : data(reinterpret_cast<device_element<F>*>(d)), rows(r), cols(c), row_stride(stride) {}
  /// Dense.
  template<class T>
    requires(sizeof(T) == sizeof(device_element<F>))
  device_view(T* d, std::int64_t r, std::int64_t c) : device_view(d, r, c, c) {}
  /// A read-only view of one that can be written.
  template<class G>
    requires std::same_as<const G, F>
  constexpr device_view(const device_view<G>& o)
      : data(o.data), rows(o.rows), cols(o.cols), row_stride(o.row_stride) {}

  /// Rows [first, first + count).
  constexpr device_view row_range(std::int64_t first, std::int64_t count) const {
    device_view part = *this;
    part.data += first * row_stride;
    part.rows = count;
    return part;
  }
};

/// A matrix of reals on a device as the waist sees it.
struct device_operand {
  const void* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;  ///< elements
  value_encoding encoding = value_encoding::as_f32;

  int element_bytes() const { return encoding == value_encoding::as_f32 ? 4 : 2; }
  std::int64_t row_bytes() const { return row_stride * element_bytes(); }
};

/// The view without its type.
template<class F>
  requires RealFormat<std::remove_const_t<F>>
device_operand erase(const device_view<F>& x) {
  return {x.data, x.rows, x.cols, x.row_stride, wide_encoding<std::remove_const_t<F>>()};
}

/// The output kind that writes reals of format F.
template<RealFormat F>
inline constexpr output_kind output_kind_of = std::same_as<F, f32>   ? output_kind::as_f32
                                              : std::same_as<F, f16> ? output_kind::as_f16
                                                                     : output_kind::as_bf16;

}  // namespace qtl::inline v0
