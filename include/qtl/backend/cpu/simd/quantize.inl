// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/quantize.inl - activations to codes of 8 bits, with the bits of ops/element.hpp.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp. Codes are kept as
// the dot products take them: signed bytes, u8 less 128 (activation_operand::code_shift).

/// What a run of reals is quantized by.
struct code_range {
  block_values params;
  std::int32_t qmin;
  std::int32_t shift;  ///< taken off codes before they are kept
};

/// Codes of a vector of bytes.
inline constexpr std::int64_t byte_lanes = std::int64_t{lanes} * 4;

/// The bits of a run's largest magnitude: those of Inf are larger than all others, but for NaN's.
inline std::int32_t largest_magnitude(const float* x, std::int64_t count) {
  ints even = zero_ints();
  ints odd = zero_ints();
  const auto take = [](ints& most, floats v) {
    most = larger(most, bit_and(reinterpret_ints(v), all_ints(INT32_MAX)));
  };
  std::int64_t p = 0;
  for (; p + 2 * lanes <= count; p += 2 * lanes) {
    take(even, load_floats(x + p));
    take(odd, load_floats(x + p + lanes));
  }
  for (; p + lanes <= count; p += lanes) take(even, load_floats(x + p));
  if (p < count) take(odd, load_floats(x + p, static_cast<int>(count - p)));
  return largest(larger(even, odd));
}
inline constexpr std::int32_t infinite_bits = 0x7F800000;
/// What says that codes mean nothing.
inline constexpr block_values poisoned{quiet_nan, 0, 0.0f};

/// The smallest and the largest of a run and zero.
struct run_range {
  float low = 0.0f;
  float high = 0.0f;
  bool finite = true;
};

inline run_range scan_run(const float* x, std::int64_t count) {
  floats low = zero_floats();
  floats high = zero_floats();
  ints magnitude = zero_ints();
  const auto take = [&](floats v) {
    low = smaller(low, v);
    high = larger(high, v);
    magnitude = larger(magnitude, bit_and(reinterpret_ints(v), all_ints(INT32_MAX)));
  };
  std::int64_t p = 0;
  for (; p + lanes <= count; p += lanes) take(load_floats(x + p));
  if (p < count) take(load_floats(x + p, static_cast<int>(count - p)));
  return {smallest(low), largest(high), largest(magnitude) < infinite_bits};
}

/// Integers nearest to x / scale with the bits of a division. The product with the reciprocal is
/// mended by what it leaves of x: the result is the rounded quotient itself, or so near to it that
/// no integer's neighbourhood ends between them: tests/backend/quotient_test.cpp tries every
/// significand of a scale at every tie.
class nearest_quotient {
 public:
  explicit nearest_quotient(float scale)
      : scale_(all_floats(scale)), minus_scale_(all_floats(-scale)),
        inverse_(all_floats(1.0f / scale)), is_extreme_(!(scale > 0x1p-60f && scale < 0x1p60f)) {}

  /// Of reals of at most 512 scales.
  ints operator()(floats x) const {
    if (is_extreme_) return to_nearest(divide(x, scale_));  // a step might leave f32's range
    const floats near = multiply(x, inverse_);
    const floats rest = fused_multiply_add(near, minus_scale_, x);
    return to_nearest(fused_multiply_add(rest, inverse_, near));
  }
  /// Of any reals; beyond 512 scales, of that many.
  ints of_any(floats x) const {
    const floats limit = all_floats(512.0f);
    if (is_extreme_) return to_nearest(clamp(divide(x, scale_), limit));
    return (*this)(clamp(x, multiply(limit, scale_)));
  }

 private:
  static floats clamp(floats v, floats limit) {
    return larger(smaller(v, limit), subtract(zero_floats(), limit));
  }

  floats scale_;
  floats minus_scale_;
  floats inverse_;
  bool is_extreme_;
};

/// How many reals ahead of its reads a row is prefetched from: the next rows, while these are
/// written.
inline constexpr std::int64_t reals_ahead = 4096;

/// Writes the codes of `count` reals by the vector, zeros behind them up to a whole one where
/// `room` allows, and returns the sum of what was written. `quotient` gives integers.
template<class Quotient>
inline std::int32_t write_codes(const float* x, std::int64_t count, const code_range& range,
                                std::byte* codes, std::int64_t room, const Quotient& quotient) {
  const ints zero = all_ints(range.params.zero_point - range.shift);
  const bytes least = all_bytes(static_cast<std::int8_t>(range.qmin - range.shift));
  const auto encode = [&](floats a, floats b, floats c, floats d) {
    const bytes packed = saturated_bytes(add(quotient(a), zero), add(quotient(b), zero),
                                         add(quotient(c), zero), add(quotient(d), zero));
    return larger_bytes(packed, least);
  };
  ints sums = zero_ints();
  std::int64_t p = 0;
  for (; p + byte_lanes <= count; p += byte_lanes) {
    const float* v = x + p;
    const bytes now = encode(load_floats(v), load_floats(v + lanes), load_floats(v + 2 * lanes),
                             load_floats(v + 3 * lanes));
    for (int c = 0; c < byte_lanes; c += 16) prefetch(v + reals_ahead + c);
    store_bytes(codes + p, now);
    sums = dot(sums, all_bytes(1), now);
  }
  if (p < count) {
    const auto part = [&](std::int64_t from) {
      const std::int64_t left = count - from;
      return left >= lanes ? load_floats(x + from)
             : left > 0    ? load_floats(x + from, static_cast<int>(left))
                           : zero_floats();
    };
    const bytes now =
        first_bytes(encode(part(p), part(p + lanes), part(p + 2 * lanes), part(p + 3 * lanes)),
                    static_cast<int>(count - p));
    sums = dot(sums, all_bytes(1), now);
    if (room - p >= byte_lanes) {
      store_bytes(codes + p, now);
    } else {
      alignas(64) std::byte last[byte_lanes];
      store_bytes(last, now);
      std::memcpy(codes + p, last, static_cast<std::size_t>(count - p));
    }
  }
  return sum(sums);
}

/// The parameters of a run. NaN and Inf leave no codes: their scale is NaN.
inline code_range range_of(const policy_desc& d, const float* x, std::int64_t count) {
  if (d.zero_point != zero_point_kind::none) {
    const run_range seen = scan_run(x, count);
    return {seen.finite ? activation_params::affine_u8(seen.low, seen.high) : poisoned, 0, 128};
  }
  const std::int32_t most = largest_magnitude(x, count);
  return {most < infinite_bits ? activation_params::symmetric_s8(bit_cast<float>(most)) : poisoned,
          -127, 0};
}

/// Where the codes of a row's group go, and what is told of them. Places are counted row by row.
struct group_place {
  const activation_operand& to;
  std::int64_t at;

  std::int64_t row() const { return to.groups == 1 ? at : at / to.groups; }
  std::int64_t first() const { return to.groups == 1 ? 0 : at % to.groups * to.group_cols; }
  std::int64_t count() const {
    const std::int64_t left = to.k - first();
    return left < to.group_cols ? left : to.group_cols;
  }
  const float* reals(const matrix_view<const float>& x) const {
    return x.data + row() * x.row_stride + first();
  }

  /// Writes the codes of x; where the range says that they mean nothing, zeros.
  template<class Quotient>
  void write(const matrix_view<const float>& x, const code_range& range,
             const Quotient& quotient) const {
    auto* codes = const_cast<std::byte*>(to.row(row())) + first();
    std::int32_t sum = 0;
    if (is_nan(range.params.scale))
      std::memset(codes, 0, static_cast<std::size_t>(count()));
    else
      sum = write_codes(reals(x), count(), range, codes, to.row_bytes - first(), quotient);
    const_cast<float*>(to.scales)[at] = range.params.scale;
    if (to.zero_points != nullptr)
      const_cast<std::int32_t*>(to.zero_points)[at] = range.params.zero_point;
    if (to.sums != nullptr) const_cast<std::int32_t*>(to.sums)[at] = sum;
  }
};

/// Zeros behind a row's codes, up to the end of a piece of 64 bytes.
inline void end_row(const activation_operand& to, std::int64_t i) {
  const std::int64_t whole = ceil_div(to.k, std::int64_t{64}) * 64;
  const std::int64_t end = whole < to.row_bytes ? whole : to.row_bytes;
  if (end > to.k)
    std::memset(const_cast<std::byte*>(to.row(i)) + to.k, 0, static_cast<std::size_t>(end - to.k));
}

/// Places whose ranges are taken before the first of them is written: what follows from a range is
/// a chain of divisions, and those of several places overlap. Their reals stay in the first cache.
inline constexpr std::int64_t most_places = 8;
inline constexpr std::int64_t near_reals = 8192;
inline std::int64_t places_together(std::int64_t reals) {
  std::int64_t places = most_places;
  while (places > 1 && places * reals > near_reals) places /= 2;
  return places;
}

/// Quantizes places [first, last) of x.
inline void quantize_places(const policy_desc& d, const matrix_view<const float>& x,
                            std::int64_t first, std::int64_t last, const activation_operand& to) {
  code_range ranges[most_places];
  const std::int64_t step = places_together(to.group_cols);
  for (std::int64_t at = first; at < last; at += step) {
    const std::int64_t end = last - at < step ? last : at + step;
    for (std::int64_t a = at; a < end; ++a) {
      const group_place place{to, a};
      ranges[a - at] = range_of(d, place.reals(x), place.count());
    }
    for (std::int64_t a = at; a < end; ++a)
      group_place{to, a}.write(x, ranges[a - at], nearest_quotient(ranges[a - at].params.scale));
  }
}

/// The parameters of a static policy, which stand in the operand's first places.
inline code_range fixed_range(const policy_desc& d, const activation_operand& to) {
  const bool affine = d.zero_point != zero_point_kind::none;
  const std::int32_t zero = affine ? to.zero_points[0] : 0;
  if (activation_params::is_affine_u8(d)) return {{to.scales[0], zero, 0.0f}, 0, 128};
  return {{to.scales[0], zero, 0.0f}, affine ? -128 : -127, 0};
}

/// Quantizes row i under the parameters of all rows. One that holds NaN gets a NaN for its scale.
inline void quantize_row_by(const code_range& range, const matrix_view<const float>& x,
                            std::int64_t i, const activation_operand& to) {
  const group_place place{to, i};
  const bool has_nan = largest_magnitude(place.reals(x), to.k) > infinite_bits;
  const nearest_quotient quotient(range.params.scale);
  place.write(x, has_nan ? code_range{poisoned, 0, 0} : range,
              [&](floats v) { return quotient.of_any(v); });
  end_row(to, i);
}

/// Deals out rows as f(first, last), so many together that no two threads write to one line of what
/// there is once a row.
template<class F>
inline void for_rows(const executor_ref& executor, std::int64_t rows, F&& f) {
  constexpr std::int64_t together = 64;
  executor.parallel_for(ceil_div(rows, together), [&](std::int64_t task) {
    const std::int64_t first = task * together;
    f(first, rows - first < together ? rows : first + together);
  });
}

/// Quantizes x as the key's activation policy says; false where that is left to ops/.
inline bool quantize_rows(const gemm_key& key, const matrix_view<const float>& x,
                          activation_operand& to, const executor_ref& executor) {
  const policy_desc& d = key.activation;
  const bool is_static = activation_params::is_static(d);
  const bool is_u8 = activation_params::is_affine_u8(d);
  const bool is_usual = is_u8 || activation_params::is_symmetric_s8(d);
  if (x.col_stride != 1 || (!is_usual && !(is_static && activation_params::is_affine_s8(d))))
    return false;
  if (!is_static && !activation_params::is_row_by_row(d)) return false;
  to.code_shift = is_u8 ? 128 : 0;
  if (x.rows == 0) return true;
  if (is_static) {
    const code_range range = fixed_range(d, to);
    for_rows(executor, x.rows, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) quantize_row_by(range, x, i, to);
    });
  } else {
    for_rows(executor, x.rows, [&](std::int64_t first, std::int64_t last) {
      quantize_places(d, x, first * to.groups, last * to.groups, to);
      for (std::int64_t i = first; i < last; ++i) end_row(to, i);
    });
  }
  return true;
}
