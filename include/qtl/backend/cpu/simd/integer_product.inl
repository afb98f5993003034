// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/integer_product.inl - integer products: rows made ready, panels dealt out, tiles run.
// Included inside an ISA's namespace after integer_tiles.inl, see simd_kernels.hpp. Exact: equal to
// gemm/reference.hpp in every bit. Inside a segment, with weight codes w as stored (offset added),
// activation codes x made signed, and zero points moved alike,
//     sum (x - zx)(w - zw) = sum x w - zw (sum x - length zx) - zx sum w
// modulo 2^32, which is exact because the left side fits 32 bits.

/// Up to this many rows go through a panel together, a block of k at a time, so that weights are
/// read from memory once.
inline constexpr std::int64_t blocked_rows = 48;
inline constexpr std::int64_t block_bytes = 16384;

inline bool is_grouped(const gemm_key& key) { return key.accumulator == accumulation::s32_grouped; }
inline integer_layout layout_of(const gemm_key& key, std::int64_t n, std::int64_t k) {
  return integer_layout::make(key, n, k, is_grouped(key) ? grouped_columns : whole_columns,
                              adjacent_codes);
}

/// Where a product's rows of activations lie in the workspace.
struct integer_workspace {
  std::int64_t stride = 0;       ///< bytes of a row
  std::int64_t wide_stride = 0;  ///< of a row once more, as tiles read it; 0: they read the first
  std::int64_t terms_offset = 0;
  std::int64_t wide_offset = 0;
  std::int64_t bytes = 0;

  static integer_workspace make(const integer_layout& l, std::int64_t m) {
    integer_workspace w;
    const int width = l.bits == 8 ? x_width<8> : x_width<4>;
    w.stride = padded(l.x_bytes()) + 64;
    w.wide_stride = width > 1 ? padded(l.x_bytes() * width) + 64 : 0;
    w.terms_offset = m * w.stride;
    w.wide_offset = w.terms_offset + padded(m * l.segments * 4);
    w.bytes = w.wide_offset + m * w.wide_stride;
    return w;
  }
  static std::int64_t padded(std::int64_t size) { return ceil_div(size, std::int64_t{64}) * 64; }
};

/// What the tasks of a product share.
struct integer_product {
  const gemm_args& g;
  integer_layout layout;
  const std::byte* x = nullptr;  ///< rows, a signed byte a code
  std::int64_t x_stride = 0;
  std::byte* copy = nullptr;  ///< where rows are copied to; null: they are read in place
  std::byte* wide = nullptr;  ///< where they are widened for the tiles; null: these read x
  std::int64_t wide_stride = 0;
  std::int32_t* terms = nullptr;
  std::int32_t x_shift = 0;  ///< x as stored = x of the operand - shift

  explicit integer_product(const gemm_args& args)
      : g(args),
        layout(layout_of(args.key, args.n(), args.k()).with_offset(args.w.elements, unsigned_dot)) {
    const integer_workspace w = integer_workspace::make(layout, g.m());
    const bool is_signed = g.x.elements.encoding == value_encoding::as_signed;
    x_shift = g.x.elements.bits == 8 && !is_signed ? 128 : 0;
    const bool is_ready = g.x.elements.bits == 8 && g.x.code_shift == x_shift;
    const bool in_place = is_ready && g.x.padded && layout.rows_match();
    if (!in_place) copy = g.workspace.data();
    x = in_place ? g.x.codes : copy;
    x_stride = in_place ? g.x.row_bytes : w.stride;
    terms = reinterpret_cast<std::int32_t*>(g.workspace.data() + w.terms_offset);
    wide_stride = w.wide_stride;
    if (wide_stride != 0) wide = g.workspace.data() + w.wide_offset;
  }
  std::int32_t x_zero(std::int64_t i, std::int64_t s) const {
    if (g.x.zero_points == nullptr || g.x.groups == 0) return 0;  // k = 0 may leave no group
    return g.x.zero_points[i * g.x.groups + s * layout.segment / g.x.group_cols];
  }
};

/// Copies row i, a byte a code, segments padded with zeros.
inline void copy_row(const integer_product& p, std::int64_t i) {
  const element_reader& elements = p.g.x.elements;
  auto* to = reinterpret_cast<std::uint8_t*>(p.copy + i * p.x_stride);
  std::memset(to, 0, static_cast<std::size_t>(p.x_stride));
  const bool narrow_signed = elements.bits < 8 && elements.encoding == value_encoding::as_signed;
  const auto half = static_cast<std::uint8_t>(narrow_signed ? 1 << (elements.bits - 1)
                                                            : p.x_shift - p.g.x.code_shift);
  for (std::int64_t s = 0; s < p.layout.segments; ++s) {
    std::uint8_t* codes = to + p.layout.x_offset(s);
    const std::int64_t length = p.layout.length(s);
    read_raw_codes(elements.bits, p.g.x.row(i), s * p.layout.segment, length, codes);
    if (narrow_signed)
      for (std::int64_t c = 0; c < length; ++c)
        codes[c] = static_cast<std::uint8_t>((codes[c] ^ half) - half);
    else if (half != 0)
      for (std::int64_t c = 0; c < length; ++c) codes[c] ^= half;
  }
}

/// The sum of `count` signed bytes.
inline std::int32_t sum_codes(const std::byte* x, std::int64_t count) {
  ints acc = zero_ints();
  std::int64_t p = 0;
  for (; p + lanes * 4 <= count; p += lanes * 4) acc = dot(acc, all_bytes(1), load_bytes(x + p));
  std::int32_t total = sum(acc);
  for (; p < count; ++p) total += static_cast<std::int8_t>(x[p]);
  return total;
}

/// Sums of every 16 bytes of a row, a vector of sums at a time, to the segments that they lie in.
/// Segments are multiples of 16 long; behind the row's last code stand zeros.
inline void sum_segments(const integer_layout& l, const std::byte* x, std::int32_t* sums) {
  constexpr std::int64_t step = 4 * byte_lanes;
  const std::int64_t pieces = l.padded_length(0) / 16;
  std::int64_t left = pieces;
  *sums = 0;
  for (std::int64_t p = 0; p < l.x_bytes(); p += step) {
    alignas(64) std::byte last[step];
    const std::byte* from = x + p;
    const std::int64_t here = l.x_bytes() - p < step ? l.x_bytes() - p : step;
    if (here < step) {
      std::memset(last, 0, sizeof last);
      std::memcpy(last, from, static_cast<std::size_t>(here));
      from = last;
    }
    const auto sum_bytes = [&](int v) {
      return dot(zero_ints(), all_bytes(1), load_bytes(from + v * byte_lanes));
    };
    alignas(64) std::int32_t each_16[lanes];
    store_ints(each_16, sums_of_four(sum_bytes(0), sum_bytes(1), sum_bytes(2), sum_bytes(3)));
    for (std::int64_t b = 0; b * 16 < here; ++b) {
      if (left-- == 0) {
        *++sums = 0;
        left = pieces - 1;
      }
      *sums += each_16[b];
    }
  }
}

/// The sums of row i's codes as they lie, segment by segment, to its terms.
inline void write_sums(const integer_product& p, std::int64_t i) {
  const integer_layout& l = p.layout;
  const std::byte* x = p.x + i * p.x_stride;
  std::int32_t* sums = p.terms + i * l.segments;
  if (p.copy == nullptr && p.g.x.sums != nullptr && p.g.x.groups == l.segments)
    std::memcpy(sums, p.g.x.sums + i * l.segments, static_cast<std::size_t>(l.segments) * 4);
  else if (l.padded_length(0) % 16 == 0 && l.segments > 1)
    sum_segments(l, x, sums);
  else
    for (std::int64_t s = 0; s < l.segments; ++s)
      sums[s] = sum_codes(x + l.x_offset(s), l.length(s));
}

/// The terms of row i: sum x - length zx for each segment, times -zw where all columns share it.
inline void write_terms(const integer_product& p, std::int64_t i) {
  const integer_layout& l = p.layout;
  write_sums(p, i);
  std::int32_t* terms = p.terms + i * l.segments;
  for (std::int64_t s = 0; s < l.segments; ++s) {
    const auto zero =
        static_cast<std::uint32_t>(p.g.x.zero_points == nullptr ? 0 : p.x_zero(i, s) - p.x_shift);
    const std::uint32_t term =
        static_cast<std::uint32_t>(terms[s]) - static_cast<std::uint32_t>(l.length(s)) * zero;
    const std::uint32_t factor = l.column_zeros ? 1u : 0u - static_cast<std::uint32_t>(l.offset);
    terms[s] = static_cast<std::int32_t>(term * factor);
  }
}

/// Row i as tiles read it, where that is wider.
inline void widen_row(const integer_product& p, std::int64_t i) {
  for (std::int64_t c = 0; c < p.layout.x_bytes(); c += widened_codes)
    widen_codes(p.wide + i * p.wide_stride + c * 2, p.x + i * p.x_stride + c);
}

/// A panel as its tiles see it. Grouped: its extent of k is counted in segments, else in codes.
template<bool Grouped>
struct integer_panel {
  using sum = std::conditional_t<Grouped, float, std::int32_t>;
  static constexpr std::int64_t columns = Grouped ? grouped_columns : whole_columns;

  const integer_product& p;
  const std::byte* data;
  std::int64_t j;           ///< first column
  std::int64_t extent;      ///< of k
  std::int64_t block;       ///< of k that goes through the first cache together
  std::int64_t unit_bytes;  ///< of w in one code or segment of k
  bool direct;              ///< tiles store outputs, not sums
  integer_tile base;        ///< of row 0

  integer_panel(const integer_product& product, std::int64_t number)
      : p(product), data(p.g.packed + number * p.layout.panel_bytes()), j(number * columns) {
    const integer_layout& l = p.layout;
    extent = Grouped ? l.segments : l.padded_length(0);
    unit_bytes = Grouped ? l.params_bytes() + l.code_bytes(0) : columns * l.bits / 8;
    block = unit_bytes > 0 && unit_bytes < block_bytes ? block_bytes / unit_bytes : 1;
    const output_operand& y = p.g.y;
    direct = y.is_plain() && p.g.n() - j >= columns;
    fill_base();
  }

  void fill_base() {
    const integer_layout& l = p.layout;
    const activation_operand& x = p.g.x;
    base.layout = &l;
    base.x_stride = p.wide != nullptr ? p.wide_stride : p.x_stride;
    base.w = data + l.segment_offset(0) + (Grouped ? 0 : l.params_bytes());
    base.terms_stride = l.segments;
    base.params = data + l.segment_offset(0);
    base.segment_codes = l.padded_length(0);
    base.segment_stride = unit_bytes;
    const bool x_grouped = p.g.key.activation.block_cols != 0;
    base.x_span = x_grouped ? x.group_cols / l.segment : l.segments;
    base.x_scales = x_grouped && x.groups > 0 ? x.scales : nullptr;
    base.x_zeros = x.groups > 0 ? x.zero_points : nullptr;
    base.x_zero_shift = p.x_shift;
    base.x_params_stride = x.groups;
    base.out.scales = reinterpret_cast<const float*>(data);
    base.out.bias = p.g.bias == nullptr ? nullptr : p.g.bias + j;
    base.out.x_scales = x_grouped ? &no_scale : x.scales;
    base.out.x_scales_stride = x_grouped ? 0 : x.groups;
    base.out.y_stride = p.g.y.row_stride;
  }
  static constexpr float no_scale = 1.0f;

  /// The tile of row i onwards, over [first, last) of k.
  integer_tile tile(std::int64_t i, std::int64_t first, std::int64_t last, sum* buffer) const {
    const integer_layout& l = p.layout;
    integer_tile t = base;
    t.buffer = buffer;
    t.continues = first != 0;
    t.length = last - first;
    t.w += first * unit_bytes;
    const std::int64_t code = Grouped ? first * t.segment_codes : first;
    t.x = p.wide != nullptr ? p.wide + i * t.x_stride + code * 2 : p.x + i * t.x_stride + code;
    t.terms = p.terms + i * l.segments;
    t.out.x_scales += i * t.out.x_scales_stride;
    if (direct && last == extent)
      t.out.y = static_cast<float*>(p.g.y.data) + i * t.out.y_stride + j;
    std::int64_t param = i * t.x_params_stride;
    if constexpr (Grouped) {
      t.terms += first;
      t.last_codes = l.padded_length(last - 1);
      t.x_phase = first % t.x_span;
      param += first / t.x_span;
      if (t.x_scales != nullptr) t.x_scales += param;
    }
    if (t.x_zeros != nullptr) t.x_zeros += param;
    return t;
  }

  /// Of a tile, where there are `rows` in all. The largest grouped tiles are for few rows.
  static std::int64_t tile_rows(std::int64_t rows) {
    if (!Grouped) return whole_rows;
    if (rows <= grouped_rows) return grouped_rows;
    return rows <= grouped_rows + register_rows ? (rows + 1) / 2 : register_rows;
  }

  /// Rows of a tile: outputs where it ends k and they go direct, else sums.
  void run_tile(std::int64_t rows, const integer_tile& t) const {
    if constexpr (Grouped)
      p.layout.bits == 8 ? run_grouped_tile<8>(rows, t) : run_grouped_tile<4>(rows, t);
    else
      p.layout.bits == 8 ? run_whole_tile<8>(rows, t) : run_whole_tile<4>(rows, t);
  }

  /// The outputs of rows [i, i + rows) from their sums.
  void store_sums(std::int64_t i, std::int64_t rows, const sum* buffer) const {
    if (direct) return;
    const std::int64_t count = p.g.n() - j < columns ? p.g.n() - j : columns;
    for (std::int64_t r = 0; r < rows; ++r)
      store_line(p.g, i + r, j, count, buffer + r * columns,
                 base.out.x_scales[(i + r) * base.out.x_scales_stride], base.out.scales);
  }

  /// Rows [i, last). Many go tile by tile over all of k; few go together.
  void run(std::int64_t i, std::int64_t last) const {
    alignas(64) sum buffer[blocked_rows * columns];
    const std::int64_t step = tile_rows(last - i);
    if (last - i > step && last - i <= blocked_rows) return run_together(i, last, buffer);
    for (std::int64_t at = i; at < last; at += step) {
      const std::int64_t rows = last - at < step ? last - at : step;
      integer_tile t = tile(at, 0, extent, buffer);
      // Tiles but the first find the panel in a cache.
      t.fetch = {t.w + fetch_distance, at == i ? columns * adjacent_codes : 0};
      run_tile(rows, t);
      store_sums(at, rows, buffer);
    }
  }

  /// Rows [i, last), block of k by block, which the first tile brings into the first cache. Each
  /// tile prefetches its rows' share of the next block, evenly, so that memory works all the time.
  void run_together(std::int64_t i, std::int64_t last, sum* buffer) const {
    constexpr std::int64_t lines = columns * adjacent_codes / 64;  // of the cache in one of w
    const std::int64_t step = tile_rows(last - i);
    for (std::int64_t first = 0; first == 0 || first < extent; first += block) {
      const std::int64_t end = extent - first < block ? extent : first + block;
      std::int64_t fetched = 0;
      for (std::int64_t at = i; at < last; at += step) {
        const std::int64_t rows = last - at < step ? last - at : step;
        const std::int64_t share = lines * (at + rows - i) / (last - i) - fetched;
        integer_tile t = tile(at, first, end, buffer + (at - i) * columns);
        t.fetch = {t.w + (end - first) * unit_bytes * (lines + fetched) / lines, share * 64};
        run_tile(rows, t);
        fetched += share;
      }
    }
    store_sums(i, last - i, buffer);
  }
};

/// Rows [first, last) made ready for the tiles.
inline void ready_rows(const integer_product& p, std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) {
    if (p.copy != nullptr) copy_row(p, i);
    write_terms(p, i);
    if (p.wide != nullptr) widen_row(p, i);
  }
}

/// How a product is dealt out: some panels that lie side by side, and a part of the rows where
/// panels are few.
struct integer_tasks {
  std::int64_t panels = 1;  ///< of a task
  std::int64_t parts = 1;   ///< of the rows
  std::int64_t rows = 0;    ///< of a part
  std::int64_t count = 0;

  static integer_tasks make(const gemm_args& g, const integer_layout& l) {
    const int threads = g.executor.threads();
    const std::int64_t wanted = std::int64_t{4} * threads;
    const std::int64_t tile_rows = is_grouped(g.key) ? register_rows : whole_rows;
    const std::int64_t tiles = ceil_div(g.m(), tile_rows);
    integer_tasks t;
    if (l.panels() > wanted) t.panels = l.panels() / wanted;
    if (l.panels() < wanted && l.panels() > 0 && threads > 1)
      t.parts = ceil_div(wanted, l.panels());
    if (t.parts > tiles) t.parts = tiles;
    if (t.parts == 0) return t;
    t.rows = ceil_div(tiles, t.parts) * tile_rows;
    t.count = ceil_div(l.panels(), t.panels) * t.parts;
    return t;
  }
};

/// The whole product: rows are made ready, then tasks dealt out.
inline void run_integer(const gemm_args& g) {
  const integer_product p(g);
  const integer_layout& l = p.layout;
  for_rows(g.executor, g.m(),
           [&](std::int64_t first, std::int64_t last) { ready_rows(p, first, last); });
  const integer_tasks tasks = integer_tasks::make(g, l);
  g.executor.parallel_for(tasks.count, [&](std::int64_t task) {
    const std::int64_t first = task % tasks.parts * tasks.rows;
    const std::int64_t last = g.m() - first < tasks.rows ? g.m() : first + tasks.rows;
    const std::int64_t panel = task / tasks.parts * tasks.panels;
    const std::int64_t end = l.panels() - panel < tasks.panels ? l.panels() : panel + tasks.panels;
    if (first >= last) return;
    for (std::int64_t at = panel; at < end; ++at)
      is_grouped(g.key) ? integer_panel<true>(p, at).run(first, last)
                        : integer_panel<false>(p, at).run(first, last);
  });
}

inline bool supports_integer(const gemm_key& key) {
  return is_available(level) && integer_layout::fits(key);
}
inline std::int64_t integer_packed_size(const gemm_key& key, const weight_operand& w) {
  return layout_of(key, w.n, w.k).bytes();
}
inline void pack_integer_parallel(const gemm_key& key, const weight_operand& w, std::byte* packed,
                                  const executor_ref& executor) {
  const integer_layout l = layout_of(key, w.n, w.k).with_offset(w.elements, unsigned_dot);
  executor.parallel_for(l.panels(), [&](std::int64_t panel) {
    integer_panels::pack_panel(l, w, panel, packed + panel * l.panel_bytes());
  });
}
inline void pack_integer(const gemm_key& key, const weight_operand& w, std::byte* packed) {
  pack_integer_parallel(key, w, packed, {});
}
inline std::int64_t integer_workspace_size(const gemm_key& key, const gemm_shape& shape) {
  return integer_workspace::make(layout_of(key, shape.n, shape.k), shape.m).bytes;
}

/// Integer codes on both sides, summed in 32 bits.
inline constexpr gemm_kernel integer_kernel{
    .name = short_name("integer_").append(to_string(level)),
    .supports = supports_integer,
    .packed_size = integer_packed_size,
    .pack = pack_integer,
    .pack_parallel = pack_integer_parallel,
    .quantize = quantize_rows,
    .workspace_size = integer_workspace_size,
    .run = run_integer,
};
