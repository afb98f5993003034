// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/element_encoder.cuh - eight reals to eight codes under one block's parameters.
// Holds: code_chunk, element_encoder<P>, element_decoder<P>. Equal to encode_element<P> and
// decode_element<P> in every code; where a format or a rounding has no faster way, they are called.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/convert.cuh"
#include "qtl/gpu/tile/chunk.cuh"
#include "qtl/gpu/tile/exact_quotient.cuh"
#include "qtl/gpu/tile/nearest_code.cuh"
#include "qtl/ops/element.hpp"

namespace qtl::inline v0::gpu {

/// The packed codes of a chunk, least significant bit first, and the sum of the codes.
struct code_chunk {
  std::uint64_t bits = 0;
  std::int32_t sum = 0;
};

/// How P's codes are found.
enum class encoding : std::uint8_t { integer, fp8, finite_minifloat, codebook, general };

/// The fastest way that is right for P.
template<QuantPolicy P>
inline constexpr encoding encoding_of = [] {
  using F = typename P::format;
  if (P::rounding_tag::mode != rounding_mode::nearest_even) return encoding::general;
  if constexpr (is_integer_format<F>)
    return encoding::integer;
  else if constexpr (std::same_as<F, e4m3> || std::same_as<F, e5m2>)
    return encoding::fp8;
  else if constexpr (is_finite_minifloat<F>)
    return F::smallest >= 4 * least_exact_quotient ? encoding::finite_minifloat : encoding::general;
  else if constexpr (codebooks::is_codebook<F>)
    return codebooks::least_cut<F>() >= 4 * least_exact_quotient ? encoding::codebook
                                                                 : encoding::general;
  else
    return encoding::general;
}();

/// Encodes under one block's parameters. `Bounded` as in exact_divisor: false where the scale was
/// given beforehand.
template<QuantPolicy P, bool Bounded>
class element_encoder {
  using F = typename P::format;
  static_assert(F::bits <= 8 && !is_unscaled<typename P::scheme>,
                "a chunk of codes has 64 bits: formats of at most 8 bits with a scale");

 public:
  QTL_DEVICE explicit element_encoder(const qparams<P>& p) : params_(p), divide_(p.scale) {}

  /// The codes of x[0 .. count), elements (i, first) and on; the bits beyond them are zero.
  QTL_DEVICE code_chunk operator()(const float (&x)[chunk_size], int count, std::int64_t i,
                                   std::int64_t first) const {
    code_chunk out;
    float q[chunk_size];
    divide_all(x, q);
    if constexpr (encoding_of<P> == encoding::fp8) {
      unrolled<chunk_size / 2>([&](auto pair) {
        out.bits |= static_cast<std::uint64_t>(fp8_pair(q[2 * pair], q[2 * pair + 1]))
                    << (16 * pair);
      });
      out.bits &= first_codes(count);
    } else {
      unrolled<chunk_size>([&](auto e) {
        if (e >= count) return;
        const code_type<F> code = encode(x[e], q[e], i, first + e);
        out.bits |= static_cast<std::uint64_t>(to_bits<F>(code)) << (e * F::bits);
        if constexpr (is_integer_format<F>) out.sum += code;
      });
    }
    return out;
  }

 private:
  QTL_DEVICE static std::uint64_t first_codes(int count) {
    return count == chunk_size ? ~std::uint64_t{0} : (std::uint64_t{1} << (count * F::bits)) - 1u;
  }

  QTL_DEVICE void divide_all(const float (&x)[chunk_size], float (&q)[chunk_size]) const {
    if constexpr (encoding_of<P> == encoding::integer && has_shift) {
      unrolled<chunk_size>([&](auto e) { q[e] = quotient<P>(x[e], params_); });
    } else if constexpr (has_signed_table) {
      unrolled<chunk_size>([&](auto e) { q[e] = ptx::divide_rn(x[e], params_.scale); });
    } else if constexpr (encoding_of<P> != encoding::general) {
      divide_(x, q);
      if constexpr (has_signed_zero) {
        unrolled<chunk_size>([&](auto e) { q[e] = with_sign_of(q[e], x[e]); });
      }
    }
  }

  // A quotient that is zero may have lost its sign.
  QTL_DEVICE static float with_sign_of(float q, float x) {
    return float_from_bits((float_bits(q) & 0x7FFFFFFFu) | (float_bits(x) & 0x80000000u));
  }

  QTL_DEVICE static std::uint16_t fp8_pair(float low, float high) {
    if constexpr (std::same_as<F, e4m3>)
      return ptx::e4m3x2_from_floats(low, high);
    else
      return ptx::e5m2x2_from_floats(low, high);
  }

  QTL_DEVICE code_type<F> encode(float x, float q, std::int64_t i, std::int64_t j) const {
    if constexpr (encoding_of<P> == encoding::integer)
      return integer_code(q);
    else if constexpr (encoding_of<P> == encoding::finite_minifloat)
      return static_cast<code_type<F>>(nearest_minifloat<F>(q));
    else if constexpr (encoding_of<P> == encoding::codebook)
      return static_cast<code_type<F>>(nearest_in_codebook<F>(q));
    else
      return encode_element<P>(x, params_, element_rounding<P>(i, j));
  }

  QTL_DEVICE code_type<F> integer_code(float q) const {
    constexpr code_bounds bounds = P::scheme::template bounds<F>();
    // round_to_integer's limit, which a sum with a 32-bit zero point needs.
    if constexpr (P::scheme::zero_point == zero_point_kind::wide)
      q = q > 0x1p30f ? 0x1p30f : q < -0x1p30f ? -0x1p30f : q;
    const std::int32_t zero = params_.zero_point();
    const std::int32_t least = bounds.qmin - zero;
    const std::int32_t most = bounds.qmax - zero;
    const std::int32_t rounded = ptx::float_to_int_rne(q);
    return static_cast<code_type<F>>((rounded < least  ? least
                                      : rounded > most ? most
                                                       : rounded) +
                                     zero);
  }

  static constexpr bool has_shift = P::scheme::zero_point == zero_point_kind::shift;
  static constexpr bool has_signed_zero =
      encoding_of<P> == encoding::fp8 || encoding_of<P> == encoding::finite_minifloat;
  // Its codes show the sign of the smallest quotients.
  static constexpr bool has_signed_table = [] {
    if constexpr (codebooks::is_codebook<F>)
      return F::sign_magnitude;
    else
      return false;
  }();

  qparams<P> params_;
  exact_divisor<Bounded> divide_;
};

/// The real of one raw code: decode_element<P>.
template<QuantPolicy P>
QTL_DEVICE float decoded_real(std::uint32_t raw, const qparams<P>& p) {
  using F = typename P::format;
  if constexpr (codebooks::is_codebook<F>)
    return ptx::multiply_rn(p.scale, codebook_value<F>(raw));
  else if constexpr (P::scheme::zero_point == zero_point_kind::shift)
    return ptx::fused_multiply_add(p.scale, static_cast<float>(from_bits<F>(raw)), -p.shift());
  else
    return decode_element<P>(from_bits<F>(raw), p);
}

}  // namespace qtl::inline v0::gpu
