// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/quantize_floats.inl - activations to codes of small floats, or rounded to f16 and bf16, with the bits of ops/.
// Included inside an ISA's namespace after quantize.inl, see simd_kernels.hpp. Rows of codes have
// room behind their end (activation_layout): whole vectors are written there, of zeros.

inline constexpr std::int32_t bits_of(float v) { return static_cast<std::int32_t>(float_bits(v)); }

/// The codes of F nearest to v, which is no NaN; beyond F::max that of F::max.
template<NumberFormat F>
inline ints float_codes(floats v) {
  static_assert(F::specials != special_values::fnuz && F::overflow == overflow_rule::saturate);
  constexpr int dropped = 23 - F::mantissa_bits;
  constexpr std::int32_t smallest_normal = bits_of(power_of_two(F::min_exponent));
  const ints bits = reinterpret_ints(v);
  const ints magnitude = smaller(bit_and(bits, all_ints(INT32_MAX)), all_ints(bits_of(F::max)));
  const ints binade = bit_and(larger(magnitude, all_ints(smallest_normal)), all_ints(0x7F800000));
  // The sum with a power of two this much larger has the steps of F in v's binade for its last
  // bits.
  const ints coarse = add(binade, all_ints(dropped << 23));
  const floats sum = add(reinterpret_floats(magnitude), reinterpret_floats(coarse));
  const ints steps = subtract(reinterpret_ints(sum), coarse);
  const ints below = subtract(shift_right(binade, dropped), all_ints(smallest_normal >> dropped));
  const ints sign =
      bit_and(shift_right(bits, 32 - F::bits), all_ints(static_cast<std::int32_t>(F::sign_bit)));
  return bit_or(add(steps, below), sign);
}

/// Divides by a scale. By a power of two it multiplies with the inverse, which is one, too.
struct float_quotient {
  floats scale;
  floats inverse;
  bool is_power;

  float_quotient(float s, bool is_power_of_two)
      : scale(all_floats(s)), inverse(all_floats(inverse_power(s))), is_power(is_power_of_two) {}

  floats operator()(floats x) const { return is_power ? multiply(x, inverse) : divide(x, scale); }

 private:
  // Of a power of two between 2^-127, which has no exponent, and 2^126.
  static float inverse_power(float s) {
    return float_from_bits(0x7F000000u - (float_bits(s) & 0x7F800000u));
  }
};

/// A byte for the code of each quotient.
template<NumberFormat F>
inline void store_float_codes(const float* x, std::int64_t count, const float_quotient& quotient,
                              std::byte* codes) {
  std::int64_t p = 0;
  for (; p + lanes <= count; p += lanes)
    store_low_bytes(codes + p, float_codes<F>(quotient(load_floats(x + p))));
  if (p < count)
    store_low_bytes(codes + p,
                    float_codes<F>(quotient(load_floats(x + p, static_cast<int>(count - p)))));
}

/// Two codes of four bits in a byte: of 4 * lanes bytes at a time.
inline void pack_nibbles(const std::byte* codes, std::int64_t count, std::byte* to) {
  for (std::int64_t p = 0; p < count; p += 4 * lanes) {
    const ints v = load_ints(codes + p);
    const ints joined = bit_or(v, shift_right(v, 4));
    const ints second = bit_and(shift_right(joined, 8), all_ints(0xFF00));
    store_low_halves(to + p / 2, bit_or(bit_and(joined, all_ints(0xFF)), second));
  }
}

/// Codes of reals, from the first bit of `codes` on; of NaN anything.
template<NumberFormat F>
inline void encode_floats(const float* x, std::int64_t count, const float_quotient& quotient,
                          std::byte* codes) {
  if constexpr (F::bits == 8) {
    store_float_codes<F>(x, count, quotient, codes);
  } else {
    static_assert(F::bits == 4);
    constexpr std::int64_t chunk = 256;
    for (std::int64_t p = 0; p < count; p += chunk) {
      const std::int64_t here = count - p < chunk ? count - p : chunk;
      alignas(64) std::byte raw[chunk] = {};
      store_float_codes<F>(x + p, here, quotient, raw);
      pack_nibbles(raw, here, codes + p / 2);
    }
  }
}

/// The codes of NaN, or what F has for it.
template<NumberFormat F>
inline void encode_nan(std::int64_t count, std::byte* codes) {
  constexpr int nan = static_cast<int>(F::has_nan ? F::nan_code : F::max_code);
  const std::int64_t whole = count * F::bits / 8;
  std::memset(codes, F::bits == 8 ? nan : nan * 0x11, static_cast<std::size_t>(whole));
  if (count * F::bits % 8 != 0) codes[whole] = static_cast<std::byte>(nan);
}

/// The scale of a block of finite reals, the bits of its largest magnitude given.
template<NumberFormat F>
inline float float_scale(std::int32_t most, bool to_powers) {
  if (most == 0) return 1.0f;
  const auto bits = static_cast<std::uint32_t>(most);
  if (!to_powers) {
    const float scale = float_from_bits(bits) / F::max;
    return scale == 0.0f ? smallest_float : scale;
  }
  constexpr std::uint32_t down = static_cast<std::uint32_t>(floor_log2(F::max)) << 23;
  const std::uint32_t power = bits & 0x7F800000u;
  return power > down ? float_from_bits(power - down) : 0x1p-127f;
}

/// Quantizes row i of x group by group. One that holds NaN or Inf gets a NaN for its scale.
template<NumberFormat F>
inline void quantize_float_row(activation_params::scale_source source,
                               const matrix_view<const float>& x, std::int64_t i,
                               const activation_operand& to) {
  auto* row = const_cast<std::byte*>(to.row(i));
  auto* scales = const_cast<float*>(to.scales) + i * to.groups;
  const bool to_powers = source == activation_params::scale_source::power_of_two;
  for (std::int64_t g = 0; g < to.groups; ++g) {
    const std::int64_t first = g * to.group_cols;
    const std::int64_t count = to.k - first < to.group_cols ? to.k - first : to.group_cols;
    const float* reals = x.data + i * x.row_stride + first;
    std::byte* codes = row + first * F::bits / 8;
    const std::int32_t most = largest_magnitude(reals, count);
    scales[g] = float_scale<F>(most, to_powers);
    encode_floats<F>(reals, count, float_quotient(scales[g], to_powers), codes);
    if (most < 0x7F800000) continue;
    scales[g] = quiet_nan;
    encode_nan<F>(count, codes);
  }
  const std::int64_t used = (to.k * F::bits + 7) / 8;
  std::memset(row + used, 0, static_cast<std::size_t>(to.row_bytes - used));
}

/// Quantizes row i by the scale of all rows. One that holds NaN gets a NaN for its scale.
template<NumberFormat F>
inline void quantize_float_row_by(float scale, const matrix_view<const float>& x, std::int64_t i,
                                  const activation_operand& to) {
  auto* row = const_cast<std::byte*>(to.row(i));
  const float* reals = x.data + i * x.row_stride;
  const std::int64_t used = (to.k * F::bits + 7) / 8;
  const bool has_nan = largest_magnitude(reals, to.k) > 0x7F800000;
  std::memset(row + used, 0, static_cast<std::size_t>(to.row_bytes - used));
  const_cast<float*>(to.scales)[i] = has_nan ? quiet_nan : scale;
  has_nan ? encode_nan<F>(to.k, row)
          : encode_floats<F>(reals, to.k, float_quotient(scale, false), row);
}

/// Quantizes x to F; false where that is left to ops/.
template<NumberFormat F>
inline bool quantize_float_rows(activation_params::scale_source source, const gemm_key& key,
                                const matrix_view<const float>& x, const activation_operand& to,
                                const executor_ref& executor) {
  const policy_desc& d = key.activation;
  if (activation_params::is_static(d)) {
    if (x.rows == 0) return true;
    const float scale = to.scales[0];
    if (!(scale > 0.0f && is_finite(scale))) return false;
    for_rows(executor, x.rows, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) quantize_float_row_by<F>(scale, x, i, to);
    });
    return true;
  }
  const bool has_whole_bytes = d.block_cols * F::bits % 8 == 0;
  if (!activation_params::is_row_by_row(d) || !has_whole_bytes) return false;
  for_rows(executor, x.rows, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) quantize_float_row<F>(source, x, i, to);
  });
  return true;
}

/// F::decode(F::encode(v)) of f16 or bf16: rounded to even by integer arithmetic, as by
/// half_codes().
template<NumberFormat F>
inline floats rounded_to(floats v) {
  constexpr int dropped = 23 - F::mantissa_bits;
  constexpr std::int32_t infinite = 0x7F800000;
  const ints bits = reinterpret_ints(v);
  const ints magnitude = bit_and(bits, all_ints(INT32_MAX));
  const ints odd = bit_and(shift_right(magnitude, dropped), all_ints(1));
  const ints raised = add(magnitude, add(odd, all_ints((1 << (dropped - 1)) - 1)));
  ints nearest = bit_and(raised, all_ints(-(1 << dropped)));
  nearest = select_less(all_ints(bits_of(F::max)), nearest, all_ints(infinite), nearest);
  if constexpr (F::exponent_bits < 8) {
    // Below the smallest normal the sum with a power of two counts the steps in its lowest bits.
    constexpr float coarse = power_of_two(23 + F::min_exponent - F::mantissa_bits);
    constexpr float smallest_normal = power_of_two(F::min_exponent);
    const floats sum = add(reinterpret_floats(magnitude), all_floats(coarse));
    const ints steps = subtract(reinterpret_ints(sum), all_ints(bits_of(coarse)));
    const floats subnormal = multiply(to_floats(steps), all_floats(F::smallest));
    nearest = select_less(magnitude, all_ints(bits_of(smallest_normal)),
                          reinterpret_ints(subnormal), nearest);
  }
  nearest = select_less(all_ints(infinite), magnitude, all_ints(0x7FC00000), nearest);
  return reinterpret_floats(bit_or(nearest, bit_and(bits, all_ints(INT32_MIN))));
}

/// Rounds x to F into the operand's reals.
template<NumberFormat F>
inline bool round_rows(const matrix_view<const float>& x, const activation_operand& to,
                       const executor_ref& executor) {
  executor.parallel_for(x.rows, [&](std::int64_t i) {
    const float* from = x.data + i * x.row_stride;
    float* reals = const_cast<float*>(to.reals.data) + i * to.reals.row_stride;
    std::int64_t p = 0;
    for (; p + lanes <= x.cols; p += lanes)
      store_floats(reals + p, rounded_to<F>(load_floats(from + p)));
    const int left = static_cast<int>(x.cols - p);
    if (left > 0) store_floats(reals + p, rounded_to<F>(load_floats(from + p, left)), left);
  });
  return true;
}

/// Quantizes or rounds x as the key's activation policy says; false where that is left to ops/.
inline bool prepare_rows(const gemm_key& key, const matrix_view<const float>& x,
                         activation_operand& to, const executor_ref& executor) {
  const policy_desc& d = key.activation;
  if (x.col_stride != 1) return false;
  if (activation_params::is_rounded_f16(d)) return round_rows<f16>(x, to, executor);
  if (activation_params::is_rounded_bf16(d)) return round_rows<bf16>(x, to, executor);
  // Codes are read by their format here, and integer products keep those of u8 as s8.
  if (d.kind != format_kind::floating_point)
    return !activation_params::is_affine_u8(d) && quantize_rows(key, x, to, executor);
  using activation_params::scale_source;
  if (const auto source = activation_params::source_of_e4m3(d); source != scale_source::unknown)
    return quantize_float_rows<e4m3>(source, key, x, to, executor);
  if (const auto source = activation_params::source_of_e5m2(d); source != scale_source::unknown)
    return quantize_float_rows<e5m2>(source, key, x, to, executor);
  if (const auto source = activation_params::source_of_e2m1(d); source != scale_source::unknown)
    return quantize_float_rows<e2m1>(source, key, x, to, executor);
  return false;
}
