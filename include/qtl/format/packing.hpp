// SPDX-License-Identifier: Apache-2.0
// qtl/format/packing.hpp - codes in memory: a dense stream, least significant bit first.
// Holds: packed_bytes, load_code, store_code, pack_codes, unpack_codes for 1..8, 16 and 32 bits.
// Code i occupies bits [i * b, (i + 1) * b) of the stream; bit n is bit n % 8 of byte n / 8. This
// is the order of GPTQ, compressed-tensors, NVFP4, MXFP4 and ONNX. Not here: the layouts of
// kernels, which repack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "qtl/base/math.hpp"

namespace qtl::inline v0 {

/// Bytes that hold `count` codes of `bits` bits.
QTL_HOST_DEVICE constexpr std::int64_t packed_bytes(std::int64_t count, int bits) {
  // count * bits / 8 without the product's overflow
  return count / 8 * bits + ceil_div<std::int64_t>(count % 8 * bits, 8);
}

/// Code number `index` of the stream at `bytes`; reads no byte that holds none of its bits.
template<int Bits>
QTL_HOST_DEVICE constexpr std::uint32_t load_code(const std::byte* bytes, std::int64_t index) {
  static_assert((Bits >= 1 && Bits <= 8) || Bits == 16 || Bits == 32,
                "codes have 1 to 8, 16 or 32 bits");
  if constexpr (Bits % 8 == 0) {
    const std::byte* at = bytes + index * (Bits / 8);
    std::uint32_t raw = 0;
    for (int i = 0; i < Bits / 8; ++i) raw |= static_cast<std::uint32_t>(at[i]) << (8 * i);
    return raw;
  } else {
    const std::byte* at = bytes + (index / 8 * Bits + index % 8 * Bits / 8);
    const int shift = static_cast<int>(index % 8 * Bits % 8);
    std::uint32_t raw = static_cast<std::uint32_t>(at[0]) >> shift;
    if (8 % Bits != 0 && shift + Bits > 8) raw |= static_cast<std::uint32_t>(at[1]) << (8 - shift);
    return raw & ((1u << Bits) - 1u);
  }
}

/// Writes code number `index`, leaving its neighbours as they are. Precondition: raw < 2^Bits.
template<int Bits>
QTL_HOST_DEVICE constexpr void store_code(std::byte* bytes, std::int64_t index, std::uint32_t raw) {
  static_assert((Bits >= 1 && Bits <= 8) || Bits == 16 || Bits == 32,
                "codes have 1 to 8, 16 or 32 bits");
  if constexpr (Bits % 8 == 0) {
    std::byte* at = bytes + index * (Bits / 8);
    for (int i = 0; i < Bits / 8; ++i) at[i] = static_cast<std::byte>(raw >> (8 * i));
  } else {
    std::byte* at = bytes + (index / 8 * Bits + index % 8 * Bits / 8);
    const int shift = static_cast<int>(index % 8 * Bits % 8);
    constexpr std::uint32_t mask = (1u << Bits) - 1u;
    at[0] = static_cast<std::byte>((static_cast<std::uint32_t>(at[0]) & ~(mask << shift)) |
                                   raw << shift);
    if (8 % Bits != 0 && shift + Bits > 8)
      at[1] = static_cast<std::byte>((static_cast<std::uint32_t>(at[1]) & ~(mask >> (8 - shift))) |
                                     raw >> (8 - shift));
  }
}

/// Packs raw[i] for all i. `bytes` must hold packed_bytes(raw.size(), Bits) bytes; unused bits of
/// the last become 0.
template<int Bits, class Raw>
constexpr void pack_codes(std::span<const Raw> raw, std::byte* bytes) {
  const auto count = static_cast<std::int64_t>(raw.size());
  for (std::int64_t i = 0; i < packed_bytes(count, Bits); ++i) bytes[i] = std::byte{0};
  for (std::int64_t i = 0; i < count; ++i)
    store_code<Bits>(bytes, i, static_cast<std::uint32_t>(raw[static_cast<std::size_t>(i)]));
}

/// The inverse of pack_codes.
template<int Bits, class Raw>
constexpr void unpack_codes(const std::byte* bytes, std::span<Raw> raw) {
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<Raw>(load_code<Bits>(bytes, static_cast<std::int64_t>(i)));
}

}  // namespace qtl::inline v0
