// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/bf16_avx512.inl - pairs of bf16 by AVX-512 BF16, and tables of bytes by VBMI.
// Included inside an ISA's namespace after avx512.inl, see simd_kernels.hpp.

/// acc + the sum over each lane's two bf16 of w times x: rounded to nearest even after each of the
/// two, subnormals taken and left as zeros, whatever MXCSR says.
inline floats dot_pairs(floats acc, ints w, ints x) {
  return _mm512_dpbf16_ps(acc, __builtin_bit_cast(__m512bh, w), __builtin_bit_cast(__m512bh, x));
}

/// The 32 bytes at p as words.
inline ints load_bytes_as_words(const void* p) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(static_cast<const __m256i_u*>(p)));
}
/// 32 words in a register, and the word of the lowest five bits of each.
inline ints look_up_words(ints table, ints index) { return _mm512_permutexvar_epi16(index, table); }
/// 128 bytes in two registers, and the byte of the lowest seven bits of each.
inline ints look_up_bytes(const ints (&table)[2], ints index) {
  return _mm512_permutex2var_epi8(table[0], index, table[1]);
}
/// Byte by byte: no where the top bit of `by` is clear, else yes.
inline ints select_by_top_bits(ints by, ints no, ints yes) {
  return _mm512_mask_mov_epi8(no, _mm512_movepi8_mask(by), yes);
}
inline ints subtract_words(ints a, ints b) { return _mm512_sub_epi16(a, b); }
inline ints shift_words_left(ints v, int by) {
  return _mm512_slli_epi16(v, static_cast<unsigned>(by));
}
inline ints shift_words_right(ints v, int by) {
  return _mm512_srli_epi16(v, static_cast<unsigned>(by));
}
/// Adds to the exponents of words of bf16, but for those of zero, Inf and NaN.
inline ints add_exponents(ints words, ints exponents) {
  const ints magnitudes = bit_and(words, all_ints(0x7FFF7FFF));
  const __mmask32 normal = _mm512_mask_cmplt_epu16_mask(
      _mm512_test_epi16_mask(magnitudes, magnitudes), magnitudes, all_ints(0x7F807F80));
  return _mm512_mask_add_epi16(words, normal, words, exponents);
}
/// a | (b & mask)
inline ints merge(ints a, ints b, ints mask) { return _mm512_ternarylogic_epi32(a, b, mask, 0xF8); }
/// The lanes of a and b in turn.
inline void interleave(ints a, ints b, ints& first, ints& second) {
  const ints low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  first = _mm512_permutex2var_epi32(a, low, b);
  second = _mm512_permutex2var_epi32(a, add(low, all_ints(8)), b);
}
/// The upper halves of 32 floats, each four in the order 0, 2, 1, 3.
inline ints top_halves(floats a, floats b) {
  const ints first =
      _mm512_setr_epi32(0x00050001, 0x00070003, 0x000D0009, 0x000F000B, 0x00150011, 0x00170013,
                        0x001D0019, 0x001F001B, 0x00250021, 0x00270023, 0x002D0029, 0x002F002B,
                        0x00350031, 0x00370033, 0x003D0039, 0x003F003B);
  return _mm512_permutex2var_epi16(reinterpret_ints(a), first, reinterpret_ints(b));
}

/// Keeps sums in registers, see pin() of integers.
template<int Rows, int Vectors>
inline void pin(floats (&acc)[Rows][Vectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) asm("" : "+v"(acc[r][v]));
}
