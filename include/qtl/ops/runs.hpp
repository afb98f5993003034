// SPDX-License-Identifier: Apache-2.0
// qtl/ops/runs.hpp - elements that share one block of parameters, side by side in one row.
// Holds: encode_run<P>, decode_run<P>, and load_run, store_run for packed codes. The loops between element.hpp (one number)
// and whole tensors; plain, so that compilers vectorise them. Not here: the choice of parameters.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "qtl/format/packing.hpp"
#include "qtl/ops/element.hpp"

namespace qtl::inline v0 {

/// How many codes are kept unpacked at a time. A multiple of 8: every chunk of a row starts on a
/// byte.
inline constexpr std::int64_t run_chunk = 256;

/// Packs raw codes number first .. first + count of a row. Eight codes fill exactly Bits bytes.
template<int Bits, class Raw>
constexpr void store_run(std::byte* row, std::int64_t first, const Raw* raw, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (Bits == 4) {
    if (first % 2 != 0 && count != 0) store_code<4>(row, first, raw[i++]);
    std::byte* bytes = row + (first + i) / 2;
    for (std::int64_t pair = 0; pair < (count - i) / 2; ++pair)
      bytes[pair] = static_cast<std::byte>(raw[i + 2 * pair] | raw[i + 2 * pair + 1] << 4);
    i += (count - i) / 2 * 2;
  } else if constexpr (Bits < 8) {
    for (; first % 8 == 0 && i + 7 < count; i += 8) {
      std::uint64_t word = 0;
      for (int c = 0; c < 8; ++c) word |= static_cast<std::uint64_t>(raw[i + c]) << (c * Bits);
      std::byte* bytes = row + (first + i) / 8 * Bits;
      for (int b = 0; b < Bits; ++b) bytes[b] = static_cast<std::byte>(word >> (8 * b));
    }
  }
  for (; i < count; ++i) store_code<Bits>(row, first + i, raw[i]);
}

/// The inverse of store_run.
template<int Bits, class Raw>
constexpr void load_run(const std::byte* row, std::int64_t first, Raw* raw, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (Bits == 4) {
    if (first % 2 != 0 && count != 0) raw[i++] = static_cast<Raw>(load_code<4>(row, first));
    const std::byte* bytes = row + (first + i) / 2;
    for (std::int64_t pair = 0; pair < (count - i) / 2; ++pair) {
      raw[i + 2 * pair] = static_cast<Raw>(static_cast<unsigned>(bytes[pair]) & 15u);
      raw[i + 2 * pair + 1] = static_cast<Raw>(static_cast<unsigned>(bytes[pair]) >> 4);
    }
    i += (count - i) / 2 * 2;
  } else if constexpr (Bits < 8) {
    for (; first % 8 == 0 && i + 7 < count; i += 8) {
      const std::byte* bytes = row + (first + i) / 8 * Bits;
      std::uint64_t word = 0;
      for (int b = 0; b < Bits; ++b) word |= static_cast<std::uint64_t>(bytes[b]) << (8 * b);
      for (int c = 0; c < 8; ++c)
        raw[i + c] = static_cast<Raw>(word >> (c * Bits) & ((1u << Bits) - 1u));
    }
  }
  for (; i < count; ++i) raw[i] = static_cast<Raw>(load_code<Bits>(row, first + i));
}

/// What holds one code between packing and rounding.
template<class F>
using raw_code = std::conditional_t<(F::bits <= 8), std::uint8_t, std::uint32_t>;

/// True where nearest_code serves: integers, to nearest even, with a zero point of few bits.
template<QuantPolicy P>
inline constexpr bool has_nearest_codes =
    is_integer_format<typename P::format> && P::rounding_tag::mode == rounding_mode::nearest_even &&
    P::scheme::zero_point != zero_point_kind::wide;

/// True where the format encodes to nearest even without branches.
template<QuantPolicy P>
inline constexpr bool has_nearest_floats =
    P::rounding_tag::mode == rounding_mode::nearest_even && P::format::bits <= 8 &&
    !is_unscaled<typename P::scheme> && requires(float x) { P::format::encode_nearest(x); };

/// encode_element without branches. Adding 1.5 * 2^23 leaves the rounded integer in the low bits;
/// quotients too large for that still sort by their bits, so clamping those is right for all.
template<QuantPolicy P>
constexpr std::int32_t nearest_code(float x, const qparams<P>& p) {
  constexpr code_bounds bounds = P::scheme::template bounds<typename P::format>();
  constexpr float magic = 12582912.0f;
  const std::int32_t zero = bit_cast<std::int32_t>(magic) - p.zero_point();
  const std::uint32_t q = float_bits(quotient<P>(x, p));
  const std::uint32_t nan = (0x7F800000u - (q & 0x7FFFFFFFu)) >> 31;  // 1 or 0
  const auto rounded = bit_cast<std::int32_t>(float_from_bits(q & (nan - 1u)) + magic);
  const std::int32_t raised = rounded < zero + bounds.qmin ? zero + bounds.qmin : rounded;
  return (raised > zero + bounds.qmax ? zero + bounds.qmax : raised) - zero;
}

/// Codes of n <= run_chunk reals side by side, number j.. of row i.
template<QuantPolicy P>
constexpr void encode_chunk(const float* x, std::int64_t n, const qparams<P>& params,
                            std::int64_t i, std::int64_t j, raw_code<typename P::format>* raw) {
  using F = typename P::format;
  const qparams<P> p = params;  // a copy: what the loop writes cannot change it
  for (std::int64_t c = 0; c < n; ++c) {
    if constexpr (has_nearest_codes<P>)
      raw[c] =
          static_cast<raw_code<F>>(to_bits<F>(static_cast<code_type<F>>(nearest_code<P>(x[c], p))));
    else if constexpr (has_nearest_floats<P>)
      raw[c] = static_cast<raw_code<F>>(F::encode_nearest(x[c] / p.scale));
    else
      raw[c] = static_cast<raw_code<F>>(
          to_bits<F>(encode_element<P>(x[c], p, element_rounding<P>(i, j + c))));
  }
}

/// The inverse of encode_chunk.
template<QuantPolicy P>
constexpr void decode_chunk(const raw_code<typename P::format>* raw, std::int64_t n,
                            const qparams<P>& params, float* y) {
  using F = typename P::format;
  const qparams<P> p = params;
  for (std::int64_t c = 0; c < n; ++c) {
    if constexpr (P::scheme::zero_point == zero_point_kind::none && F::bits <= 8 &&
                  !is_integer_format<F>)
      y[c] = p.scale * value_table<F>[raw[c]];
    else
      y[c] = decode_element<P>(from_bits<F>(raw[c]), p);
  }
}

/// Quantizes count reals, x[0], x[stride], ..., into codes number j0.. of a packed row. `i` is the
/// row's number, for stochastic rounding.
template<QuantPolicy P>
constexpr void encode_run(const float* x, std::int64_t stride, std::int64_t count,
                          const qparams<P>& p, std::byte* row, std::int64_t i, std::int64_t j0) {
  using F = typename P::format;
  std::array<raw_code<F>, run_chunk> raw;
  std::array<float, run_chunk> gathered;
  for (std::int64_t start = 0; start < count; start += run_chunk) {
    const std::int64_t n = count - start < run_chunk ? count - start : run_chunk;
    const float* reals = x + start * stride;
    if (stride != 1) {
      for (std::int64_t c = 0; c < n; ++c)
        gathered[static_cast<std::size_t>(c)] = reals[c * stride];
      reals = gathered.data();
    }
    encode_chunk<P>(reals, n, p, i, j0 + start, raw.data());
    store_run<F::bits>(row, j0 + start, raw.data(), n);
  }
}

/// Dequantizes codes number j0 .. j0 + count of a packed row into y[0], y[stride], ...
template<QuantPolicy P>
constexpr void decode_run(const std::byte* row, std::int64_t j0, std::int64_t count,
                          const qparams<P>& p, float* y, std::int64_t stride) {
  using F = typename P::format;
  std::array<raw_code<F>, run_chunk> raw;
  std::array<float, run_chunk> reals;
  for (std::int64_t start = 0; start < count; start += run_chunk) {
    const std::int64_t n = count - start < run_chunk ? count - start : run_chunk;
    float* to = y + start * stride;
    load_run<F::bits>(row, j0 + start, raw.data(), n);
    decode_chunk<P>(raw.data(), n, p, stride == 1 ? to : reals.data());
    if (stride != 1)
      for (std::int64_t c = 0; c < n; ++c) to[c * stride] = reals[static_cast<std::size_t>(c)];
  }
}

}  // namespace qtl::inline v0
