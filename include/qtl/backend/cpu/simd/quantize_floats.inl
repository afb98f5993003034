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

/// A byte for the code of each quotient.
template<NumberFormat F, class Quotient>
inline void store_float_codes(const float* x, std::int64_t count, Quotient&& quotient,
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

/// Codes of reals that are no NaN, from the first bit of `codes` on.
template<NumberFormat F, class Quotient>
inline void encode_quotients(const float* x, std::int64_t count, Quotient&& quotient,
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

/// Codes in steps of `scale`: of NaN where that is NaN. Powers of two have inverses, other scales
/// divide.
template<NumberFormat F>
inline void encode_floats(const float* x, std::int64_t count, float scale, std::byte* codes) {
  const bool is_power_of_two = (bits_of(scale) & 0x7FFFFF) == 0;
  if (is_nan(scale)) {
    constexpr int nan = static_cast<int>(F::has_nan ? F::nan_code : F::max_code);
    for (std::int64_t p = 0; p < count * F::bits / 8; ++p)
      codes[p] = static_cast<std::byte>(F::bits == 8 ? nan : nan * 0x11);
    if (count * F::bits % 8 != 0) codes[count * F::bits / 8] = static_cast<std::byte>(nan);
  } else if (is_power_of_two && scale >= 0x1p-126f && scale <= 0x1p126f) {
    const floats inverse = all_floats(1.0f / scale);
    encode_quotients<F>(x, count, [&](floats v) { return multiply(v, inverse); }, codes);
  } else {
    const floats divisor = all_floats(scale);
    encode_quotients<F>(x, count, [&](floats v) { return divide(v, divisor); }, codes);
  }
}

/// The bits of the largest magnitude: NaN's if there is one, else those of Inf if there is one.
inline std::int32_t largest_magnitude(const float* x, std::int64_t count) {
  const ints magnitudes = all_ints(INT32_MAX);
  ints most = zero_ints();
  std::int64_t p = 0;
  for (; p + lanes <= count; p += lanes) most = larger(most, bit_and(load_ints(x + p), magnitudes));
  if (p < count) {
    const floats last = load_floats(x + p, static_cast<int>(count - p));
    most = larger(most, bit_and(reinterpret_ints(last), magnitudes));
  }
  return largest(most);
}

/// Quantizes row i of x group by group. One that holds NaN or Inf gets a NaN for its scale.
template<NumberFormat F>
inline void quantize_float_row(activation_params::scale_function scale_of,
                               const matrix_view<const float>& x, std::int64_t i,
                               const activation_operand& to) {
  auto* row = const_cast<std::byte*>(to.row(i));
  const std::int64_t used = (to.k * F::bits + 7) / 8;
  std::memset(row + used, 0, static_cast<std::size_t>(to.row_bytes - used));
  for (std::int64_t g = 0; g < to.groups; ++g) {
    const std::int64_t first = g * to.group_cols;
    const std::int64_t count = to.k - first < to.group_cols ? to.k - first : to.group_cols;
    const float* reals = x.data + i * x.row_stride + first;
    const std::int32_t most = largest_magnitude(reals, count);
    const float scale =
        most < 0x7F800000 ? scale_of(float_from_bits(static_cast<std::uint32_t>(most))) : quiet_nan;
    const_cast<float*>(to.scales)[i * to.groups + g] = scale;
    encode_floats<F>(reals, count, scale, row + first * F::bits / 8);
  }
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
  encode_floats<F>(reals, to.k, has_nan ? quiet_nan : scale, row);
}

/// Quantizes x to F; false where that is left to ops/.
template<NumberFormat F>
inline bool quantize_float_rows(activation_params::scale_function scale_of, const gemm_key& key,
                                const matrix_view<const float>& x, const activation_operand& to,
                                const executor_ref& executor) {
  const policy_desc& d = key.activation;
  if (activation_params::is_static(d)) {
    if (x.rows == 0) return true;
    const float scale = to.scales[0];
    if (!(scale > 0.0f && is_finite(scale))) return false;
    executor.parallel_for(x.rows,
                          [&](std::int64_t i) { quantize_float_row_by<F>(scale, x, i, to); });
    return true;
  }
  const bool has_whole_bytes = d.block_cols * F::bits % 8 == 0;
  if (!activation_params::is_row_by_row(d) || !has_whole_bytes) return false;
  executor.parallel_for(x.rows, [&](std::int64_t i) { quantize_float_row<F>(scale_of, x, i, to); });
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
                         const activation_operand& to, const executor_ref& executor) {
  const policy_desc& d = key.activation;
  if (x.col_stride != 1) return false;
  if (activation_params::is_rounded_f16(d)) return round_rows<f16>(x, to, executor);
  if (activation_params::is_rounded_bf16(d)) return round_rows<bf16>(x, to, executor);
  if (d.kind != format_kind::floating_point) return quantize_rows(key, x, to, executor);
  if (const auto scale_of = activation_params::scale_of_e4m3(d); scale_of != nullptr)
    return quantize_float_rows<e4m3>(scale_of, key, x, to, executor);
  if (const auto scale_of = activation_params::scale_of_e5m2(d); scale_of != nullptr)
    return quantize_float_rows<e5m2>(scale_of, key, x, to, executor);
  if (const auto scale_of = activation_params::scale_of_e2m1(d); scale_of != nullptr)
    return quantize_float_rows<e2m1>(scale_of, key, x, to, executor);
  return false;
}
