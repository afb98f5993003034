// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/word_products.inl - operands of a tile where products are summed by words, and nothing saturates.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp; byte_products.inl
// is its twin. 8-bit weights and their x become words: two products of 16 bits fill a 32-bit lane.
// Products of a nibble and a byte are summed as words: two of them are 3840 at most, so that eight
// pairs fit.

/// Bytes that a code of x takes in a row as tiles read it.
template<int Bits>
inline constexpr int x_width = Bits == 8 ? 2 : 1;

/// A vector of weights is multiplied in parts, each by four bytes of a row: even and odd bytes, or
/// low and high nibbles.
template<int Bits>
inline constexpr int parts = 2;
template<int Bits>
inline bytes part_of(bytes w, int q) {
  if constexpr (Bits == 8) return q == 0 ? even_bytes(w) : odd_bytes(w);
  return q == 0 ? low_nibbles(w) : high_nibbles(w);
}

/// As many parts are summed as words before they are added to 32-bit sums; 0: none.
template<int Bits>
inline constexpr int narrow_parts = Bits == 8 ? 0 : 8;
template<int Bits>
inline ints add_products(ints acc, bytes part, bytes x) {
  if constexpr (Bits == 8) return opaque(add(acc, multiply_words(part, x)));
  return opaque(add_words(acc, multiply_bytes(part, x)));
}
inline ints add_narrow(ints acc, ints words) {
  return add(acc, multiply_words(words, all_words(1)));
}

/// acc + the sums over each lane's four bytes of x, for w of ones.
inline ints dot(ints acc, bytes w, bytes x) { return add_narrow(acc, multiply_bytes(w, x)); }
