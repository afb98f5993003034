// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/portable.inl - vectors as plain arrays, for any machine and as a model of the other files.
// Included inside an ISA's namespace, see simd_kernels.hpp.

inline constexpr int lanes = 4;
struct ints {
  std::int32_t lane[lanes];
};
struct floats {
  float lane[lanes];
};
struct bytes {
  std::uint8_t lane[4 * lanes];
};

/// f(lane number) for every lane of a vector.
template<class Vector, class F>
inline Vector each(F&& f) {
  Vector v;
  for (int i = 0; i < static_cast<int>(sizeof(v.lane) / sizeof(v.lane[0])); ++i)
    v.lane[i] = static_cast<std::remove_reference_t<decltype(v.lane[0])>>(f(i));
  return v;
}
inline std::uint32_t as_unsigned(std::int32_t v) { return static_cast<std::uint32_t>(v); }

inline ints all_ints(std::int32_t v) {
  return each<ints>([&](int) { return v; });
}
inline ints zero_ints() { return all_ints(0); }
inline ints load_ints(const void* p) {
  ints v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store_ints(void* p, ints v) { std::memcpy(p, &v, sizeof v); }
inline ints add(ints a, ints b) {
  return each<ints>([&](int i) { return as_unsigned(a.lane[i]) + as_unsigned(b.lane[i]); });
}
inline ints subtract(ints a, ints b) {
  return each<ints>([&](int i) { return as_unsigned(a.lane[i]) - as_unsigned(b.lane[i]); });
}
inline ints multiply(ints a, ints b) {
  return each<ints>([&](int i) { return as_unsigned(a.lane[i]) * as_unsigned(b.lane[i]); });
}

inline floats all_floats(float v) {
  return each<floats>([&](int) { return v; });
}
inline floats zero_floats() { return all_floats(0.0f); }
inline floats load_floats(const float* p) {
  floats v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store_floats(float* p, floats v) { std::memcpy(p, &v, sizeof v); }
inline floats multiply(floats a, floats b) {
  return each<floats>([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline floats fused_multiply_add(floats a, floats b, floats c) {
  return each<floats>(
      [&](int i) { return qtl::fused_multiply_add(a.lane[i], b.lane[i], c.lane[i]); });
}
inline floats to_floats(ints v) {
  return each<floats>([&](int i) { return static_cast<float>(v.lane[i]); });
}
/// The first `count` < lanes of them.
inline floats load_floats(const float* p, int count) {
  return each<floats>([&](int i) { return i < count ? p[i] : 0.0f; });
}
inline void store_floats(float* p, floats v, int count) {
  for (int i = 0; i < count; ++i) p[i] = v.lane[i];
}

inline floats add(floats a, floats b) {
  return each<floats>([&](int i) { return a.lane[i] + b.lane[i]; });
}

inline ints shift_left(ints v, int by) {
  return each<ints>([&](int i) { return as_unsigned(v.lane[i]) << by; });
}
inline ints shift_right(ints v, int by) {
  return each<ints>([&](int i) { return as_unsigned(v.lane[i]) >> by; });
}
inline ints shift_right_signed(ints v, int by) {
  return each<ints>([&](int i) { return v.lane[i] >> by; });
}
inline ints bit_and(ints a, ints b) {
  return each<ints>([&](int i) { return a.lane[i] & b.lane[i]; });
}
inline ints bit_or(ints a, ints b) {
  return each<ints>([&](int i) { return a.lane[i] | b.lane[i]; });
}
inline ints bit_xor(ints a, ints b) {
  return each<ints>([&](int i) { return a.lane[i] ^ b.lane[i]; });
}
inline floats reinterpret_floats(ints v) {
  return each<floats>([&](int i) { return bit_cast<float>(v.lane[i]); });
}
/// Lane by lane: yes where a == b, else no.
inline floats select_equal(ints a, ints b, floats yes, floats no) {
  return each<floats>([&](int i) { return a.lane[i] == b.lane[i] ? yes.lane[i] : no.lane[i]; });
}
/// table[index] of each lane.
inline floats gather(const float* table, ints index) {
  return each<floats>([&](int i) { return table[index.lane[i]]; });
}
/// Sixteen values.
using code_table = const float*;
inline code_table load_table(const float* values) { return values; }
/// The value of the lowest four bits of each lane.
inline floats look_up(const code_table& table, ints index) {
  return each<floats>([&](int i) { return table[index.lane[i] & 15]; });
}

inline ints reinterpret_ints(floats v) {
  return each<ints>([&](int i) { return bit_cast<std::int32_t>(v.lane[i]); });
}
inline floats subtract(floats a, floats b) {
  return each<floats>([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline floats divide(floats a, floats b) {
  return each<floats>([&](int i) { return a.lane[i] / b.lane[i]; });
}
inline floats magnitude_of(floats v) {
  return each<floats>([&](int i) { return v.lane[i] < 0.0f ? -v.lane[i] : v.lane[i]; });
}
/// The second where one is NaN, as x86 has it.
inline floats smaller(floats a, floats b) {
  return each<floats>([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline floats larger(floats a, floats b) {
  return each<floats>([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline ints smaller(ints a, ints b) {
  return each<ints>([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline ints larger(ints a, ints b) {
  return each<ints>([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
/// To the nearest integer, ties to even; |v| < 2^22.
inline ints to_nearest(floats v) {
  constexpr float magic = 12582912.0f;
  return each<ints>([&](int i) {
    return bit_cast<std::int32_t>(v.lane[i] + magic) - bit_cast<std::int32_t>(magic);
  });
}
/// best(a, b) over all lanes.
template<class Vector, class Best>
inline auto over_lanes(Vector v, Best&& best) {
  for (int i = 1; i < lanes; ++i) v.lane[0] = best(v.lane[0], v.lane[i]);
  return v.lane[0];
}
inline float smallest(floats v) {
  return over_lanes(v, [](float a, float b) { return b < a ? b : a; });
}
inline float largest(floats v) {
  return over_lanes(v, [](float a, float b) { return b > a ? b : a; });
}
inline std::int32_t largest(ints v) {
  return over_lanes(v, [](std::int32_t a, std::int32_t b) { return b > a ? b : a; });
}
/// The lowest byte of each lane, side by side.
inline void store_low_bytes(void* p, ints v) {
  for (int i = 0; i < lanes; ++i)
    static_cast<std::uint8_t*>(p)[i] = static_cast<std::uint8_t>(v.lane[i]);
}

/// Lane by lane: yes where a < b, else no.
template<class Vector>
inline Vector select_less(Vector a, Vector b, Vector yes, Vector no) {
  return each<Vector>([&](int i) { return a.lane[i] < b.lane[i] ? yes.lane[i] : no.lane[i]; });
}
/// The lowest two bytes of each lane, side by side; upper bytes are zero.
inline void store_low_halves(void* p, ints v) {
  std::uint16_t half[lanes];
  for (int i = 0; i < lanes; ++i) half[i] = static_cast<std::uint16_t>(v.lane[i]);
  std::memcpy(p, half, sizeof half);
}

inline bytes load_bytes(const void* p) {
  bytes v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
/// The four bytes at p in every lane.
inline bytes all_quads(const std::byte* p) {
  return each<bytes>([&](int i) { return static_cast<std::uint8_t>(p[i % 4]); });
}
inline bytes all_bytes(std::int8_t v) {
  return each<bytes>([&](int) { return v; });
}
inline bytes low_nibbles(bytes v) {
  return each<bytes>([&](int i) { return v.lane[i] & 15; });
}
inline bytes high_nibbles(bytes v) {
  return each<bytes>([&](int i) { return v.lane[i] >> 4; });
}
inline void store_bytes(void* p, bytes v) { std::memcpy(p, &v, sizeof v); }
/// Four vectors as one of bytes in their order, each the nearest that a signed byte holds.
inline bytes saturated_bytes(ints a, ints b, ints c, ints d) {
  const ints all[] = {a, b, c, d};
  return each<bytes>([&](int i) {
    const std::int32_t v = all[i / lanes].lane[i % lanes];
    return v < -128 ? -128 : v > 127 ? 127 : v;
  });
}
inline bytes larger_bytes(bytes a, bytes b) {
  const auto at = [](bytes v, int i) { return static_cast<std::int8_t>(v.lane[i]); };
  return each<bytes>([&](int i) { return at(a, i) > at(b, i) ? at(a, i) : at(b, i); });
}
/// The first `count` of them, and zeros.
inline bytes first_bytes(bytes v, int count) {
  return each<bytes>([&](int i) { return i < count ? v.lane[i] : 0; });
}
inline std::int32_t sum(ints v) {
  std::int32_t total = 0;
  for (std::int32_t lane : v.lane) total += lane;
  return total;
}
/// The sums of each four lanes side by side: those of a, then b, c and d.
inline ints sums_of_four(ints a, ints b, ints c, ints d) {
  return {{sum(a), sum(b), sum(c), sum(d)}};
}
inline void prefetch_to_write(const void*) {}
inline void prefetch(const void*) {}
template<class T>
inline void pin(T&) {}

/// acc + the sum over each lane's four bytes of w (unsigned) times x (signed).
inline ints dot(ints acc, bytes w, bytes x) {
  for (int i = 0; i < 4 * lanes; ++i) {
    const std::int32_t product = std::int32_t{w.lane[i]} * static_cast<std::int8_t>(x.lane[i]);
    acc.lane[i / 4] =
        static_cast<std::int32_t>(as_unsigned(acc.lane[i / 4]) + as_unsigned(product));
  }
  return acc;
}
inline constexpr bool unsigned_dot = true;

inline constexpr int whole_rows = 2;
inline constexpr int whole_vectors = 4;
inline constexpr int grouped_rows = 2;
inline constexpr int register_rows = 2;  ///< of which grouped sums fit registers, too
inline constexpr int grouped_vectors = 4;

/// Makes the compiler load again what it has in registers: a load is cheaper than a register here.
inline void forget_loads() { asm volatile("" ::: "memory"); }

inline constexpr int real_rows = 2;
inline constexpr int real_vectors = 4;
