// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/dot_avx512_vnni.inl - the dot product of bytes by AVX-512 VNNI.

/// acc + the sum over each lane's four bytes of w (unsigned) times x (signed).
inline ints dot(ints acc, bytes w, bytes x) { return _mm512_dpbusd_epi32(acc, w, x); }
inline constexpr bool unsigned_dot = true;

inline constexpr int whole_rows = 6;
inline constexpr int whole_vectors = 4;
inline constexpr int grouped_rows = 8;
inline constexpr int register_rows = 4;  ///< of which grouped sums fit registers, too
inline constexpr int grouped_vectors = 3;
