// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/byte_products.inl - operands of a tile where one instruction adds products of bytes to 32-bit sums.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp; word_products.inl
// is its twin.

/// Bytes that a code of x takes in a row as tiles read it: rows are read as they are.
template<int Bits>
inline constexpr int x_width = 1;
inline constexpr std::int64_t widened_codes = 16;
inline void widen_codes(std::byte*, const std::byte*) {}

/// A vector of weights is multiplied in parts, each by four bytes of a row.
template<int Bits>
inline constexpr int parts = 8 / Bits;
template<int Bits>
inline bytes part_of(bytes w, int q) {
  if constexpr (Bits == 8) return w;
  return q == 0 ? low_nibbles(w) : high_nibbles(w);
}

/// Sums are of 32 bits from the first product on.
template<int Bits>
inline constexpr int narrow_parts = 0;
template<int Bits>
inline ints add_products(ints acc, bytes part, bytes x) {
  return dot(acc, part, x);
}
inline ints add_narrow(ints acc, ints) { return acc; }
