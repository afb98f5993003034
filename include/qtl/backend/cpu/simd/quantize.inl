// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/quantize.inl - activations to codes of 8 bits, with the bits of ops/element.hpp.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp. A reciprocal
// stands for the quotient where it proves the same code: it is off by less than 3 * 2^-24 of at
// most 256, so only a result that close to a tie can round to another integer, and then the vector
// is divided.

/// What a run of reals is quantized by.
struct code_range {
  block_values params;
  std::int32_t qmin;
  std::int32_t qmax;
};

/// The smallest and the largest of a run, and whether all are finite, or NaN among them.
struct run_range {
  float low = 0.0f;
  float high = 0.0f;
  bool finite = true;
  bool has_nan = false;
};

inline run_range scan_run(const float* x, std::int64_t count) {
  floats low = zero_floats();
  floats high = zero_floats();
  ints magnitude = zero_ints();
  std::int64_t p = 0;
  const auto take = [&](floats v) {
    low = smaller(low, v);
    high = larger(high, v);
    magnitude = larger(magnitude, bit_and(reinterpret_ints(v), all_ints(INT32_MAX)));
  };
  for (; p + lanes <= count; p += lanes) take(load_floats(x + p));
  if (p < count) take(load_floats(x + p, static_cast<int>(count - p)));
  const std::int32_t most = largest(magnitude);
  return {smallest(low), largest(high), most < 0x7F800000, most > 0x7F800000};
}

/// Integers nearest to x / scale.
struct nearest_quotient {
  floats scale;
  floats inverse;
  bool exact;  ///< no reciprocal would do

  explicit nearest_quotient(float s)
      : scale(all_floats(s)), inverse(all_floats(1.0f / s)),
        exact(!(s > 0x1p-100f && s < 0x1p100f)) {}

  ints operator()(floats x) const {
    const floats limit = all_floats(512.0f);
    if (exact) return to_nearest(clamp(divide(x, scale), limit));
    const floats q = clamp(multiply(x, inverse), limit);
    const ints nearest = to_nearest(q);
    const floats from_tie =
        subtract(magnitude_of(subtract(q, to_floats(nearest))), all_floats(0.5f));
    if (any_below(magnitude_of(from_tie), all_floats(0x1p-13f)))
      return to_nearest(clamp(divide(x, scale), limit));
    return nearest;
  }

 private:
  static floats clamp(floats v, floats limit) {
    return larger(smaller(v, limit), subtract(zero_floats(), limit));
  }
};

/// Codes of a run of finite reals.
inline void encode_run_of(const float* x, std::int64_t count, const code_range& range,
                          std::byte* codes) {
  const nearest_quotient quotient(range.params.scale);
  const ints zero = all_ints(range.params.zero_point);
  const auto encode = [&](floats v) {
    const ints q = add(quotient(v), zero);
    return smaller(larger(q, all_ints(range.qmin)), all_ints(range.qmax));
  };
  std::int64_t p = 0;
  for (; p + lanes <= count; p += lanes) store_low_bytes(codes + p, encode(load_floats(x + p)));
  if (p < count) {
    std::byte last[lanes];
    store_low_bytes(last, encode(load_floats(x + p, static_cast<int>(count - p))));
    std::memcpy(codes + p, last, static_cast<std::size_t>(count - p));
  }
}

/// The parameters of a run. NaN and Inf leave no codes: their scale is NaN.
inline code_range range_of(const policy_desc& d, const float* x, std::int64_t count) {
  const bool affine = d.zero_point != zero_point_kind::none;
  code_range range{{quiet_nan, 0, 0.0f}, affine ? 0 : -127, affine ? 255 : 127};
  const run_range seen = scan_run(x, count);
  const float amax = seen.high > -seen.low ? seen.high : -seen.low;
  if (seen.finite)
    range.params = affine ? activation_params::affine_u8(seen.low, seen.high)
                          : activation_params::symmetric_s8(amax);
  return range;
}

/// Quantizes row i of x group by group.
inline void quantize_row(const policy_desc& d, const matrix_view<const float>& x, std::int64_t i,
                         const activation_operand& to) {
  auto* codes = const_cast<std::byte*>(to.row(i));
  std::memset(codes + to.k, 0, static_cast<std::size_t>(to.row_bytes - to.k));
  for (std::int64_t g = 0; g < to.groups; ++g) {
    const std::int64_t first = g * to.group_cols;
    const std::int64_t count = to.k - first < to.group_cols ? to.k - first : to.group_cols;
    const float* reals = x.data + i * x.row_stride + first;
    const code_range range = range_of(d, reals, count);
    const_cast<float*>(to.scales)[i * to.groups + g] = range.params.scale;
    if (to.zero_points != nullptr)
      const_cast<std::int32_t*>(to.zero_points)[i * to.groups + g] = range.params.zero_point;
    if (is_nan(range.params.scale))
      std::memset(codes + first, 0, static_cast<std::size_t>(count));
    else
      encode_run_of(reals, count, range, codes + first);
  }
}

/// The parameters of a static policy, which stand in the operand's first places.
inline code_range fixed_range(const policy_desc& d, const activation_operand& to) {
  const bool affine = d.zero_point != zero_point_kind::none;
  const std::int32_t zero = affine ? to.zero_points[0] : 0;
  if (activation_params::is_affine_u8(d)) return {{to.scales[0], zero, 0.0f}, 0, 255};
  return {{to.scales[0], zero, 0.0f}, affine ? -128 : -127, 127};
}

/// Quantizes row i under the parameters of all rows. One that holds NaN gets a NaN for its scale.
inline void quantize_row_by(const code_range& range, const matrix_view<const float>& x,
                            std::int64_t i, const activation_operand& to) {
  auto* codes = const_cast<std::byte*>(to.row(i));
  const float* reals = x.data + i * x.row_stride;
  const bool poisoned = scan_run(reals, to.k).has_nan;
  std::memset(codes + to.k, 0, static_cast<std::size_t>(to.row_bytes - to.k));
  const_cast<float*>(to.scales)[i] = poisoned ? quiet_nan : range.params.scale;
  if (to.zero_points != nullptr)
    const_cast<std::int32_t*>(to.zero_points)[i] = poisoned ? 0 : range.params.zero_point;
  if (poisoned)
    std::memset(codes, 0, static_cast<std::size_t>(to.k));
  else
    encode_run_of(reals, to.k, range, codes);
}

/// Quantizes x as the key's activation policy says; false where that is left to ops/.
inline bool quantize_rows(const gemm_key& key, const matrix_view<const float>& x,
                          const activation_operand& to, const executor_ref& executor) {
  const policy_desc& d = key.activation;
  const bool is_static = activation_params::is_static(d);
  const bool is_usual = activation_params::is_symmetric_s8(d) || activation_params::is_affine_u8(d);
  if (x.col_stride != 1 || (!is_usual && !(is_static && activation_params::is_affine_s8(d))))
    return false;
  if (is_static) {
    if (x.rows == 0) return true;
    const code_range range = fixed_range(d, to);
    executor.parallel_for(x.rows, [&](std::int64_t i) { quantize_row_by(range, x, i, to); });
    return true;
  }
  if (!activation_params::is_row_by_row(d)) return false;
  executor.parallel_for(x.rows, [&](std::int64_t i) { quantize_row(d, x, i, to); });
  return true;
}
