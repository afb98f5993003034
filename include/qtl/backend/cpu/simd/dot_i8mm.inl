// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/dot_i8mm.inl - products of 2 x 8 by 8 x 2 bytes by one instruction, both sides signed.

/// acc + the sum over each lane's four bytes of w (signed) times x (signed): for sums of rows.
inline ints dot(ints acc, bytes w, bytes x) { return vdotq_s32(acc, w, x); }
inline constexpr bool unsigned_dot = false;

/// acc + the products of two rows (eight bytes each) with two columns (likewise): both columns of
/// the first row, then of the second.
inline ints block_dot(ints acc, bytes columns, bytes rows) {
  return vmmlaq_s32(acc, rows, columns);
}
/// Eight bytes of a, then of b.
inline bytes two_rows(const std::byte* a, const std::byte* b) {
  return vcombine_s8(vld1_s8(reinterpret_cast<const std::int8_t*>(a)),
                     vld1_s8(reinterpret_cast<const std::int8_t*>(b)));
}
/// The lower halves of both.
inline ints lower_halves(ints a, ints b) {
  return vreinterpretq_s32_s64(vtrn1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}
inline ints upper_halves(ints a, ints b) {
  return vreinterpretq_s32_s64(vtrn2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

/// Makes the compiler load again what it has in registers: sums and rows take all of them.
inline void forget_loads() { asm volatile("" ::: "memory"); }

inline constexpr int whole_rows = 6;
inline constexpr int whole_vectors = 4;
inline constexpr int grouped_rows = 4;
inline constexpr int register_rows = 4;  ///< of which grouped sums fit registers, too
inline constexpr int grouped_vectors = 3;
