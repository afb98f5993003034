// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/avx512.inl - vectors of 512 bits: F, BW, VL, DQ. Everything but the dot product of bytes.
// Included inside an ISA's namespace, see simd_kernels.hpp.

using ints = __m512i;
using floats = __m512;
using bytes = __m512i;
inline constexpr int lanes = 16;

inline ints zero_ints() { return _mm512_setzero_si512(); }
inline ints all_ints(std::int32_t v) { return _mm512_set1_epi32(v); }
inline ints load_ints(const void* p) { return _mm512_loadu_si512(p); }
inline void store_ints(void* p, ints v) { _mm512_storeu_si512(p, v); }
inline ints add(ints a, ints b) { return _mm512_add_epi32(a, b); }
inline ints subtract(ints a, ints b) { return _mm512_sub_epi32(a, b); }
inline ints multiply(ints a, ints b) { return _mm512_mullo_epi32(a, b); }

inline floats zero_floats() { return _mm512_setzero_ps(); }
inline floats all_floats(float v) { return _mm512_set1_ps(v); }
inline floats load_floats(const float* p) { return _mm512_loadu_ps(p); }
inline void store_floats(float* p, floats v) { _mm512_storeu_ps(p, v); }
inline floats multiply(floats a, floats b) { return _mm512_mul_ps(a, b); }
inline floats fused_multiply_add(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }
inline floats to_floats(ints v) { return _mm512_cvtepi32_ps(v); }

/// The first `count` < lanes of them.
inline floats load_floats(const float* p, int count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), p);
}
inline void store_floats(float* p, floats v, int count) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1u), v);
}

inline floats add(floats a, floats b) { return _mm512_add_ps(a, b); }

inline ints shift_left(ints v, int by) { return _mm512_slli_epi32(v, static_cast<unsigned>(by)); }
inline ints shift_right(ints v, int by) { return _mm512_srli_epi32(v, static_cast<unsigned>(by)); }
inline ints shift_right_signed(ints v, int by) {
  return _mm512_srai_epi32(v, static_cast<unsigned>(by));
}
/// Byte c of each lane as its top byte; the others are anything. Shifts are scarcer than shuffles.
inline ints raise_byte(ints v, int c) {
  if (c == 3) return v;
  const auto four = [c](int lane) { return (4 * lane + c) * 0x01010101; };
  return _mm512_shuffle_epi8(v, _mm512_set4_epi32(four(3), four(2), four(1), four(0)));
}
inline ints bit_and(ints a, ints b) { return _mm512_and_si512(a, b); }
inline ints bit_or(ints a, ints b) { return _mm512_or_si512(a, b); }
inline ints bit_xor(ints a, ints b) { return _mm512_xor_si512(a, b); }
inline floats reinterpret_floats(ints v) { return _mm512_castsi512_ps(v); }
/// Lane by lane: yes where a == b, else no.
inline floats select_equal(ints a, ints b, floats yes, floats no) {
  return _mm512_mask_blend_ps(_mm512_cmpeq_epi32_mask(a, b), no, yes);
}
/// table[index] of each lane.
inline floats gather(const float* table, ints index) {
  return _mm512_i32gather_ps(index, table, 4);
}
/// Sixteen values in registers.
using code_table = __m512;
inline code_table load_table(const float* values) { return _mm512_loadu_ps(values); }
/// The value of the lowest four bits of each lane.
inline floats look_up(const code_table& table, ints index) {
  return _mm512_permutexvar_ps(index, table);
}

inline ints reinterpret_ints(floats v) { return _mm512_castps_si512(v); }
inline floats subtract(floats a, floats b) { return _mm512_sub_ps(a, b); }
inline floats divide(floats a, floats b) { return _mm512_div_ps(a, b); }
inline floats magnitude_of(floats v) { return _mm512_abs_ps(v); }
inline floats smaller(floats a, floats b) { return _mm512_min_ps(a, b); }
inline floats larger(floats a, floats b) { return _mm512_max_ps(a, b); }
inline ints smaller(ints a, ints b) { return _mm512_min_epi32(a, b); }
inline ints larger(ints a, ints b) { return _mm512_max_epi32(a, b); }
/// To the nearest integer, ties to even.
inline ints to_nearest(floats v) { return _mm512_cvtps_epi32(v); }
/// Over all lanes.
inline float smallest(floats v) { return _mm512_reduce_min_ps(v); }
inline float largest(floats v) { return _mm512_reduce_max_ps(v); }
inline std::int32_t largest(ints v) { return _mm512_reduce_max_epi32(v); }
/// The lowest byte of each lane, side by side.
inline void store_low_bytes(void* p, ints v) {
  _mm_storeu_si128(static_cast<__m128i_u*>(p), _mm512_cvtepi32_epi8(v));
}

/// Lane by lane: yes where a < b, else no.
inline ints select_less(ints a, ints b, ints yes, ints no) {
  return _mm512_mask_blend_epi32(_mm512_cmplt_epi32_mask(a, b), no, yes);
}
inline floats select_less(floats a, floats b, floats yes, floats no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
/// The lowest two bytes of each lane, side by side; upper bytes are zero.
inline void store_low_halves(void* p, ints v) {
  _mm256_storeu_si256(static_cast<__m256i_u*>(p), _mm512_cvtepi32_epi16(v));
}

inline bytes load_bytes(const void* p) { return _mm512_loadu_si512(p); }
/// The four bytes at p in every lane.
inline bytes all_quads(const std::byte* p) {
  std::int32_t quad;
  std::memcpy(&quad, p, 4);
  return _mm512_set1_epi32(quad);
}
inline bytes all_bytes(std::int8_t v) { return _mm512_set1_epi8(v); }
inline bytes low_nibbles(bytes v) { return _mm512_and_si512(v, all_bytes(15)); }
inline bytes high_nibbles(bytes v) {
  return _mm512_and_si512(_mm512_srli_epi16(v, 4), all_bytes(15));
}
inline void store_bytes(void* p, bytes v) { _mm512_storeu_si512(p, v); }
/// Four vectors as one of bytes in their order, each the nearest that a signed byte holds.
inline bytes saturated_bytes(ints a, ints b, ints c, ints d) {
  const __m512i quads = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, quads);
}
inline bytes larger_bytes(bytes a, bytes b) { return _mm512_max_epi8(a, b); }
/// The first `count` of them, and zeros.
inline bytes first_bytes(bytes v, int count) {
  return _mm512_maskz_mov_epi8((__mmask64{1} << count) - 1, v);
}
/// The sums of each four lanes side by side: those of a, then b, c and d.
inline ints sums_of_four(ints a, ints b, ints c, ints d) {
  const ints ab = add(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  const ints cd = add(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
  const ints quads = add(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, quads);
}
inline std::int32_t sum(ints v) { return _mm512_reduce_add_epi32(v); }
/// By their instructions: g++ may take a function that does nothing but prefetch for an idle one,
/// and leave out its calls.
inline void prefetch_to_write(const void* p) {
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(p)));
}
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
    for (int v = 0; v < Vectors; ++v) asm("" : "+v"(acc[r][v]));
}

/// Makes the compiler load again what it has in registers: a load is cheaper than a register here.
inline void forget_loads() { asm volatile("" ::: "memory"); }

inline constexpr int real_rows = 6;
inline constexpr int real_vectors = 4;
