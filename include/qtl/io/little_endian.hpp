// SPDX-License-Identifier: Apache-2.0
// qtl/io/little_endian.hpp - numbers in files: little-endian, at any address.
// Holds: load_little_endian, store_little_endian, float_encoding, decode_floats, encode_floats.
// Published files often do not align their tensors, so nothing here dereferences a pointer to
// anything wider than a byte.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "qtl/base/math.hpp"
#include "qtl/base/views.hpp"
#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0::io {

/// The unsigned number whose bytes start at `from`, least significant first. Compiles to one load
/// where the host is little-endian.
template<std::unsigned_integral U>
constexpr U load_little_endian(const std::byte* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i)
    value |= std::to_integer<std::uint64_t>(from[i]) << (8 * i);
  return static_cast<U>(value);
}

/// Writes `value` at `to`, least significant byte first.
template<std::unsigned_integral U>
constexpr void store_little_endian(std::byte* to, U value) {
  for (std::size_t i = 0; i < sizeof(U); ++i)
    to[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFFu);
}

/// The floating-point types whose elements become float: all exactly but f64, which rounds to
/// nearest even (and to an infinity beyond the range of float).
enum class float_encoding : std::uint8_t { f16, bf16, f32, f64 };

/// Bytes per element.
constexpr std::size_t element_bytes(float_encoding encoding) {
  constexpr std::size_t sizes[] = {2, 2, 4, 8};
  return sizes[static_cast<int>(encoding)];
}

/// Element i of a dense run of `encoding` that starts at `from`.
inline float decode_float(float_encoding encoding, const std::byte* from, std::int64_t i) {
  from += static_cast<std::size_t>(i) * element_bytes(encoding);
  switch (encoding) {
    case float_encoding::f16:
      return f16::decode(load_little_endian<std::uint16_t>(from));
    case float_encoding::bf16:
      return bf16::decode(load_little_endian<std::uint16_t>(from));
    case float_encoding::f32:
      return float_from_bits(load_little_endian<std::uint32_t>(from));
    default:
      return static_cast<float>(qtl::bit_cast<double>(load_little_endian<std::uint64_t>(from)));
  }
}

/// Decodes to.size() elements. Precondition: `from` holds that many.
inline void decode_floats(float_encoding encoding, const std::byte* from, std::span<float> to) {
  if (encoding == float_encoding::f32 && std::endian::native == std::endian::little) {
    if (!to.empty()) std::memcpy(to.data(), from, to.size_bytes());
    return;
  }
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = decode_float(encoding, from, static_cast<std::int64_t>(i));
}

/// Writes the matrix row by row as f32 and returns where it ended. Precondition: `to` has room.
inline std::byte* encode_floats(matrix_view<const float> from, std::byte* to) {
  const std::int64_t rows = from.cols == 0 ? 0 : from.rows;  // not 2^62 empty rows
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < from.cols; ++j, to += sizeof(float))
      store_little_endian(to, float_bits(from(i, j)));
  return to;
}

}  // namespace qtl::inline v0::io
