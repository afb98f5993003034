// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/real_tiles.inl - tiles of a product in f32 with weights decoded on the fly.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp.

inline constexpr std::int64_t real_columns = std::int64_t{real_vectors} * lanes;

/// Rows that are multiplied at a time while weights are decoded in registers.
inline constexpr int fused_rows = 4;
/// From this many rows on it is cheaper to decode a block of weights once, for all of them.
inline constexpr int many_rows = 17;

/// The values behind codes that are read by a table.
struct code_values {
  const float* values;  ///< 16 of nibbles, 256 of bytes
  code_table nibbles;
};

/// An 8-bit float of which `top` holds the code in bits 31..24: its fields moved to those of f32,
/// then the exponent's bias corrected by a product, which is exact and serves subnormals too. The
/// one NaN of e4m3 is in its column's scale (real_panels.hpp); e5m2 has the specials of IEEE.
template<int MantissaBits>
inline floats decode_float8(ints top) {
  constexpr int exponent_bits = 7 - MantissaBits;
  constexpr auto magnitude = static_cast<std::int32_t>(127u << (23 - MantissaBits));
  constexpr auto infinite = static_cast<std::int32_t>(((1u << exponent_bits) - 1u) << 23);
  constexpr int bias = 127 - ((1 << (exponent_bits - 1)) - 1);
  const ints bits =
      bit_and(shift_right_signed(top, 8 - exponent_bits), all_ints(magnitude | INT32_MIN));
  const floats value = multiply(reinterpret_floats(bits), all_floats(power_of_two(bias)));
  if constexpr (MantissaBits == 3) return value;
  return select_equal(bit_and(bits, all_ints(infinite)), all_ints(infinite),
                      reinterpret_floats(bit_or(bits, all_ints(0x7F800000))), value);
}

/// The value of code number c of every quad.
template<code_reading Reading>
inline floats decode(ints quads, int c, const code_values& values) {
  if constexpr (Reading == code_reading::nibble)
    return look_up(values.nibbles, shift_right(quads, 8 * (c % 4) + (c < 4 ? 0 : 4)));
  else if constexpr (Reading == code_reading::signed_byte)
    return to_floats(shift_right_signed(raise_byte(quads, c), 24));
  else if constexpr (Reading == code_reading::unsigned_byte)
    return to_floats(bit_and(shift_right(quads, 8 * c), all_ints(255)));
  else if constexpr (Reading == code_reading::float_4_3)
    return decode_float8<3>(raise_byte(quads, c));
  else if constexpr (Reading == code_reading::float_5_2)
    return decode_float8<2>(raise_byte(quads, c));
  else
    return gather(values.values, bit_and(shift_right(quads, 8 * c), all_ints(255)));
}

template<code_reading Reading>
inline constexpr int codes_per_quad = Reading == code_reading::nibble ? 8 : 4;

/// What a tile that decodes in registers is given.
struct real_tile {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  const std::byte* panel = nullptr;
  const real_layout* layout = nullptr;
  code_values values;
  float* sums = nullptr;  ///< a line per row
};

/// Sums over one segment of few rows: every weight is decoded once and never stored.
template<code_reading Reading, bool Offsets, int Rows>
inline void fused_segment(const real_tile& t, const float* x, const std::byte* segment,
                          std::int64_t length) {
  constexpr int codes = codes_per_quad<Reading>;
  constexpr int chains = Rows == 1 ? 2 : 1;  // one row alone would wait for its own sums
  constexpr std::int64_t line = real_columns * 4;
  const auto* params = reinterpret_cast<const float*>(segment);
  const std::byte* w = segment + line * (Offsets ? 3 : 1);
  floats acc[chains][Rows][real_vectors];
  floats factors[real_vectors];
  floats terms[real_vectors];
#pragma GCC unroll 4
  for (int v = 0; v < real_vectors; ++v) {
    if (Offsets) {
      factors[v] = load_floats(params + real_columns + v * lanes);
      terms[v] = load_floats(params + 2 * real_columns + v * lanes);
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows * chains; ++r) acc[r % chains][r / chains][v] = zero_floats();
  }
  for (std::int64_t p = 0; p < length; p += codes, w += line) {
    for (std::int64_t at = 0; at < line; at += 64) prefetch(w + fetch_distance + at);
    ints quads[real_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < real_vectors; ++v) quads[v] = load_ints(w + v * lanes * 4);
#pragma GCC unroll 8
    for (int c = 0; c < codes; ++c) {
      floats xs[Rows];
#pragma GCC unroll 4
      for (int r = 0; r < Rows; ++r) xs[r] = all_floats(x[r * t.x_stride + p + c]);
#pragma GCC unroll 4
      for (int v = 0; v < real_vectors; ++v) {
        floats value = decode<Reading>(quads[v], c, t.values);
        if (Offsets) value = fused_multiply_add(value, factors[v], terms[v]);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r)
          acc[c % chains][r][v] = fused_multiply_add(value, xs[r], acc[c % chains][r][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < real_vectors; ++v) {
    const floats scale = load_floats(params + v * lanes);
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) {
      float* sum = t.sums + r * real_columns + v * lanes;
      const floats total = chains == 1 ? acc[0][r][v] : add(acc[0][r][v], acc[chains - 1][r][v]);
      store_floats(sum, fused_multiply_add(total, scale, load_floats(sum)));
    }
  }
}

/// Adds the products of a panel to the sums of Rows rows.
template<code_reading Reading, bool Offsets, int Rows>
[[gnu::noinline]] inline void fused_tile(const real_tile& t) {
  const real_layout& l = *t.layout;
  const std::int64_t length = l.padded_length(0);
  const std::int64_t stride = l.params_bytes() + l.code_bytes(0);
  const std::int64_t last = l.segments - 1;
  for (std::int64_t s = 0; s < last; ++s)
    fused_segment<Reading, Offsets, Rows>(t, t.x + s * length, t.panel + s * stride, length);
  fused_segment<Reading, Offsets, Rows>(t, t.x + last * length, t.panel + last * stride,
                                        l.padded_length(last));
}

/// Writes `length` codes of k of a segment, from code `first` on, as reals: a line for each.
template<code_reading Reading, bool Offsets>
[[gnu::noinline]] inline void decode_block(const real_tile& t, const std::byte* segment,
                                           std::int64_t first, std::int64_t length, float* to) {
  constexpr int codes = codes_per_quad<Reading>;
  const auto* params = reinterpret_cast<const float*>(segment);
  const std::byte* w = segment + t.layout->params_bytes() + first / codes * t.layout->line_bytes();
  for (int v = 0; v < real_vectors; ++v) {
    const floats scale = load_floats(params + v * lanes);
    const floats factor = Offsets ? load_floats(params + real_columns + v * lanes) : scale;
    const floats term = Offsets ? load_floats(params + 2 * real_columns + v * lanes) : scale;
    float* out = to + v * lanes;
    for (std::int64_t p = 0; p < length; p += codes) {
      const ints quads = load_ints(w + (p / codes * real_columns + v * lanes) * 4);
#pragma GCC unroll 8
      for (int c = 0; c < codes; ++c) {
        floats value = decode<Reading>(quads, c, t.values);
        if (Offsets) value = fused_multiply_add(value, factor, term);
        store_floats(out + (p + c) * real_columns, multiply(value, scale));
      }
    }
  }
}

/// sums += x w for Rows rows and `length` decoded lines.
template<int Rows>
[[gnu::noinline]] inline void float_tile(const float* x, std::int64_t x_stride, const float* w,
                                         std::int64_t length, float* sums) {
  floats acc[Rows][real_vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < real_vectors; ++v)
      acc[r][v] = load_floats(sums + r * real_columns + v * lanes);
  const float* rows[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) rows[r] = x + r * x_stride;
  for (std::int64_t p = 0; p < length; ++p, w += real_columns) {
    floats line[real_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < real_vectors; ++v) line[v] = load_floats(w + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const floats value = all_floats(rows[r][p]);
#pragma GCC unroll 4
      for (int v = 0; v < real_vectors; ++v)
        acc[r][v] = fused_multiply_add(line[v], value, acc[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < real_vectors; ++v)
      store_floats(sums + r * real_columns + v * lanes, acc[r][v]);
}

/// Runs the tile of `rows` rows, at most Rows.
template<int Rows = real_rows>
inline void run_float_tile(std::int64_t rows, const float* x, std::int64_t x_stride, const float* w,
                           std::int64_t length, float* sums) {
  if (rows == Rows) return float_tile<Rows>(x, x_stride, w, length, sums);
  if constexpr (Rows > 1) run_float_tile<Rows - 1>(rows, x, x_stride, w, length, sums);
}

/// The loops for one reading, looked up once per product.
struct real_loops {
  void (*fused_one)(const real_tile&);
  void (*fused_all)(const real_tile&);  ///< fused_rows rows
  void (*decode)(const real_tile&, const std::byte*, std::int64_t, std::int64_t, float*);
};

template<code_reading Reading, bool Offsets>
inline constexpr real_loops loops_of{fused_tile<Reading, Offsets, 1>,
                                     fused_tile<Reading, Offsets, fused_rows>,
                                     decode_block<Reading, Offsets>};

/// Only integers have offsets.
inline const real_loops& find_loops(const real_layout& l) {
  switch (l.reading) {
    case code_reading::nibble:
      return l.has_offsets ? loops_of<code_reading::nibble, true>
                           : loops_of<code_reading::nibble, false>;
    case code_reading::signed_byte:
      return l.has_offsets ? loops_of<code_reading::signed_byte, true>
                           : loops_of<code_reading::signed_byte, false>;
    case code_reading::unsigned_byte:
      return loops_of<code_reading::unsigned_byte, true>;
    case code_reading::float_4_3:
      return loops_of<code_reading::float_4_3, false>;
    case code_reading::float_5_2:
      return loops_of<code_reading::float_5_2, false>;
    case code_reading::byte_table:
      break;
  }
  return l.has_offsets ? loops_of<code_reading::byte_table, true>
                       : loops_of<code_reading::byte_table, false>;
}
