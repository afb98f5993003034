// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/epilogue.inl - from a line of sums to a line of outputs.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp.

/// Columns of the widest line.
inline constexpr std::int64_t widest_columns = std::int64_t{lanes} * 4;
static_assert(whole_vectors <= 4 && grouped_vectors <= 4 && real_vectors <= 4);

inline floats load_sums(const std::int32_t* p) { return to_floats(load_ints(p)); }
inline floats load_sums(const float* p) { return load_floats(p); }

/// Where whole lines of f32 outputs go, and what they are scaled by. The bias may be null.
struct line_output {
  float* y = nullptr;
  std::int64_t y_stride = 0;         ///< between rows
  const float* scales = nullptr;     ///< a line
  const float* bias = nullptr;       ///< a line, or null
  const float* x_scales = nullptr;   ///< of the first row
  std::int64_t x_scales_stride = 0;  ///< between rows; 0 where they enter elsewhere
};

inline floats as_floats(ints v) { return to_floats(v); }
inline floats as_floats(floats v) { return v; }

/// y = fma(sum, x_scale * scale, bias) for a whole tile in registers.
template<class Sum, int Rows, int Vectors>
[[gnu::always_inline]] inline void store_outputs(const line_output& out,
                                                 const Sum (&sums)[Rows][Vectors]) {
  floats scales[Vectors];
  floats bias[Vectors];
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) {
    scales[v] = load_floats(out.scales + v * lanes);
    bias[v] = out.bias != nullptr ? load_floats(out.bias + v * lanes) : zero_floats();
  }
  float* y = out.y;
  const float* x_scales = out.x_scales;
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const floats x = all_floats(*x_scales);
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      store_floats(y + v * lanes,
                   fused_multiply_add(as_floats(sums[r][v]), multiply(x, scales[v]), bias[v]));
    y += out.y_stride;
    x_scales += out.x_scales_stride;
  }
}

/// The codes of f16 or bf16: floats rounded to even by integer arithmetic, so that no state of the
/// machine matters. NaN is all ones below the sign, as the formats' encode() has it.
template<NumberFormat F>
inline ints half_codes(floats v) {
  constexpr int dropped = 23 - F::mantissa_bits;
  constexpr std::int32_t infinite = 0x7F800000;
  constexpr std::int32_t rebias = (127 - F::bias) << 23;
  const ints bits = reinterpret_ints(v);
  const ints magnitude = bit_and(bits, all_ints(INT32_MAX));
  const ints odd = bit_and(shift_right(magnitude, dropped), all_ints(1));
  const ints half = all_ints((1 << (dropped - 1)) - 1 - rebias);
  ints code = shift_right_signed(add(magnitude, add(odd, half)), dropped);
  code = smaller(code, all_ints(((1 << F::exponent_bits) - 1) << F::mantissa_bits));
  if constexpr (F::exponent_bits < 8) {
    // Below the smallest normal the sum with a power of two leaves the code in its lowest bits.
    constexpr float coarse = power_of_two(23 + F::min_exponent - F::mantissa_bits);
    const floats raised = add(reinterpret_floats(magnitude), all_floats(coarse));
    const ints subnormal = subtract(reinterpret_ints(raised), reinterpret_ints(all_floats(coarse)));
    const ints smallest = reinterpret_ints(all_floats(power_of_two(F::min_exponent)));
    code = select_less(magnitude, smallest, subnormal, code);
  }
  code = bit_or(code, bit_and(shift_right(bits, 16), all_ints(0x8000)));
  return select_less(all_ints(infinite), magnitude, all_ints(0x7FFF), code);
}

/// The codes of an integer policy that rounds to even.
inline ints nearest_codes(const nearest_quotient& quotient, const requantizer& r, floats v) {
  const ints magnitude = bit_and(reinterpret_ints(v), all_ints(INT32_MAX));
  const ints rounded = select_less(all_ints(0x7F800000), magnitude, zero_ints(), quotient(v));
  const ints code = add(rounded, all_ints(r.zero_point));
  return smaller(larger(code, all_ints(r.qmin)), all_ints(r.qmax));
}

/// Writes `count` codes of Bytes bytes each: whole vectors by `store`, a part of one by way of
/// memory.
template<int Bytes, class Encode, class Store>
inline void store_codes(void* to, std::int64_t count, const float* line, Encode&& encode,
                        Store&& store) {
  auto* out = static_cast<std::byte*>(to);
  std::int64_t c = 0;
  for (; c + lanes <= count; c += lanes) store(out + c * Bytes, encode(load_floats(line + c)));
  if (c == count) return;
  std::byte last[lanes * Bytes];
  store(last, encode(load_floats(line + c)));
  std::memcpy(out + c * Bytes, last, static_cast<std::size_t>((count - c) * Bytes));
}

/// Writes a line of values, `count` of them and room for whole vectors, to row i from column j on.
inline void store_rounded_line(const output_operand& y, std::int64_t i, std::int64_t j,
                               std::int64_t count, const float* line) {
  const auto halves = [](void* p, ints v) { store_low_halves(p, v); };
  const std::int64_t at = i * y.row_stride + j;
  if (y.col_stride == 1 && y.kind == output_kind::as_f32) {
    std::memcpy(static_cast<float*>(y.data) + at, line, static_cast<std::size_t>(count) * 4);
  } else if (y.col_stride == 1 && y.kind == output_kind::as_f16) {
    store_codes<2>(static_cast<std::uint16_t*>(y.data) + at, count, line, half_codes<f16>, halves);
  } else if (y.col_stride == 1 && y.kind == output_kind::as_bf16) {
    store_codes<2>(static_cast<std::uint16_t*>(y.data) + at, count, line, half_codes<bf16>, halves);
  } else if (y.col_stride == 1 && y.codes.to_nearest) {
    const nearest_quotient quotient(y.codes.scale);
    store_codes<1>(
        static_cast<std::uint8_t*>(y.data) + at, count, line,
        [&](floats v) { return nearest_codes(quotient, y.codes, v); },
        [](void* p, ints v) { store_low_bytes(p, v); });
  } else {
    for (std::int64_t c = 0; c < count; ++c) store_rounded(y, i, j + c, line[c]);
  }
}

/// The same after y's function.
inline void store_function_of(const output_operand& y, std::int64_t i, std::int64_t j,
                              std::int64_t count, float* line) {
  if (y.function != activation_function::none)
    for (std::int64_t c = 0; c < count; c += lanes)
      store_floats(line + c, activate(y.function, load_floats(line + c)));
  store_rounded_line(y, i, j, count, line);
}

/// Outputs [j, j + count) of row i: fma(sum, x_scale * scales, bias), rounded once. `scales` are of
/// these columns, padded to whole vectors.
template<class Sum>
inline void store_line(const gemm_args& g, std::int64_t i, std::int64_t j, std::int64_t count,
                       const Sum* sums, float x_scale, const float* scales) {
  alignas(64) float line[widest_columns];
  const bool direct = g.y.is_plain();
  float* y = direct ? static_cast<float*>(g.y.data) + i * g.y.row_stride + j : line;
  const floats x = all_floats(x_scale);
  for (std::int64_t c = 0; c < count; c += lanes) {
    const int here = static_cast<int>(count - c < lanes ? count - c : lanes);
    floats bias = zero_floats();
    if (g.bias != nullptr)
      bias = here == lanes ? load_floats(g.bias + j + c) : load_floats(g.bias + j + c, here);
    const floats scale = multiply(x, load_floats(scales + c));
    const floats value = fused_multiply_add(load_sums(sums + c), scale, bias);
    if (here == lanes || !direct)  // the buffer has room
      store_floats(y + c, value);
    else
      store_floats(y + c, value, here);
  }
  if (!direct) store_function_of(g.y, i, j, count, line);
}
