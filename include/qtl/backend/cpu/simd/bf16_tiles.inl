// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/bf16_tiles.inl - tiles of a product of bf16 pairs, weights decoded on the fly.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp. A lane holds the
// codes k..k+3 of a column as bytes; its even bytes and its odd ones make two pairs, so rows of x
// hold every four k in the order 0, 2, 1, 3.

inline constexpr int pair_vectors = real_vectors;
inline constexpr std::int64_t pair_columns = std::int64_t{pair_vectors} * lanes;
inline constexpr std::int64_t pair_line = pair_columns * 4;  ///< bytes of two k

/// Rows that are multiplied at a time while weights are decoded in registers.
inline constexpr int fused_pair_rows = 4;
/// Rows of a tile over decoded weights.
inline constexpr int pair_rows = 6;

/// How codes become bf16.
enum class pair_reading : std::uint8_t {
  nibble,          ///< a table of words
  nibble_minus,    ///< a table of the differences to zero points
  sign_magnitude,  ///< bytes: tables of the lower seven bits beside a sign
  byte             ///< tables of all bits
};

/// Pairs in a lane of codes.
template<pair_reading Reading>
inline constexpr int pairs_per_lane =
    Reading == pair_reading::nibble || Reading == pair_reading::nibble_minus ? 4 : 2;

/// The tables of a reading in registers.
template<pair_reading Reading>
struct pair_decoder {
  ints words;
  explicit pair_decoder(const bf16_operands::value_table& t) : words(load_ints(t.nibbles)) {}

  void operator()(ints codes, ints, ints, ints (&pairs)[4]) const {
    pairs[0] = look_up_words(words, codes);
    pairs[1] = look_up_words(words, shift_words_right(codes, 8));
    pairs[2] = look_up_words(words, shift_words_right(codes, 4));
    pairs[3] = look_up_words(words, shift_words_right(codes, 12));
  }
};

template<>
struct pair_decoder<pair_reading::nibble_minus> {
  ints words;
  explicit pair_decoder(const bf16_operands::value_table& t) : words(load_ints(t.nibbles)) {}

  /// `zero` is the zero point in every word, where codes are signed raised like them by `raise`.
  void operator()(ints codes, ints raise, ints zero, ints (&pairs)[4]) const {
    const ints raised = bit_xor(codes, raise);
    const auto value = [&](int by) {
      const ints code = bit_and(shift_words_right(raised, by), all_ints(0x000F000F));
      return look_up_words(words, subtract_words(code, zero));
    };
    pairs[0] = value(0);
    pairs[1] = value(8);
    pairs[2] = value(4);
    pairs[3] = value(12);
  }
};

/// Bytes of bf16, the high ones and the low ones, as the pairs of even and of odd codes.
inline void join_bytes(ints high, ints low, ints (&pairs)[2]) {
  pairs[0] = merge(shift_words_left(high, 8), low, all_ints(0x00FF00FF));
  pairs[1] = merge(shift_words_right(low, 8), high, all_ints(static_cast<int>(0xFF00FF00)));
}

template<>
struct pair_decoder<pair_reading::sign_magnitude> {
  ints high[2];
  ints low[2];
  explicit pair_decoder(const bf16_operands::value_table& t)
      : high{load_ints(t.high), load_ints(t.high + 64)},
        low{load_ints(t.low), load_ints(t.low + 64)} {}

  void operator()(ints codes, ints, ints, ints (&pairs)[2]) const {
    const ints top = merge(look_up_bytes(high, codes), codes, all_bytes(INT8_MIN));
    join_bytes(top, look_up_bytes(low, codes), pairs);
  }
};

template<>
struct pair_decoder<pair_reading::byte> {
  ints high[2][2];
  ints low[2][2];
  explicit pair_decoder(const bf16_operands::value_table& t)
      : high{{load_ints(t.high), load_ints(t.high + 64)},
             {load_ints(t.high + 128), load_ints(t.high + 192)}},
        low{{load_ints(t.low), load_ints(t.low + 64)},
            {load_ints(t.low + 128), load_ints(t.low + 192)}} {}

  void operator()(ints codes, ints, ints, ints (&pairs)[2]) const {
    join_bytes(look_up(high, codes), look_up(low, codes), pairs);
  }

 private:
  static ints look_up(const ints (&table)[2][2], ints codes) {
    return select_by_top_bits(codes, look_up_bytes(table[0], codes),
                              look_up_bytes(table[1], codes));
  }
};

/// What a panel's tiles are given.
struct pair_tile {
  const std::byte* x = nullptr;      ///< the first row
  std::int64_t x_stride = 0;         ///< bytes
  const float* x_scales = nullptr;   ///< of the first row and group; null: they enter elsewhere
  std::int64_t x_scales_stride = 0;  ///< between rows
  std::int64_t x_last = 0;           ///< the last row that has scales; zeros follow it
  std::int64_t x_span = 1;           ///< segments that share one
  const std::byte* panel = nullptr;
  const real_layout* layout = nullptr;
  const bf16_operands::value_table* values = nullptr;
  std::int32_t raise = 0;  ///< what makes the nibbles of a code unsigned
  /// A line of ones where the weights' scales are multiplied in as blocks are decoded, else null.
  const std::byte* ones = nullptr;
  float* sums = nullptr;  ///< a line per row
  line_output out;        ///< of the first row; without y they stay sums
};

/// The zero points of a segment's columns from vector v on, raised like codes, in both words.
inline ints pair_zeros(const pair_tile& t, const std::byte* segment, int v) {
  const float* terms = reinterpret_cast<const float*>(segment) + 2 * pair_columns + v * lanes;
  const ints zero =
      add(to_nearest(subtract(zero_floats(), load_floats(terms))), all_ints(t.raise & 15));
  return merge(shift_left(zero, 16), zero, all_ints(0xFFFF));
}

/// A piece of a segment, decoded, or of several where they hold their scales.
struct pair_piece {
  const std::byte* weights = nullptr;
  std::int64_t lines = 0;
  const std::byte* segment = nullptr;
  std::int64_t group = 0;     ///< of activations
  std::int64_t x_offset = 0;  ///< bytes
  bool is_first = false;      ///< of k: there are no sums yet
  bool is_last = false;       ///< of k: sums are complete with it
};

/// acc = fma(acc, the weights' scales times the row's, sums) for rows from `row` on.
template<int Rows>
inline void fold_pairs(const pair_tile& t, const pair_piece& piece, std::int64_t row,
                       floats (&acc)[Rows][pair_vectors]) {
  floats scales[pair_vectors];
  const float* sums = t.sums + row * pair_columns;
#pragma GCC unroll 4
  for (int v = 0; v < pair_vectors; ++v)
    scales[v] = load_floats(reinterpret_cast<const float*>(piece.segment) + v * lanes);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    floats x = all_floats(1.0f);
    const std::int64_t from = row + r < t.x_last ? row + r : t.x_last;
    if (t.x_scales != nullptr) x = all_floats(t.x_scales[from * t.x_scales_stride + piece.group]);
#pragma GCC unroll 4
    for (int v = 0; v < pair_vectors; ++v) {
      const float* sum = sums + r * pair_columns + v * lanes;
      const floats before = piece.is_first ? zero_floats() : load_floats(sum);
      acc[r][v] = fused_multiply_add(acc[r][v], multiply(scales[v], x), before);
    }
  }
}

/// sums = acc for rows from `row` on.
template<int Rows>
inline void keep_sums(const pair_tile& t, std::int64_t row,
                      const floats (&acc)[Rows][pair_vectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < pair_vectors; ++v)
      store_floats(t.sums + (row + r) * pair_columns + v * lanes, acc[r][v]);
}

/// Sums over one segment of few rows: every weight is decoded once and never stored.
template<pair_reading Reading, int Rows>
inline void fused_pair_segment(const pair_tile& t, const pair_decoder<Reading>& decode,
                               const std::byte* x, const std::byte* segment, std::int64_t length,
                               std::int64_t group) {
  constexpr int pairs = pairs_per_lane<Reading>;
  constexpr int chains = Rows == 1 ? 2 : 1;  // one row alone would wait for its own sums
  const std::byte* w = segment + t.layout->params_bytes();
  floats acc[chains][Rows][pair_vectors];
  ints zeros[pair_vectors];
#pragma GCC unroll 4
  for (int v = 0; v < pair_vectors; ++v) {
    zeros[v] = Reading == pair_reading::nibble_minus ? pair_zeros(t, segment, v) : zero_ints();
#pragma GCC unroll 8
    for (int r = 0; r < Rows * chains; ++r) acc[r % chains][r / chains][v] = zero_floats();
  }
  for (std::int64_t p = 0; p < length; p += 2 * pairs, w += pair_line, x += 4 * pairs) {
#pragma GCC unroll 4
    for (int v = 0; v < pair_vectors; ++v) {
      prefetch(w + fetch_distance + v * lanes * 4);
      ints weights[pairs];
      decode(load_ints(w + v * lanes * 4), all_ints(t.raise), zeros[v], weights);
#pragma GCC unroll 4
      for (int c = 0; c < pairs; ++c)
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r)
          acc[c % chains][r][v] =
              dot_pairs(acc[c % chains][r][v], weights[c], all_quads(x + r * t.x_stride + c * 4));
    }
  }
  if constexpr (chains == 2)
    for (int v = 0; v < pair_vectors; ++v) acc[0][0][v] = add(acc[0][0][v], acc[1][0][v]);
  fold_pairs<Rows>(t, {w, 0, segment, group}, 0, acc[0]);
  keep_sums<Rows>(t, 0, acc[0]);
}

/// Adds the products of a panel to the sums of Rows rows.
template<pair_reading Reading, int Rows>
[[gnu::noinline]] inline void fused_pair_tile(const pair_tile& t) {
  const pair_decoder<Reading> decode(*t.values);
  const real_layout& l = *t.layout;
  const std::int64_t stride = l.params_bytes() + l.code_bytes(0);
  const std::int64_t length = l.padded_length(0);
  const std::byte* x = t.x;
  const std::byte* segment = t.panel;
  std::int64_t group = 0;
  std::int64_t until_next = t.x_span;
  for (std::int64_t s = 0; s < l.segments; ++s) {
    fused_pair_segment<Reading, Rows>(t, decode, x, segment,
                                      s + 1 < l.segments ? length : l.padded_length(s), group);
    x += length * 2;
    segment += stride;
    if (--until_next == 0) {
      ++group;
      until_next = t.x_span;
    }
  }
}

/// What multiplies bf16 by powers of two when it is added to their exponents, in both words.
inline ints exponents_of(ints scales) {
  const ints high = shift_right(scales, 16);
  return subtract_words(bit_or(high, shift_left(high, 16)), all_ints(0x3F803F80));
}

/// Writes `length` codes of k of a segment, from code `first` on, as pairs: a line for every two.
/// Scaled: multiplied by their scales, which are powers of two.
template<pair_reading Reading, bool Scaled>
[[gnu::noinline]] inline void decode_pairs(const pair_tile& t, const std::byte* segment,
                                           std::int64_t first, std::int64_t length, std::byte* to) {
  constexpr int pairs = pairs_per_lane<Reading>;
  const pair_decoder<Reading> decode(*t.values);
  const std::byte* w = segment + t.layout->params_bytes() + first / (2 * pairs) * pair_line;
  ints zeros[pair_vectors];
  ints exponents[pair_vectors];
#pragma GCC unroll 4
  for (int v = 0; v < pair_vectors; ++v) {
    zeros[v] = Reading == pair_reading::nibble_minus ? pair_zeros(t, segment, v) : zero_ints();
    exponents[v] = exponents_of(load_ints(segment + v * lanes * 4));
  }
  for (const std::byte* end = to + length / 2 * pair_line; to < end; w += pair_line) {
#pragma GCC unroll 4
    for (int v = 0; v < pair_vectors; ++v) {
      prefetch(w + 2048 + v * lanes * 4);
      ints weights[pairs];
      decode(load_ints(w + v * lanes * 4), all_ints(t.raise), zeros[v], weights);
#pragma GCC unroll 4
      for (int c = 0; c < pairs; ++c)
        store_ints(to + c * pair_line + v * lanes * 4,
                   Scaled ? add_exponents(weights[c], exponents[v]) : weights[c]);
    }
    to += pairs * pair_line;
  }
}

/// sums += x w for rows [row, row + Rows) of a decoded piece.
template<int Rows>
[[gnu::noinline]] inline void pair_product(const pair_tile& t, const pair_piece& piece,
                                           std::int64_t row) {
  floats acc[Rows][pair_vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < pair_vectors; ++v) acc[r][v] = zero_floats();
  const std::byte* rows[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) rows[r] = t.x + (row + r) * t.x_stride + piece.x_offset;
  const std::byte* w = piece.weights;
  for (std::int64_t line = 0; line < piece.lines; ++line, w += pair_line) {
    ints weights[pair_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < pair_vectors; ++v) weights[v] = load_ints(w + v * lanes * 4);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const ints pair = all_quads(rows[r] + line * 4);
#pragma GCC unroll 4
      for (int v = 0; v < pair_vectors; ++v) acc[r][v] = dot_pairs(acc[r][v], weights[v], pair);
    }
  }
  pin(acc);
  fold_pairs<Rows>(t, piece, row, acc);
  if (!piece.is_last || t.out.y == nullptr) return keep_sums<Rows>(t, row, acc);
  line_output out = t.out;
  out.y += row * out.y_stride;
  out.x_scales += row * out.x_scales_stride;
  store_outputs(out, acc);
}

/// Runs the tile of `rows` rows, at most Rows.
template<int Rows = pair_rows>
inline void run_pair_product(std::int64_t rows, const pair_tile& t, const pair_piece& piece,
                             std::int64_t row) {
  if (rows == Rows) return pair_product<Rows>(t, piece, row);
  if constexpr (Rows > 1) run_pair_product<Rows - 1>(rows, t, piece, row);
}

/// The loops for one reading, looked up once per product.
struct pair_loops {
  void (*fused_one)(const pair_tile&);
  void (*fused_all)(const pair_tile&);  ///< fused_pair_rows rows
  void (*decode)(const pair_tile&, const std::byte*, std::int64_t, std::int64_t, std::byte*);
  void (*decode_scaled)(const pair_tile&, const std::byte*, std::int64_t, std::int64_t, std::byte*);
  std::int64_t most_fused;  ///< rows; with more it is cheaper to decode a block for all of them
};

template<pair_reading Reading, std::int64_t MostFused>
inline constexpr pair_loops pair_loops_of{
    fused_pair_tile<Reading, 1>, fused_pair_tile<Reading, fused_pair_rows>,
    decode_pairs<Reading, false>, decode_pairs<Reading, true>, MostFused};

inline const pair_loops& find_pair_loops(const real_layout& l) {
  switch (l.reading) {
    case code_reading::nibble:
      return l.has_offsets ? pair_loops_of<pair_reading::nibble_minus, 24>
                           : pair_loops_of<pair_reading::nibble, 48>;
    case code_reading::float_4_3:
    case code_reading::float_5_2:
      return pair_loops_of<pair_reading::sign_magnitude, 24>;
    default:
      return pair_loops_of<pair_reading::byte, 8>;
  }
}
