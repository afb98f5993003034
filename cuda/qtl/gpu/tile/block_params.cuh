// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/block_params.cuh - the parameters of one block of a quantized matrix, and where they are kept.
// Holds: parameter_form, block_choice<P>, params_table<P, Form>. Chosen by the functions of
// ops/choose_qparams.hpp, so the bits are the host's.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/tile/range_scan.cuh"
#include "qtl/ops/choose_qparams.hpp"

namespace qtl::inline v0::gpu {

/// How scales and zero points lie in memory.
enum class parameter_form : std::uint8_t {
  stored,   ///< as a QTensor keeps them: the scale format's codes, the zero point as the format's
            ///< code
  decoded,  ///< as activations reach a product: float scales, int32 zero points
};

/// One block's parameters, to encode with and to keep. A block that holds NaN or Inf is poisoned:
/// NaN scale, zero point 0.
template<QuantPolicy P>
struct block_choice {
  qparams<P> decoded;
  stored_params<P> stored;
};

/// The parameters of a block that was scanned. `tensor_scale` is 1 unless P has two levels.
template<QuantPolicy P>
QTL_DEVICE block_choice<P> choose_block(const scan_for<P>& seen, float tensor_scale) {
  if (!seen.all_finite()) return {{quiet_nan, {}}, poisoned_params<P>()};
  const stored_params<P> stored = choose_stored<P>(seen.range(), tensor_scale);
  return {stored.decoded(tensor_scale), stored};
}

/// The scales and offsets of a matrix in device memory: block (i, g) is entry
/// i * row_stride + g * group_stride of each array. Row-major: strides (groups, 1). As a TMA reads
/// the scales of activations in groups of 128: strides (1, m rounded up to a multiple of 4), so
/// that each group's column of scales starts at a multiple of 16 bytes.
template<QuantPolicy P, parameter_form Form>
struct params_table {
  static constexpr bool is_decoded = Form == parameter_form::decoded;
  static constexpr bool has_offsets = P::scheme::zero_point != zero_point_kind::none;
  static constexpr bool has_shifts = P::scheme::zero_point == zero_point_kind::shift;
  using scale = std::conditional_t<is_decoded, float, stored_scale<typename P::scale::format>>;
  using offset =
      std::conditional_t<is_decoded && has_offsets && !has_shifts, std::int32_t, offset_type<P>>;

  scale* scales = nullptr;
  offset* offsets = nullptr;  ///< unused where P has none
  std::int64_t row_stride = 1;
  std::int64_t group_stride = 1;

  QTL_DEVICE std::int64_t at(std::int64_t i, std::int64_t g) const {
    return i * row_stride + g * group_stride;
  }

  QTL_DEVICE void store(std::int64_t i, std::int64_t g, const block_choice<P>& choice) const {
    if constexpr (is_decoded)
      ptx::store_global(scales + at(i, g), choice.decoded.scale);
    else
      ptx::store_global(scales + at(i, g), choice.stored.scale);
    if constexpr (has_offsets)
      ptx::store_global(offsets + at(i, g), static_cast<offset>(choice.decoded.offset));
  }

  QTL_DEVICE qparams<P> load(std::int64_t i, std::int64_t g, float tensor_scale) const {
    qparams<P> p;
    const scale s = ptx::load_global(scales + at(i, g));
    if constexpr (is_decoded)
      p.scale = s;
    else
      p.scale = scale_value<typename P::scale::format>(s) * tensor_scale;
    if constexpr (has_offsets)
      p.offset = static_cast<offset_type<P>>(ptx::load_global(offsets + at(i, g)));
    return p;
  }
};

}  // namespace qtl::inline v0::gpu
