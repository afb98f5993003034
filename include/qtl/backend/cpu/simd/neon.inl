// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/neon.inl - vectors of 128 bits: NEON of AArch64. Everything but the dot product of bytes.
// Included inside an ISA's namespace, see simd_kernels.hpp.

using ints = int32x4_t;
using floats = float32x4_t;
using bytes = int8x16_t;
inline constexpr int lanes = 4;

inline ints zero_ints() { return vdupq_n_s32(0); }
inline ints all_ints(std::int32_t v) { return vdupq_n_s32(v); }
inline ints load_ints(const void* p) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(p)));
}
inline void store_ints(void* p, ints v) {
  vst1q_u8(static_cast<std::uint8_t*>(p), vreinterpretq_u8_s32(v));
}
inline ints add(ints a, ints b) { return vaddq_s32(a, b); }
inline ints subtract(ints a, ints b) { return vsubq_s32(a, b); }
inline ints multiply(ints a, ints b) { return vmulq_s32(a, b); }

inline floats zero_floats() { return vdupq_n_f32(0.0f); }
inline floats all_floats(float v) { return vdupq_n_f32(v); }
inline floats load_floats(const float* p) { return vld1q_f32(p); }
inline void store_floats(float* p, floats v) { vst1q_f32(p, v); }
inline floats multiply(floats a, floats b) { return vmulq_f32(a, b); }
inline floats fused_multiply_add(floats a, floats b, floats c) { return vfmaq_f32(c, a, b); }
inline floats to_floats(ints v) { return vcvtq_f32_s32(v); }

/// The first `count` < lanes of them.
inline floats load_floats(const float* p, int count) {
  float lane[lanes] = {};
  std::memcpy(lane, p, static_cast<std::size_t>(count) * sizeof(float));
  return vld1q_f32(lane);
}
inline void store_floats(float* p, floats v, int count) {
  float lane[lanes];
  vst1q_f32(lane, v);
  std::memcpy(p, lane, static_cast<std::size_t>(count) * sizeof(float));
}

inline floats add(floats a, floats b) { return vaddq_f32(a, b); }

inline ints shift_left(ints v, int by) { return vshlq_s32(v, vdupq_n_s32(by)); }
inline ints shift_right(ints v, int by) {
  return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(v), vdupq_n_s32(-by)));
}
inline ints shift_right_signed(ints v, int by) { return vshlq_s32(v, vdupq_n_s32(-by)); }
/// Byte c of each lane as its top byte; the others are anything.
inline ints raise_byte(ints v, int c) { return shift_left(v, 24 - 8 * c); }
inline ints bit_and(ints a, ints b) { return vandq_s32(a, b); }
inline ints bit_or(ints a, ints b) { return vorrq_s32(a, b); }
inline ints bit_xor(ints a, ints b) { return veorq_s32(a, b); }
inline floats reinterpret_floats(ints v) { return vreinterpretq_f32_s32(v); }
/// Lane by lane: yes where a == b, else no.
inline floats select_equal(ints a, ints b, floats yes, floats no) {
  return vbslq_f32(vceqq_s32(a, b), yes, no);
}
/// table[index] of each lane.
inline floats gather(const float* table, ints index) {
  std::int32_t at[lanes];
  vst1q_s32(at, index);
  const float lane[lanes] = {table[at[0]], table[at[1]], table[at[2]], table[at[3]]};
  return vld1q_f32(lane);
}
/// Sixteen values in registers, as bytes.
using code_table = uint8x16x4_t;
inline code_table load_table(const float* values) {
  return {vreinterpretq_u8_f32(vld1q_f32(values)), vreinterpretq_u8_f32(vld1q_f32(values + 4)),
          vreinterpretq_u8_f32(vld1q_f32(values + 8)),
          vreinterpretq_u8_f32(vld1q_f32(values + 12))};
}
/// The value of the lowest four bits of each lane: its four bytes are looked up.
inline floats look_up(const code_table& table, ints index) {
  const ints first_bytes = multiply(bit_and(index, all_ints(15)), all_ints(0x04040404));
  const ints all_four = add(first_bytes, all_ints(0x03020100));
  return vreinterpretq_f32_u8(vqtbl4q_u8(table, vreinterpretq_u8_s32(all_four)));
}

inline ints reinterpret_ints(floats v) { return vreinterpretq_s32_f32(v); }
inline floats subtract(floats a, floats b) { return vsubq_f32(a, b); }
inline floats divide(floats a, floats b) { return vdivq_f32(a, b); }
inline floats magnitude_of(floats v) { return vabsq_f32(v); }
/// The second where one is NaN, as x86 has it.
inline floats smaller(floats a, floats b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
inline floats larger(floats a, floats b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
inline ints smaller(ints a, ints b) { return vminq_s32(a, b); }
inline ints larger(ints a, ints b) { return vmaxq_s32(a, b); }
/// To the nearest integer, ties to even.
inline ints to_nearest(floats v) { return vcvtnq_s32_f32(v); }
/// Of lanes that are no NaN.
inline float smallest(floats v) { return vminnmvq_f32(v); }
inline float largest(floats v) { return vmaxnmvq_f32(v); }
inline std::int32_t largest(ints v) { return vmaxvq_s32(v); }
/// The lowest byte of each lane, side by side.
inline void store_low_bytes(void* p, ints v) {
  const int16x4_t halves = vmovn_s32(v);
  const int8x8_t low = vmovn_s16(vcombine_s16(halves, halves));
  const std::int32_t four = vget_lane_s32(vreinterpret_s32_s8(low), 0);
  std::memcpy(p, &four, sizeof four);
}

/// Lane by lane: yes where a < b, else no.
inline ints select_less(ints a, ints b, ints yes, ints no) {
  return vbslq_s32(vcltq_s32(a, b), yes, no);
}
inline floats select_less(floats a, floats b, floats yes, floats no) {
  return vbslq_f32(vcltq_f32(a, b), yes, no);
}
/// The lowest two bytes of each lane, side by side; upper bytes are zero.
inline void store_low_halves(void* p, ints v) {
  const int16x4_t halves = vmovn_s32(v);
  std::memcpy(p, &halves, sizeof halves);
}

inline bytes load_bytes(const void* p) { return vld1q_s8(static_cast<const std::int8_t*>(p)); }
/// The four bytes at p in every lane.
inline bytes all_quads(const std::byte* p) {
  std::int32_t quad;
  std::memcpy(&quad, p, 4);
  return vreinterpretq_s8_s32(vdupq_n_s32(quad));
}
inline bytes all_bytes(std::int8_t v) { return vdupq_n_s8(v); }
inline bytes low_nibbles(bytes v) { return vandq_s8(v, all_bytes(15)); }
inline bytes high_nibbles(bytes v) {
  return vreinterpretq_s8_u8(vshrq_n_u8(vreinterpretq_u8_s8(v), 4));
}
inline void store_bytes(void* p, bytes v) { vst1q_s8(static_cast<std::int8_t*>(p), v); }
/// Four vectors as one of bytes in their order, each the nearest that a signed byte holds.
inline bytes saturated_bytes(ints a, ints b, ints c, ints d) {
  const int16x8_t low = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
  const int16x8_t high = vcombine_s16(vqmovn_s32(c), vqmovn_s32(d));
  return vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
}
inline bytes larger_bytes(bytes a, bytes b) { return vmaxq_s8(a, b); }
/// The first `count` of them, and zeros.
inline bytes first_bytes(bytes v, int count) {
  constexpr std::int8_t number[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const uint8x16_t chosen = vcgtq_s8(vdupq_n_s8(static_cast<std::int8_t>(count)), vld1q_s8(number));
  return vandq_s8(v, vreinterpretq_s8_u8(chosen));
}
/// The sums of each four lanes side by side: those of a, then b, c and d.
inline ints sums_of_four(ints a, ints b, ints c, ints d) {
  return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
}
inline std::int32_t sum(ints v) { return vaddvq_s32(v); }
/// By their instructions: g++ may take a function that does nothing but prefetch for an idle one,
/// and leave out its calls.
inline void prefetch_to_write(const void* p) {
  asm volatile("prfm pstl1keep, %0" : : "Q"(*static_cast<const char*>(p)));
}
inline void prefetch(const void* p) {
  asm volatile("prfm pldl1keep, %0" : : "Q"(*static_cast<const char*>(p)));
}
/// Nothing: there is nothing that g++ would spill.
template<class T>
inline void pin(T&) {}

inline constexpr int real_rows = 4;
inline constexpr int real_vectors = 4;
