// SPDX-License-Identifier: Apache-2.0
// qtl/ops/runs.hpp - elements that share one block of parameters, side by side in one row.
// Holds: encode_run<P>, decode_run<P>, run_ends. The loops between element.hpp (one number) and whole tensors; plain, so
// that compilers vectorise them. Not here: the choice of parameters.
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

// Packs raw codes number first .. first + count of a row.
template<int Bits, class Raw>
constexpr void store_run(std::byte* row, std::int64_t first, const Raw* raw, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (Bits == 4) {
    if (first % 2 == 0)
      for (; i + 1 < count; i += 2)
        row[(first + i) / 2] = static_cast<std::byte>(raw[i] | raw[i + 1] << 4);
  }
  for (; i < count; ++i) store_code<Bits>(row, first + i, raw[i]);
}

template<int Bits, class Raw>
constexpr void load_run(const std::byte* row, std::int64_t first, Raw* raw, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (Bits == 4) {
    if (first % 2 == 0)
      for (; i + 1 < count; i += 2) {
        const auto pair = static_cast<unsigned>(row[(first + i) / 2]);
        raw[i] = static_cast<Raw>(pair & 15u);
        raw[i + 1] = static_cast<Raw>(pair >> 4);
      }
  }
  for (; i < count; ++i) raw[i] = static_cast<Raw>(load_code<Bits>(row, first + i));
}

template<class F>
using raw_code = std::conditional_t<(F::bits <= 8), std::uint8_t, std::uint32_t>;

/// Quantizes count reals, x[0], x[stride], ..., into codes number j0.. of a packed row. `i` is the
/// row's number, for stochastic rounding.
template<QuantPolicy P>
constexpr void encode_run(const float* x, std::int64_t stride, std::int64_t count,
                          const qparams<P>& p, std::byte* row, std::int64_t i, std::int64_t j0) {
  using F = typename P::format;
  std::array<raw_code<F>, run_chunk> raw{};
  for (std::int64_t start = 0; start < count; start += run_chunk) {
    const std::int64_t n = count - start < run_chunk ? count - start : run_chunk;
    for (std::int64_t c = 0; c < n; ++c) {
      const auto code =
          encode_element<P>(x[(start + c) * stride], p, element_rounding<P>(i, j0 + start + c));
      raw[static_cast<std::size_t>(c)] = static_cast<raw_code<F>>(to_bits<F>(code));
    }
    store_run<F::bits>(row, j0 + start, raw.data(), n);
  }
}

/// Dequantizes codes number j0 .. j0 + count of a packed row into y[0], y[stride], ...
template<QuantPolicy P>
constexpr void decode_run(const std::byte* row, std::int64_t j0, std::int64_t count,
                          const qparams<P>& p, float* y, std::int64_t stride) {
  using F = typename P::format;
  std::array<raw_code<F>, run_chunk> raw{};
  for (std::int64_t start = 0; start < count; start += run_chunk) {
    const std::int64_t n = count - start < run_chunk ? count - start : run_chunk;
    load_run<F::bits>(row, j0 + start, raw.data(), n);
    for (std::int64_t c = 0; c < n; ++c) {
      const std::uint32_t bits = raw[static_cast<std::size_t>(c)];
      float& out = y[(start + c) * stride];
      if constexpr (P::scheme::zero_point == zero_point_kind::none && F::bits <= 8 &&
                    !is_integer_format<F>)
        out = p.scale * value_table<F>[bits];
      else
        out = decode_element<P>(from_bits<F>(bits), p);
    }
  }
}

}  // namespace qtl::inline v0
