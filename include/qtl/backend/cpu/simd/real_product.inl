// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/real_product.inl - products in f32 of any activations and weights of at most 8 bits.
// Included inside an ISA's namespace after real_tiles.inl, see simd_kernels.hpp.
// Bound: |y - reference| <= (k + 2) 2^-23 (sum |x||w| + |bias|), before the rounding to the
// output's format.

/// Codes of k, and rows, that go through the caches together.
inline constexpr std::int64_t real_block = 128;
inline constexpr std::int64_t real_row_block = 240;

inline real_layout real_layout_of(const gemm_key& key, std::int64_t n, std::int64_t k) {
  return real_layout::make(key, n, k, real_columns, key.weight.block_cols);
}

/// Where things lie in the workspace.
struct real_workspace {
  std::int64_t x_stride = 0;      ///< floats of a row, where rows are copied
  std::int64_t x_bytes = 0;       ///< of all rows
  std::int64_t worker_bytes = 0;  ///< decoded block and sums of one worker
  std::int64_t workers = 1;

  static real_workspace make(const real_layout& l, std::int64_t m, int threads) {
    real_workspace w;
    w.x_stride = ceil_div(l.x_length(), std::int64_t{16}) * 16 + 16;
    w.x_bytes = padded_rows(m) * w.x_stride * 4;
    const std::int64_t rows = m < real_row_block ? padded_rows(m) : real_row_block;
    w.worker_bytes = (real_block + rows) * real_columns * 4;
    w.workers = threads < l.panels() ? threads : l.panels() > 0 ? l.panels() : 1;
    return w;
  }
  std::int64_t bytes() const { return x_bytes + workers * worker_bytes; }
  /// A few rows are computed fused_rows at a time, the last ones zeros.
  static std::int64_t padded_rows(std::int64_t m) {
    return m > 1 && m < many_rows ? ceil_div(m, std::int64_t{fused_rows}) * fused_rows : m;
  }
};

/// What the tasks of a product share.
struct real_product {
  const gemm_args& g;
  real_layout layout;
  real_workspace memory;
  const real_loops& loops;
  bool in_place;  ///< rows of activations are read where they are
  const float* x;
  std::int64_t x_stride;
  alignas(64) float values[256];

  explicit real_product(const gemm_args& args)
      : g(args), layout(real_layout_of(args.key, args.n(), args.k())),
        memory(real_workspace::make(layout, args.m(), args.executor.threads())),
        loops(find_loops(layout)) {
    const bool whole = real_workspace::padded_rows(g.m()) == g.m();
    in_place = whole && g.x.codes == nullptr && g.x.reals.col_stride == 1 && layout.rows_match();
    x = in_place ? g.x.reals.data : reinterpret_cast<const float*>(g.workspace.data());
    x_stride = in_place ? g.x.reals.row_stride : memory.x_stride;
    for (int raw = 0; raw < 256; ++raw)
      values[raw] = real_panels::value_of(g.w.elements, raw & ((1 << g.w.elements.bits) - 1));
  }
};

/// Copies row i as reals, segments padded with zeros.
inline void copy_reals(const real_product& p, std::int64_t i) {
  const activation_operand& x = p.g.x;
  float* to = reinterpret_cast<float*>(p.g.workspace.data()) + i * p.x_stride;
  std::memset(to, 0, static_cast<std::size_t>(p.x_stride * 4));
  if (i >= x.m) return;
  for (std::int64_t s = 0; s < p.layout.segments; ++s) {
    float* out = to + p.layout.x_offset(s);
    const std::int64_t first = s * p.layout.segment;
    const std::int64_t last = first + p.layout.length(s);
    if (x.codes == nullptr) {
      for (std::int64_t c = first; c < last; ++c) out[c - first] = x.reals(i, c);
      continue;
    }
    if (first < last) x.elements.read(x.row(i), first, last - first, out);
    for (std::int64_t c = first; c < last;) {
      const std::int64_t end = x.block_end(c) < last ? x.block_end(c) : last;
      x.block_at(i, c).to_reals(out + (c - first), end - c);
      c = end;
    }
  }
}

/// Sums of a panel for one row, or for rows of which there are a multiple of fused_rows.
inline void run_fused(const real_product& p, const real_tile& t, std::int64_t rows) {
  real_tile part = t;
  for (std::int64_t r = 0; r < rows; r += fused_rows) {
    part.x = p.x + r * p.x_stride;
    part.sums = t.sums + r * real_columns;
    rows == 1 ? p.loops.fused_one(part) : p.loops.fused_all(part);
  }
}

/// Decodes codes [first, first + count) of k as rows of activations have them, from as many
/// segments as they lie in.
inline void decode_lines(const real_product& p, const real_tile& t, std::int64_t first,
                         std::int64_t count, float* to) {
  const real_layout& l = p.layout;
  const std::int64_t stride = l.padded_length(0);
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t s = stride > 0 ? (first + done) / stride : 0;
    const std::int64_t at = first + done - s * stride;
    const std::int64_t left = l.padded_length(s) - at;
    const std::int64_t piece = count - done < left ? count - done : left;
    p.loops.decode(t, t.panel + l.segment_offset(s), at, piece, to + done * real_columns);
    done += piece;
  }
}

/// Sums of rows [i, i + rows) of a panel through blocks of decoded weights.
inline void run_blocked(const real_product& p, const real_tile& t, std::int64_t i,
                        std::int64_t rows, float* decoded) {
  for (std::int64_t first = 0; first < p.layout.x_length(); first += real_block) {
    const std::int64_t left = p.layout.x_length() - first;
    const std::int64_t count = left < real_block ? left : real_block;
    decode_lines(p, t, first, count, decoded);
    for (std::int64_t r = 0; r < rows; r += real_rows)
      run_float_tile(rows - r < real_rows ? rows - r : real_rows,
                     p.x + (i + r) * p.x_stride + first, p.x_stride, decoded, count,
                     t.sums + r * real_columns);
  }
}

/// All rows of panel number `number`, in the memory of one worker.
inline void run_real_panel(const real_product& p, std::int64_t number, float* memory) {
  alignas(64) float ones[real_columns];
  for (float& one : ones) one = 1.0f;
  real_tile t;
  t.x_stride = p.x_stride;
  t.panel = p.g.packed + number * p.layout.panel_bytes();
  t.layout = &p.layout;
  t.values = {p.values, load_table(p.values)};
  t.sums = memory + real_block * real_columns;
  const std::int64_t j = number * real_columns;
  const std::int64_t count = p.g.n() - j < real_columns ? p.g.n() - j : real_columns;
  for (std::int64_t i = 0; i < p.g.m(); i += real_row_block) {
    const std::int64_t rows = p.g.m() - i < real_row_block ? p.g.m() - i : real_row_block;
    std::memset(t.sums, 0,
                static_cast<std::size_t>(real_workspace::padded_rows(rows) * real_columns * 4));
    if (p.g.m() < many_rows)
      run_fused(p, t, real_workspace::padded_rows(rows));
    else
      run_blocked(p, t, i, rows, memory);
    for (std::int64_t r = 0; r < rows; ++r)
      store_line(p.g, i + r, j, count, t.sums + r * real_columns, 1.0f, ones);
  }
}

/// The whole product: rows are made ready, then panels dealt out.
inline void run_real(const gemm_args& g) {
  const real_product p(g);
  if (!p.in_place)
    g.executor.parallel_for(real_workspace::padded_rows(g.m()),
                            [&](std::int64_t i) { copy_reals(p, i); });
  std::byte* memory = g.workspace.data() + p.memory.x_bytes;
  g.executor.parallel_for(p.memory.workers, [&](std::int64_t worker) {
    auto* own = reinterpret_cast<float*>(memory + worker * p.memory.worker_bytes);
    const std::int64_t end = p.layout.panels() * (worker + 1) / p.memory.workers;
    for (std::int64_t panel = p.layout.panels() * worker / p.memory.workers; panel < end; ++panel)
      run_real_panel(p, panel, own);
  });
}

inline bool supports_real(const gemm_key& key) {
  return is_available(level) && real_layout::fits(key);
}
inline std::int64_t real_packed_size(const gemm_key& key, const weight_operand& w) {
  return real_layout_of(key, w.n, w.k).bytes();
}
inline void pack_real_parallel(const gemm_key& key, const weight_operand& w, std::byte* packed,
                               const executor_ref& executor) {
  real_panels::pack_panels(real_layout_of(key, w.n, w.k), w, packed, executor);
}
inline void pack_real(const gemm_key& key, const weight_operand& w, std::byte* packed) {
  pack_real_parallel(key, w, packed, {});
}
inline std::int64_t real_workspace_size(const gemm_key& key, const gemm_shape& shape) {
  return real_workspace::make(real_layout_of(key, shape.n, shape.k), shape.m, shape.threads)
      .bytes();
}

/// Weights of at most 8 bits, decoded to f32.
inline constexpr gemm_kernel real_kernel{
    .name = short_name("real_").append(to_string(level)),
    .supports = supports_real,
    .packed_size = real_packed_size,
    .pack = pack_real,
    .pack_parallel = pack_real_parallel,
    .quantize = prepare_rows,
    .workspace_size = real_workspace_size,
    .run = run_real,
};
