// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/integer_tiles.inl - tiles of an integer product, in registers from the first code to the last.
// Included inside an ISA's namespace after its primitives and its way of doing a step of k
// (quad_step.inl or matrix_step.inl), see simd_kernels.hpp. What takes sums is always inline: clang
// would make functions of some, and keep the sums in memory for them through the whole tile.

inline constexpr std::int64_t whole_columns = std::int64_t{whole_vectors} * lanes;
inline constexpr std::int64_t grouped_columns = std::int64_t{grouped_vectors} * lanes;
/// Codes of k in a line of w.
template<int Bits>
inline constexpr std::int64_t step_codes = adjacent_codes * 8 / Bits;

/// What a tile of rows is given. Its buffer holds a line of 32-bit values per row, as wide as a
/// panel.
struct integer_tile {
  const std::byte* x = nullptr;         ///< the first row's codes
  std::int64_t x_stride = 0;            ///< bytes between rows
  const std::byte* w = nullptr;         ///< whole tiles: codes; grouped ones: the first segment
  std::int64_t length = 0;              ///< whole tiles: codes of k; grouped ones: segments
  std::int64_t ahead = 0;               ///< how far to prefetch, in bytes of w
  const std::int32_t* terms = nullptr;  ///< where a row's sums start, per segment
  std::int64_t terms_stride = 0;        ///< between rows
  void* buffer = nullptr;               ///< sums: integers of whole tiles, floats of grouped ones
  bool continues = false;               ///< start from the buffer
  line_output out;                      ///< where outputs go; its y null: sums go to the buffer

  // Grouped tiles only.
  const integer_layout* layout = nullptr;
  std::int64_t segment_codes = 0;         ///< stored codes of k in a segment
  std::int64_t last_codes = 0;            ///< in the last of the tile's
  std::int64_t segment_stride = 0;        ///< bytes of w between segments
  const float* x_scales = nullptr;        ///< of the first row and segment; null: all are 1
  const std::int32_t* x_zeros = nullptr;  ///< likewise; null: none
  std::int64_t x_params_stride = 0;       ///< between rows
  std::int64_t x_span = 1;                ///< segments that share one
  std::int64_t x_phase = 0;               ///< segments of the first one that lie before the tile
  std::int32_t x_zero_shift = 0;          ///< taken off zero points
};

/// Asks for a line of w.
template<std::int64_t Bytes>
inline void prefetch_line(const std::byte* w) {
#pragma GCC unroll 4
  for (std::int64_t at = 0; at < Bytes; at += 64) prefetch(w + at);
}

/// acc += w x over `length` codes of k, Rows rows by Vectors * lanes columns; Held rows of
/// step_sums.
template<int Bits, int Unroll, int Rows, int Held, int Vectors>
[[gnu::always_inline]] inline void dot_steps(const integer_tile& t, const std::byte* x,
                                             const std::byte* w, std::int64_t length,
                                             ints (&acc)[Held][Vectors]) {
  constexpr std::int64_t line = std::int64_t{Vectors} * lanes * adjacent_codes;
  constexpr std::int64_t step = step_codes<Bits>;
  const std::byte* rows[Held];
#pragma GCC unroll 8
  for (int r = 0; r < Held; ++r) rows[r] = x + (r < Rows ? r : Rows - 1) * t.x_stride;
  const std::int64_t ahead = t.ahead;
  std::int64_t p = 0;
  if constexpr (Unroll > 1)
    for (; p + Unroll * step <= length; p += Unroll * step) {
#pragma GCC unroll 8
      for (int u = 0; u < Unroll; ++u, w += line) {
        prefetch_line<line>(w + ahead);
        dot_step<Bits>(rows, p + u * step, w, acc);
      }
    }
  for (; p < length; p += step) {
    prefetch_line<line>(w + ahead);
    dot_step<Bits>(rows, p, w, acc);
    w += line;
  }
}

/// A tile whose scales are constant along k: integers to the buffer.
template<int Bits, int Rows>
[[gnu::noinline]] inline void whole_tile(const integer_tile& t) {
  auto* buffer = static_cast<std::int32_t*>(t.buffer);
  ints acc[Rows][whole_vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < whole_vectors; ++v)
      acc[r][v] = t.continues ? load_ints(buffer + r * whole_columns + v * lanes)
                              : all_ints(t.terms[r * t.terms_stride]);
  // One row of outputs is prefetched at a time: all at once would take the miss buffers that the
  // weights need.
  constexpr std::int64_t step = step_codes<Bits>;
  const std::int64_t part = (t.length / step + Rows - 1) / Rows * step;
  step_sums sums(acc);
  for (std::int64_t r = 0, p = 0; r < Rows; ++r, p += part) {
    if (t.out.y != nullptr)
      for (int v = 0; v < whole_vectors; ++v)
        prefetch_to_write(t.out.y + r * t.out.y_stride + v * lanes);
    const std::int64_t end = p + part < t.length ? part : t.length - p;
    const std::byte* w = t.w + p / step * whole_columns * adjacent_codes;
    dot_steps<Bits, 1, Rows>(t, t.x + p, w, end, sums.held);
  }
  sums.give_back(acc);
  if (t.out.y != nullptr) {
    pin(acc);
    return store_outputs(t.out, acc);
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < whole_vectors; ++v)
      store_ints(buffer + r * whole_columns + v * lanes, acc[r][v]);
}

/// Where sums start when a side has zero points: -zw (sum x - length zx) - zx (sum w), a line of
/// columns. `term` holds the parenthesis, times -zw already where all columns share zw.
inline void start_line(const integer_layout& l, const std::byte* segment, std::int32_t term,
                       std::int32_t x_zero, std::int32_t* line) {
  for (std::int64_t c = 0; c < l.columns; c += lanes) {
    ints start = all_ints(term);
    if (l.column_zeros)
      start = subtract(zero_ints(),
                       multiply(load_ints(segment + l.zeros_offset() + c * 4), all_ints(term)));
    if (l.column_sums)
      start =
          subtract(start, multiply(load_ints(segment + l.sums_offset() + c * 4), all_ints(x_zero)));
    store_ints(line + c, start);
  }
}

/// The starts of one segment of a grouped tile.
template<int Rows>
[[gnu::always_inline]] inline void start_segment(const integer_tile& t, const std::byte* segment,
                                                 std::int64_t s, std::int64_t param,
                                                 ints (&acc)[Rows][grouped_vectors]) {
  const integer_layout& l = *t.layout;
  alignas(64) std::int32_t lines[Rows * grouped_columns];
  const bool plain = !l.column_sums && !l.column_zeros;
  if (!plain)
    for (int r = 0; r < Rows; ++r)
      start_line(
          l, segment, t.terms[r * t.terms_stride + s],
          t.x_zeros == nullptr ? 0 : t.x_zeros[r * t.x_params_stride + param] - t.x_zero_shift,
          lines + r * grouped_columns);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < grouped_vectors; ++v)
      acc[r][v] = plain ? all_ints(t.terms[r * t.terms_stride + s])
                        : load_ints(lines + r * grouped_columns + v * lanes);
}

/// sums = fma(float(acc), x's scale times w's, sums), as reference::grouped_element.
template<int Rows>
[[gnu::always_inline]] inline void fold_segment(const integer_tile& t, const std::byte* segment,
                                                std::int64_t param,
                                                const ints (&acc)[Rows][grouped_vectors],
                                                floats (&sums)[Rows][grouped_vectors]) {
  floats w[grouped_vectors];
#pragma GCC unroll 4
  for (int v = 0; v < grouped_vectors; ++v)
    w[v] = t.layout->segment_scales
               ? load_floats(reinterpret_cast<const float*>(segment) + v * lanes)
               : all_floats(1.0f);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    if (t.x_scales != nullptr) {
      const floats x = all_floats(t.x_scales[r * t.x_params_stride + param]);
#pragma GCC unroll 4
      for (int v = 0; v < grouped_vectors; ++v)
        sums[r][v] = fused_multiply_add(to_floats(acc[r][v]), multiply(x, w[v]), sums[r][v]);
    } else {
#pragma GCC unroll 4
      for (int v = 0; v < grouped_vectors; ++v)
        sums[r][v] = fused_multiply_add(to_floats(acc[r][v]), w[v], sums[r][v]);
    }
  }
}

/// A tile whose scales change along k: sums of `length` segments to the buffer.
template<int Bits, int Rows>
[[gnu::noinline]] inline void grouped_tile(const integer_tile& t) {
  const std::int64_t params_bytes = t.layout->params_bytes();
  auto* buffer = static_cast<float*>(t.buffer);
  floats sums[Rows][grouped_vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < grouped_vectors; ++v)
      sums[r][v] =
          t.continues ? load_floats(buffer + r * grouped_columns + v * lanes) : zero_floats();
  const std::byte* segment = t.w;
  const std::byte* x = t.x;
  std::int64_t param = 0;
  std::int64_t until_next = t.x_span - t.x_phase;
  for (std::int64_t s = 0; s < t.length; ++s) {
    if (t.out.y != nullptr && s < Rows)
      for (int v = 0; v < grouped_vectors; ++v)
        prefetch_to_write(t.out.y + s * t.out.y_stride + v * lanes);
    ints acc[Rows][grouped_vectors];
    start_segment(t, segment, s, param, acc);
    const std::int64_t length = s + 1 < t.length ? t.segment_codes : t.last_codes;
    step_sums steps(acc);
    dot_steps<Bits, 32 / step_codes<Bits>, Rows>(t, x, segment + params_bytes, length, steps.held);
    steps.give_back(acc);
    pin(acc);
    fold_segment(t, segment, param, acc, sums);
    segment += t.segment_stride;
    x += t.segment_codes;
    if (--until_next == 0) {
      ++param;
      until_next = t.x_span;
    }
  }
  if (t.out.y != nullptr) return store_outputs(t.out, sums);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < grouped_vectors; ++v)
      store_floats(buffer + r * grouped_columns + v * lanes, sums[r][v]);
}

/// Runs the tile of `rows` rows, at most Rows.
template<int Bits, int Rows = whole_rows>
inline void run_whole_tile(std::int64_t rows, const integer_tile& t) {
  if (rows == Rows) return whole_tile<Bits, Rows>(t);
  if constexpr (Rows > 1) run_whole_tile<Bits, Rows - 1>(rows, t);
}
template<int Bits, int Rows = grouped_rows>
inline void run_grouped_tile(std::int64_t rows, const integer_tile& t) {
  if (rows == Rows) return grouped_tile<Bits, Rows>(t);
  if constexpr (Rows > 1) run_grouped_tile<Bits, Rows - 1>(rows, t);
}
