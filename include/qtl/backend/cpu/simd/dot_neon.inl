// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/dot_neon.inl - the dot product of bytes by one instruction, both sides signed.

/// acc + the sum over each lane's four bytes of w (signed) times x (signed).
inline ints dot(ints acc, bytes w, bytes x) { return vdotq_s32(acc, w, x); }
inline constexpr bool unsigned_dot = false;
/// Nothing: there are registers enough.
inline void forget_loads() {}

inline constexpr int whole_rows = 4;
inline constexpr int whole_vectors = 4;
inline constexpr int grouped_rows = 2;
inline constexpr int register_rows = 2;  ///< of which grouped sums fit registers, too
inline constexpr int grouped_vectors = 4;
