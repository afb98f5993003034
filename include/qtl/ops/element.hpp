// SPDX-License-Identifier: Apache-2.0
// qtl/ops/element.hpp - one real to one code and back: the specification of quantization.
// Holds: encode_element<P>, decode_element<P>, element_rounding<P>. Every loop, vectorised or on a GPU, equals these.
// Quantize: code = clamp(round(x / scale) + zero_point), the IEEE quotient; first round, then
// clamp, in integers.
#pragma once

#include <cstdint>

#include "qtl/tensor/qparams.hpp"

namespace qtl::inline v0 {

/// P's rounding for element (i, j): the draw of stochastic rounding depends on the seed and the
/// position only.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr rounding element_rounding(std::int64_t i, std::int64_t j) {
  using R = typename P::rounding_tag;
  if constexpr (R::mode == rounding_mode::stochastic)
    return {R::mode, counter_random(R::seed ^ (static_cast<std::uint64_t>(i) << 32),
                                    static_cast<std::uint64_t>(j))};
  else
    return R::mode;
}

/// x, moved by the shift where there is one, in steps of the scale.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr float quotient(float x, const qparams<P>& p) {
  if constexpr (P::scheme::zero_point == zero_point_kind::shift) {
    const float moved = x + p.shift();
    return is_finite(moved) ? moved / p.scale
                            : x / p.scale + p.shift() / p.scale;  // a range wider than f32
  } else {
    return x / p.scale;
  }
}

/// The code of x in a block with parameters p.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr code_type<typename P::format> encode_element(float x, const qparams<P>& p,
                                                                       rounding r = {}) {
  using F = typename P::format;
  using S = typename P::scheme;
  if constexpr (is_unscaled<S>) {
    return encode_with<F>(x, r);
  } else if constexpr (is_integer_format<F>) {
    constexpr code_bounds bounds = S::template bounds<F>();
    const std::int64_t q = std::int64_t{round_to_integer(quotient<P>(x, p), r)} + p.zero_point();
    return static_cast<code_type<F>>(q < bounds.qmin   ? bounds.qmin
                                     : q > bounds.qmax ? bounds.qmax
                                                       : q);
  } else {
    return encode_with<F>(x / p.scale, r);
  }
}

/// The real that a code stands for.
template<QuantPolicy P>
QTL_HOST_DEVICE constexpr float decode_element(code_type<typename P::format> code,
                                               const qparams<P>& p) {
  using F = typename P::format;
  using S = typename P::scheme;
  if constexpr (is_unscaled<S>)
    return F::decode(code);
  else if constexpr (S::zero_point == zero_point_kind::shift)
    return fused_multiply_add(p.scale, static_cast<float>(code), -p.shift());
  else if constexpr (S::zero_point == zero_point_kind::wide)
    return p.scale * static_cast<float>(std::int64_t{code} - p.zero_point());
  else if constexpr (S::zero_point == zero_point_kind::integer)
    return p.scale * static_cast<float>(std::int32_t{code} - p.zero_point());
  else
    return p.scale * F::decode(code);
}

}  // namespace qtl::inline v0
