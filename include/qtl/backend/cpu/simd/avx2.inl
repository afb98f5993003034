// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/avx2.inl - vectors of 256 bits: AVX2 and FMA. Everything but the dot product of bytes.
// Included inside an ISA's namespace, see simd_kernels.hpp.

using ints = __m256i;
using floats = __m256;
using bytes = __m256i;
inline constexpr int lanes = 8;

inline ints zero_ints() { return _mm256_setzero_si256(); }
inline ints all_ints(std::int32_t v) { return _mm256_set1_epi32(v); }
inline ints load_ints(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i_u*>(p));
}
inline void store_ints(void* p, ints v) { _mm256_storeu_si256(static_cast<__m256i_u*>(p), v); }
inline ints add(ints a, ints b) { return _mm256_add_epi32(a, b); }
inline ints subtract(ints a, ints b) { return _mm256_sub_epi32(a, b); }
inline ints multiply(ints a, ints b) { return _mm256_mullo_epi32(a, b); }

inline floats zero_floats() { return _mm256_setzero_ps(); }
inline floats all_floats(float v) { return _mm256_set1_ps(v); }
inline floats load_floats(const float* p) { return _mm256_loadu_ps(p); }
inline void store_floats(float* p, floats v) { _mm256_storeu_ps(p, v); }
inline floats multiply(floats a, floats b) { return _mm256_mul_ps(a, b); }
inline floats fused_multiply_add(floats a, floats b, floats c) { return _mm256_fmadd_ps(a, b, c); }
inline floats to_floats(ints v) { return _mm256_cvtepi32_ps(v); }

/// All ones in the first `count` lanes.
inline ints first_lanes(int count) {
  return _mm256_cmpgt_epi32(all_ints(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
/// The first `count` < lanes of them.
inline floats load_floats(const float* p, int count) {
  return _mm256_maskload_ps(p, first_lanes(count));
}
inline void store_floats(float* p, floats v, int count) {
  _mm256_maskstore_ps(p, first_lanes(count), v);
}

inline floats add(floats a, floats b) { return _mm256_add_ps(a, b); }

inline ints shift_left(ints v, int by) { return _mm256_slli_epi32(v, by); }
inline ints shift_right(ints v, int by) { return _mm256_srli_epi32(v, by); }
inline ints shift_right_signed(ints v, int by) { return _mm256_srai_epi32(v, by); }
/// Byte c of each lane as its top byte; the others are anything.
inline ints raise_byte(ints v, int c) { return shift_left(v, 24 - 8 * c); }
inline ints bit_and(ints a, ints b) { return _mm256_and_si256(a, b); }
inline ints bit_or(ints a, ints b) { return _mm256_or_si256(a, b); }
inline ints bit_xor(ints a, ints b) { return _mm256_xor_si256(a, b); }
inline floats reinterpret_floats(ints v) { return _mm256_castsi256_ps(v); }
/// Lane by lane: yes where a == b, else no.
inline floats select_equal(ints a, ints b, floats yes, floats no) {
  return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)));
}
/// table[index] of each lane.
inline floats gather(const float* table, ints index) {
  return _mm256_i32gather_ps(table, index, 4);
}
/// Sixteen values in registers.
struct code_table {
  __m256 low;
  __m256 high;
};
inline code_table load_table(const float* values) {
  return {_mm256_loadu_ps(values), _mm256_loadu_ps(values + 8)};
}
/// The value of the lowest four bits of each lane.
inline floats look_up(const code_table& table, ints index) {
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(table.low, index),
                          _mm256_permutevar8x32_ps(table.high, index),
                          _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}

inline ints reinterpret_ints(floats v) { return _mm256_castps_si256(v); }
inline floats subtract(floats a, floats b) { return _mm256_sub_ps(a, b); }
inline floats divide(floats a, floats b) { return _mm256_div_ps(a, b); }
inline floats magnitude_of(floats v) {
  return _mm256_and_ps(v, reinterpret_floats(all_ints(INT32_MAX)));
}
inline floats smaller(floats a, floats b) { return _mm256_min_ps(a, b); }
inline floats larger(floats a, floats b) { return _mm256_max_ps(a, b); }
inline ints smaller(ints a, ints b) { return _mm256_min_epi32(a, b); }
inline ints larger(ints a, ints b) { return _mm256_max_epi32(a, b); }
/// To the nearest integer, ties to even.
inline ints to_nearest(floats v) { return _mm256_cvtps_epi32(v); }
/// best(a, b) over all lanes.
template<class Best>
inline float over_lanes(floats v, Best&& best) {
  float lane[lanes];
  store_floats(lane, v);
  for (int i = 1; i < lanes; ++i) lane[0] = best(lane[0], lane[i]);
  return lane[0];
}
inline float smallest(floats v) {
  return over_lanes(v, [](float a, float b) { return b < a ? b : a; });
}
inline float largest(floats v) {
  return over_lanes(v, [](float a, float b) { return b > a ? b : a; });
}
inline std::int32_t largest(ints v) {
  std::int32_t lane[lanes];
  store_ints(lane, v);
  for (int i = 1; i < lanes; ++i) lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
  return lane[0];
}
/// The lowest byte of each lane, side by side.
inline void store_low_bytes(void* p, ints v) {
  const __m256i low = _mm256_shuffle_epi8(
      v, _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12,
                          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  _mm_storel_epi64(
      static_cast<__m128i_u*>(p),
      _mm_unpacklo_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}

/// Lane by lane: yes where a < b, else no.
inline ints select_less(ints a, ints b, ints yes, ints no) {
  return _mm256_blendv_epi8(no, yes, _mm256_cmpgt_epi32(b, a));
}
inline floats select_less(floats a, floats b, floats yes, floats no) {
  return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
/// The lowest two bytes of each lane, side by side; upper bytes are zero.
inline void store_low_halves(void* p, ints v) {
  const __m256i halves = _mm256_permute4x64_epi64(_mm256_packus_epi32(v, v), 0x08);
  _mm_storeu_si128(static_cast<__m128i_u*>(p), _mm256_castsi256_si128(halves));
}

inline bytes load_bytes(const void* p) { return load_ints(p); }
/// The four bytes at p in every lane.
inline bytes all_quads(const std::byte* p) {
  std::int32_t quad;
  std::memcpy(&quad, p, 4);
  return _mm256_set1_epi32(quad);
}
inline bytes all_bytes(std::int8_t v) { return _mm256_set1_epi8(v); }
inline bytes low_nibbles(bytes v) { return _mm256_and_si256(v, all_bytes(15)); }
inline bytes high_nibbles(bytes v) {
  return _mm256_and_si256(_mm256_srli_epi16(v, 4), all_bytes(15));
}
inline void store_bytes(void* p, bytes v) { store_ints(p, v); }
/// Four vectors as one of bytes in their order, each the nearest that a signed byte holds.
inline bytes saturated_bytes(ints a, ints b, ints c, ints d) {
  const __m256i quads = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  return _mm256_permutevar8x32_epi32(quads, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
inline bytes larger_bytes(bytes a, bytes b) { return _mm256_max_epi8(a, b); }
/// The first `count` of them, and zeros.
inline bytes first_bytes(bytes v, int count) {
  const __m256i number =
      _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                       22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  return bit_and(v, _mm256_cmpgt_epi8(all_bytes(static_cast<std::int8_t>(count)), number));
}
/// The sums of each four lanes side by side: those of a, then b, c and d.
inline ints sums_of_four(ints a, ints b, ints c, ints d) {
  const __m256i quads = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  return _mm256_permutevar8x32_epi32(quads, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
inline std::int32_t sum(ints v) {
  const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  const __m128i pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(pair, _mm_shuffle_epi32(pair, 0xB1)));
}
inline void prefetch_to_write(const void*) {}
/// By its instruction: g++ may take a function that does nothing but prefetch for an idle one, and
/// leave out its calls.
inline void prefetch(const void* p) {
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(p)));
}

/// Keeps accumulators in registers: without it g++ 12 copies and spills them in every step of a
/// loop that is followed by a conversion.
template<int Rows, int Vectors>
inline void pin(ints (&acc)[Rows][Vectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) asm("" : "+x"(acc[r][v]));
}

/// Makes the compiler load again what it has in registers: a load is cheaper than a register here.
inline void forget_loads() { asm volatile("" ::: "memory"); }

inline constexpr int real_rows = 6;
inline constexpr int real_vectors = 2;
