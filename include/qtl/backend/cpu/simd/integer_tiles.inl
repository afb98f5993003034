// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/integer_tiles.inl - tiles of an integer product, in registers from the first code to the last.
// Included inside an ISA's namespace after its primitives, its way of doing a step of k
// (quad_step.inl or matrix_step.inl) and the form that operands take for it (byte_products.inl or
// word_products.inl), see simd_kernels.hpp. What takes sums is always inline: clang would make
// functions of some, and keep the sums in memory for them through the whole tile.

inline constexpr std::int64_t whole_columns = std::int64_t{whole_vectors} * lanes;
inline constexpr std::int64_t grouped_columns = std::int64_t{grouped_vectors} * lanes;
/// Codes of k in a line of w.
template<int Bits>
inline constexpr std::int64_t step_codes = adjacent_codes * 8 / Bits;

/// Weights that are prefetched while others are multiplied.
struct weight_fetch {
  const std::byte* at = nullptr;
  std::int64_t bytes = 0;  ///< with every line of those

  [[gnu::always_inline]] void next() {
    for (std::int64_t b = 0; b < bytes; b += 64) prefetch(at + b);
    at += bytes;
  }
};

/// What a tile of rows is given. Its buffer holds a line of 32-bit values per row, as wide as a
/// panel.
struct integer_tile {
  const std::byte* x = nullptr;         ///< the first row's codes
  std::int64_t x_stride = 0;            ///< bytes between rows
  const std::byte* w = nullptr;         ///< whole tiles: codes; grouped ones: the first segment
  std::int64_t length = 0;              ///< whole tiles: codes of k; grouped ones: segments
  weight_fetch fetch;                   ///< goes on meanwhile
  const std::int32_t* terms = nullptr;  ///< where a row's sums start, per segment
  std::int64_t terms_stride = 0;        ///< between rows
  void* buffer = nullptr;               ///< sums: integers of whole tiles, floats of grouped ones
  bool continues = false;               ///< start from the buffer
  line_output out;                      ///< where outputs go; its y null: sums go to the buffer
  const integer_layout* layout = nullptr;
  const std::int32_t* x_zeros = nullptr;  ///< of the first row and segment; null: none
  std::int32_t x_zero_shift = 0;          ///< taken off zero points
  std::int64_t x_params_stride = 0;       ///< between rows

  const std::byte* params = nullptr;  ///< whole tiles only: of the segment

  // Grouped tiles only.
  std::int64_t segment_codes = 0;   ///< stored codes of k in a segment
  std::int64_t last_codes = 0;      ///< in the last of the tile's
  std::int64_t segment_stride = 0;  ///< bytes of w between segments
  const float* x_scales = nullptr;  ///< of the first row and segment; null: all are 1
  std::int64_t x_span = 1;          ///< segments that share one
  std::int64_t x_phase = 0;         ///< segments of the first one that lie before the tile
};

/// Steps of k whose products are summed as words where any are; else 1.
template<int Bits>
inline constexpr int narrow_steps = narrow_parts<Bits> > 0 ? narrow_parts<Bits> / parts<Bits> : 1;

template<int Rows, int Vectors>
[[gnu::always_inline]] inline void set_zero(ints (&sums)[Rows][Vectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) sums[r][v] = zero_ints();
}

/// acc += w x over Steps steps of k, where products may be summed as words first. Meanwhile weights
/// are prefetched.
template<int Bits, int Steps, int Rows, int Vectors>
[[gnu::always_inline]] inline void dot_run(const std::byte* const (&rows)[Rows], std::int64_t p,
                                           const std::byte* w, weight_fetch& fetch,
                                           ints (&acc)[Rows][Vectors]) {
  constexpr std::int64_t line = std::int64_t{Vectors} * lanes * adjacent_codes;
  constexpr bool narrow = narrow_parts<Bits> > 0;
  ints words[Rows][Vectors];
  if constexpr (narrow) set_zero(words);
#pragma GCC unroll 8
  for (int u = 0; u < Steps; ++u, w += line) {
    fetch.next();
    dot_step<Bits>(rows, p + u * step_codes<Bits>, w, narrow ? words : acc);
  }
  if constexpr (narrow)
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) acc[r][v] = add_narrow(acc[r][v], words[r][v]);
}

/// acc += w x over `length` codes of k, Rows rows by Vectors * lanes columns; Held rows of
/// step_sums.
template<int Bits, int Unroll, int Rows, int Held, int Vectors>
[[gnu::always_inline]] inline void dot_steps(const integer_tile& t, const std::byte* x,
                                             const std::byte* w, std::int64_t length,
                                             weight_fetch& fetch, ints (&acc)[Held][Vectors]) {
  constexpr int steps = narrow_steps<Bits> > 1 ? narrow_steps<Bits> : Unroll;
  constexpr std::int64_t line = std::int64_t{Vectors} * lanes * adjacent_codes;
  constexpr std::int64_t step = step_codes<Bits>;
  const std::byte* rows[Held];
#pragma GCC unroll 8
  for (int r = 0; r < Held; ++r) rows[r] = x + (r < Rows ? r : Rows - 1) * t.x_stride;
  std::int64_t p = 0;
  if constexpr (steps > 1)
    for (; p + steps * step <= length; p += steps * step, w += steps * line)
      dot_run<Bits, steps>(rows, p, w, fetch, acc);
  for (; p < length; p += step, w += line) dot_run<Bits, 1>(rows, p, w, fetch, acc);
}

/// Where the sums of a segment start: -zw (sum x - length zx) - zx (sum w). Terms hold the
/// parenthesis, times -zw already where all columns share zw. `s` and `param` count from the tile's
/// first.
template<int Rows, int Vectors>
[[gnu::always_inline]] inline void start_segment(const integer_tile& t, const std::byte* segment,
                                                 std::int64_t s, std::int64_t param,
                                                 ints (&acc)[Rows][Vectors]) {
  const integer_layout& l = *t.layout;
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const std::int32_t term = t.terms[r * t.terms_stride + s];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      acc[r][v] = l.column_zeros
                      ? subtract(zero_ints(),
                                 multiply(load_ints(segment + l.zeros_offset() + v * lanes * 4),
                                          all_ints(term)))
                      : all_ints(term);
  }
  if (!l.column_sums || t.x_zeros == nullptr) return;
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const ints zero = all_ints(t.x_zeros[r * t.x_params_stride + param] - t.x_zero_shift);
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      acc[r][v] =
          subtract(acc[r][v], multiply(load_ints(segment + l.sums_offset() + v * lanes * 4), zero));
  }
}

/// A tile whose scales are constant along k: integers to the buffer.
template<int Bits, int Rows>
[[gnu::noinline]] inline void whole_tile(const integer_tile& t) {
  auto* buffer = static_cast<std::int32_t*>(t.buffer);
  ints acc[Rows][whole_vectors];
  if (t.continues) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < whole_vectors; ++v)
        acc[r][v] = load_ints(buffer + r * whole_columns + v * lanes);
  } else {
    start_segment(t, t.params, 0, 0, acc);
  }
  // One row of outputs is prefetched at a time: all at once would take the miss buffers that the
  // weights need.
  constexpr std::int64_t step = step_codes<Bits>;
  constexpr std::int64_t run = step * narrow_steps<Bits>;
  const std::int64_t part = (t.length + run * Rows - 1) / (run * Rows) * run;
  weight_fetch fetch = t.fetch;
  step_sums sums(acc);
  for (std::int64_t r = 0, p = 0; r < Rows; ++r, p += part) {
    if (t.out.y != nullptr)
      for (int v = 0; v < whole_vectors; ++v)
        prefetch_to_write(t.out.y + r * t.out.y_stride + v * lanes);
    const std::int64_t end = p + part < t.length ? part : t.length - p;
    const std::byte* w = t.w + p / step * whole_columns * adjacent_codes;
    dot_steps<Bits, 2, Rows>(t, t.x + p * x_width<Bits>, w, end, fetch, sums.held);
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

/// Sums of a few rows, in registers.
template<int Rows>
struct register_sums {
  floats values[Rows][grouped_vectors];

  [[gnu::always_inline]] explicit register_sums(const integer_tile& t) {
    const auto* buffer = static_cast<const float*>(t.buffer);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < grouped_vectors; ++v)
        values[r][v] =
            t.continues ? load_floats(buffer + r * grouped_columns + v * lanes) : zero_floats();
  }
  [[gnu::always_inline]] floats get(int r, int v) const { return values[r][v]; }
  [[gnu::always_inline]] void set(int r, int v, floats value) { values[r][v] = value; }
  /// To the buffer.
  [[gnu::always_inline]] void keep(const integer_tile& t) const {
    auto* buffer = static_cast<float*>(t.buffer);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < grouped_vectors; ++v)
        store_floats(buffer + r * grouped_columns + v * lanes, values[r][v]);
  }
};

/// Sums of so many rows that registers hold the integers only: in the buffer, which stays in the
/// first cache. More rows share each load of codes.
template<int Rows>
struct buffered_sums {
  float* buffer;

  [[gnu::always_inline]] explicit buffered_sums(const integer_tile& t)
      : buffer(static_cast<float*>(t.buffer)) {
    if (t.continues) return;
    for (std::int64_t c = 0; c < Rows * grouped_columns; c += lanes)
      store_floats(buffer + c, zero_floats());
  }
  [[gnu::always_inline]] floats get(int r, int v) const {
    return load_floats(buffer + r * grouped_columns + v * lanes);
  }
  [[gnu::always_inline]] void set(int r, int v, floats value) const {
    store_floats(buffer + r * grouped_columns + v * lanes, value);
  }
  [[gnu::always_inline]] void keep(const integer_tile&) const {}
};

template<int Rows>
using sums_of =
    std::conditional_t<(Rows <= register_rows), register_sums<Rows>, buffered_sums<Rows>>;

/// sums = fma(float(acc), x's scale times w's, sums), as reference::grouped_element.
template<int Rows>
[[gnu::always_inline]] inline void fold_segment(const integer_tile& t, const std::byte* segment,
                                                std::int64_t param,
                                                const ints (&acc)[Rows][grouped_vectors],
                                                sums_of<Rows>& sums) {
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
        sums.set(r, v, fused_multiply_add(to_floats(acc[r][v]), multiply(x, w[v]), sums.get(r, v)));
    } else {
#pragma GCC unroll 4
      for (int v = 0; v < grouped_vectors; ++v)
        sums.set(r, v, fused_multiply_add(to_floats(acc[r][v]), w[v], sums.get(r, v)));
    }
  }
}

/// A tile whose scales change along k: sums of `length` segments to the buffer.
template<int Bits, int Rows>
[[gnu::noinline]] inline void grouped_tile(const integer_tile& t) {
  const std::int64_t params_bytes = t.layout->params_bytes();
  sums_of<Rows> sums(t);
  const std::byte* segment = t.w;
  const std::byte* x = t.x;
  std::int64_t param = 0;
  std::int64_t until_next = t.x_span - t.x_phase;
  weight_fetch fetch = t.fetch;
  for (std::int64_t s = 0; s < t.length; ++s) {
    if (t.out.y != nullptr && s < Rows)
      for (int v = 0; v < grouped_vectors; ++v)
        prefetch_to_write(t.out.y + s * t.out.y_stride + v * lanes);
    ints acc[Rows][grouped_vectors];
    start_segment(t, segment, s, param, acc);
    for (std::int64_t line = 0; line < params_bytes; line += grouped_columns * adjacent_codes)
      fetch.next();
    const std::int64_t length = s + 1 < t.length ? t.segment_codes : t.last_codes;
    step_sums steps(acc);
    dot_steps<Bits, 32 / step_codes<Bits>, Rows>(t, x, segment + params_bytes, length, fetch,
                                                 steps.held);
    steps.give_back(acc);
    pin(acc);
    fold_segment(t, segment, param, acc, sums);
    segment += t.segment_stride;
    x += t.segment_codes * x_width<Bits>;
    if (--until_next == 0) {
      ++param;
      until_next = t.x_span;
    }
  }
  if (t.out.y == nullptr) return sums.keep(t);
  floats values[Rows][grouped_vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < grouped_vectors; ++v) values[r][v] = sums.get(r, v);
  store_outputs(t.out, values);
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
