// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/dot_avx2.inl - the dot product of bytes by words of AVX2: vpmaddubsw would saturate, this does not.

/// acc + the sum over each lane's four bytes of w (unsigned) times x (signed).
inline ints dot(ints acc, bytes w, bytes x) {
  const ints w_even = _mm256_and_si256(w, _mm256_set1_epi16(255));
  const ints w_odd = _mm256_srli_epi16(w, 8);
  const ints x_even = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
  const ints x_odd = _mm256_srai_epi16(x, 8);
  acc = _mm256_add_epi32(acc, _mm256_madd_epi16(w_even, x_even));
  return _mm256_add_epi32(acc, _mm256_madd_epi16(w_odd, x_odd));
}
inline constexpr bool unsigned_dot = true;

inline constexpr int whole_rows = 4;
inline constexpr int whole_vectors = 2;
inline constexpr int grouped_rows = 2;
inline constexpr int register_rows = 2;  ///< of which grouped sums fit registers, too
inline constexpr int grouped_vectors = 2;
