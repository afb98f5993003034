// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/dot_avx512.inl - products of bytes and words where there is no VNNI, for word_products.inl.

inline bytes even_bytes(bytes v) { return _mm512_and_si512(v, _mm512_set1_epi16(255)); }
inline bytes odd_bytes(bytes v) { return _mm512_srli_epi16(v, 8); }
inline ints all_words(std::int16_t v) { return _mm512_set1_epi16(v); }
inline ints add_words(ints a, ints b) { return _mm512_add_epi16(a, b); }
/// Each lane's two words of a times those of b, summed.
inline ints multiply_words(ints a, ints b) { return _mm512_madd_epi16(a, b); }
/// Each word's two bytes of w (unsigned) times those of x (signed), summed; too large ones
/// saturate.
inline ints multiply_bytes(bytes w, bytes x) { return _mm512_maddubs_epi16(w, x); }
/// v, which the compiler cannot see through: it would add products before it adds them to a sum,
/// and have no registers left for them.
inline ints opaque(ints v) {
  asm("" : "+v"(v));
  return v;
}
/// Sixteen codes as words; of four, the even ones stand before the odd ones.
inline constexpr std::int64_t widened_codes = 16;
inline void widen_codes(std::byte* to, const std::byte* codes) {
  const __m128i order = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(codes));
  _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(to),
                      _mm256_cvtepi8_epi16(_mm_shuffle_epi8(v, order)));
}
inline constexpr bool unsigned_dot = true;

inline constexpr int whole_rows = 6;
inline constexpr int whole_vectors = 4;
inline constexpr int grouped_rows = 4;
inline constexpr int register_rows = 4;  ///< of which grouped sums fit registers, too
inline constexpr int grouped_vectors = 3;
