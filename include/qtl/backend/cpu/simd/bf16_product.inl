// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/bf16_product.inl - products of operands that are exact in bf16, summed in f32.
// Included inside an ISA's namespace after bf16_tiles.inl, see simd_kernels.hpp. Bound, where no
// sum of products of codes leaves f32, with x' and w' the values of codes and s the product of both
// scales:
//     |y - reference| <= (k + 2) 2^-23 (sum |x||w| + |bias|) + 2^-125 sum s (1 + |x'| + |w'|)
// before the rounding to the output's format. The last term is what the instruction takes for zero:
// subnormal operands and sums.

/// Codes of k, and rows, that go through the caches together.
inline constexpr std::int64_t pair_block = 256;
inline constexpr std::int64_t pair_row_block = 576;

/// Where things lie in the workspace.
struct pair_workspace {
  std::int64_t x_stride = 0;      ///< bytes of a row
  std::int64_t x_bytes = 0;       ///< of all rows
  std::int64_t worker_bytes = 0;  ///< decoded block and sums of one worker
  std::int64_t workers = 1;

  static pair_workspace make(const real_layout& l, std::int64_t m, int threads) {
    pair_workspace w;
    w.x_stride = ceil_div(l.x_length() * 2, std::int64_t{128}) * 128 + 64;
    w.x_bytes = padded_rows(l, m) * w.x_stride;
    const std::int64_t rows = m < pair_row_block ? padded_rows(l, m) : pair_row_block;
    w.worker_bytes = pair_block / 2 * pair_line + rows * pair_columns * 4;
    w.workers = threads < l.panels() ? threads : l.panels() > 0 ? l.panels() : 1;
    return w;
  }
  std::int64_t bytes() const { return x_bytes + workers * worker_bytes; }
  /// A few rows are computed fused_pair_rows at a time, the last ones zeros.
  static std::int64_t padded_rows(const real_layout& l, std::int64_t m) {
    constexpr std::int64_t step = fused_pair_rows;
    return m > 1 && m <= find_pair_loops(l).most_fused ? ceil_div(m, step) * step : m;
  }
};

/// What some scales have in common.
class scale_range {
 public:
  scale_range() : least_(all_ints(bits_of(1.0f))), most_(least_), fractions_(zero_ints()) {}

  void add(const float* scales, std::int64_t count) {
    std::int64_t p = 0;
    for (; p + lanes <= count; p += lanes) add(load_ints(scales + p));
    if (p < count) add(reinterpret_ints(load_floats(scales + p, static_cast<int>(count - p))));
  }
  /// Whether they are zero (of columns that are none) or powers of two between 2^-40 and 2^24.
  /// Codes times such scales are exact in bf16. With values between 2^-16 and 2^16 every sum of
  /// less than 2^40 products is then a multiple of 2^-112 below 2^120: nothing is taken for zero,
  /// nor overflows.
  bool is_moderate() const {
    return -largest(subtract(zero_ints(), least_)) >= bits_of(0x1p-40f) &&
           largest(most_) <= bits_of(0x1p24f) && largest(fractions_) == 0;
  }

 private:
  void add(ints v) {
    const ints bits = select_less(zero_ints(), v, v, all_ints(bits_of(1.0f)));
    least_ = smaller(least_, bits);
    most_ = larger(most_, bits);
    fractions_ = bit_or(fractions_, bit_and(bits, all_ints(0x7FFFFF)));
  }

  ints least_;
  ints most_;
  ints fractions_;
};

/// What the tasks of a product share.
struct bf16_product {
  const gemm_args& g;
  real_layout layout;
  pair_workspace memory;
  const pair_loops& loops;
  bool holds_scales;  ///< rows are multiplied by their scales, and panels where they allow it
  bf16_operands::value_table filled[2];  ///< what find_table() fills
  const bf16_operands::value_table& weights;
  const bf16_operands::value_table* activations =
      nullptr;  ///< where their codes are bytes or nibbles

  explicit bf16_product(const gemm_args& args)
      : g(args), layout(bf16_operands::layout_of(args.key, args.n(), args.k(), pair_columns)),
        memory(pair_workspace::make(layout, args.m(), args.executor.threads())),
        loops(find_pair_loops(layout)), holds_scales(can_hold_scales()),
        weights(bf16_operands::find_table(args.w.elements, layout.has_offsets, filled[0])) {
    if (has_byte_codes() || has_nibble_codes())
      activations = &bf16_operands::find_table(args.x.elements, false, filled[1]);
  }

  std::byte* row(std::int64_t i) const { return g.workspace.data() + i * memory.x_stride; }
  bool has_byte_codes() const { return g.x.codes != nullptr && g.x.elements.bits == 8; }
  bool has_nibble_codes() const { return g.x.codes != nullptr && g.x.elements.bits == 4; }
  /// Whether scales of activations change along k.
  bool has_x_groups() const { return g.x.codes != nullptr && g.key.activation.block_cols != 0; }
  /// Whether they are met where sums of groups are added up.
  bool folds_x_scales() const { return has_x_groups() && !holds_scales; }
  /// Of a group of activations in a row of bf16.
  std::int64_t group_length() const {
    return g.x.group_cols / layout.segment * layout.padded_length(0);
  }
  /// The scale of a row that has one.
  float x_scale(std::int64_t i) const {
    return g.x.codes == nullptr || has_x_groups() ? 1.0f : g.x.scales[i * g.x.groups];
  }

 private:
  /// Whether codes times their scales are exact in bf16, and products of those lose nothing that
  /// products of codes would not: blocks are then summed without a stop where a scale ends.
  bool can_hold_scales() const {
    const gemm_key& key = g.key;
    if (g.m() <= loops.most_fused || g.x.codes == nullptr || layout.k == 0) return false;
    if (!bf16_operands::has_power_scales(key.weight)) return false;
    if (!bf16_operands::are_moderate(g.w.elements) || !bf16_operands::are_moderate(g.x.elements))
      return false;
    if (!has_x_groups()) return true;
    scale_range scales;
    scales.add(g.x.scales, g.m() * g.x.groups);
    return bf16_operands::has_power_scales(key.activation) && group_length() % (2 * lanes) == 0 &&
           scales.is_moderate();
  }
};

/// Writes reals as bf16, a vector's worth over the end. They must be exact in bf16.
inline void write_reals(const float* x, std::int64_t count, std::byte* to) {
  constexpr std::int64_t step = 2 * lanes;
  for (; count >= step; count -= step, x += step, to += step * 2)
    store_ints(to, top_halves(load_floats(x), load_floats(x + lanes)));
  if (count == 0) return;
  alignas(64) float last[step] = {};
  std::memcpy(last, x, static_cast<std::size_t>(count) * 4);
  store_ints(to, top_halves(load_floats(last), load_floats(last + lanes)));
}

/// Writes 64 codes of bytes at a time as bf16, with what follows the last one.
inline void write_bytes(const bf16_operands::value_table& values, const std::byte* x,
                        std::int64_t count, std::byte* to) {
  const pair_decoder<pair_reading::byte> decode(values);
  for (std::int64_t p = 0; p < count; p += 4 * lanes, to += 8 * lanes) {
    ints pairs[2];
    decode(load_ints(x + p), zero_ints(), zero_ints(), pairs);
    ints first;
    ints second;
    interleave(pairs[0], pairs[1], first, second);
    store_ints(to, first);
    store_ints(to + 4 * lanes, second);
  }
}

/// Likewise of nibbles: the low ones of two bytes are one pair, the high ones the other.
inline void write_nibbles(const bf16_operands::value_table& values, const std::byte* x,
                          std::int64_t count, std::byte* to) {
  const ints words = load_ints(values.nibbles);
  for (std::int64_t p = 0; p < count; p += 4 * lanes, to += 8 * lanes) {
    const ints codes = load_bytes_as_words(x + p / 2);
    ints first;
    ints second;
    interleave(look_up_words(words, codes), look_up_words(words, shift_words_right(codes, 4)),
               first, second);
    store_ints(to, first);
    store_ints(to + 4 * lanes, second);
  }
}

/// Multiplies row i by the scales of its groups.
inline void scale_pairs(const bf16_product& p, std::int64_t i) {
  const float* scale = p.g.x.scales + i * p.g.x.groups;
  const std::int64_t length = p.group_length();
  const std::int64_t end = p.layout.x_length();
  for (std::int64_t first = 0; first < end; first += length, ++scale) {
    const ints exponents = exponents_of(reinterpret_ints(all_floats(*scale)));
    for (std::int64_t c = first; c < first + length && c < end; c += 2 * lanes) {
      std::byte* to = p.row(i) + c * 2;
      store_ints(to, add_exponents(load_ints(to), exponents));
    }
  }
}

/// Writes row i as pairs, segments padded with zeros.
inline void write_pairs(const bf16_product& p, std::int64_t i) {
  constexpr std::int64_t chunk = 512;
  const activation_operand& x = p.g.x;
  const real_layout& l = p.layout;
  std::byte* to = p.row(i);
  if (i >= x.m) return void(std::memset(to, 0, static_cast<std::size_t>(p.memory.x_stride)));
  const bool whole = l.segments <= 1 || l.segment % l.step() == 0;
  if (whole && p.has_byte_codes() && x.padded)
    return write_bytes(*p.activations, x.row(i), x.k, to);
  if (whole && p.has_nibble_codes() && x.padded)
    return write_nibbles(*p.activations, x.row(i), x.k, to);
  if (whole && x.codes == nullptr && x.reals.col_stride == 1)
    return write_reals(x.reals.data + i * x.reals.row_stride, x.k, to);
  for (std::int64_t s = 0; s < l.segments; ++s) {
    const std::int64_t length = l.length(s);
    for (std::int64_t c = 0; c < length; c += chunk) {
      const std::int64_t count = length - c < chunk ? length - c : chunk;
      const std::int64_t first = s * l.segment + c;
      alignas(64) float reals[chunk];
      if (x.codes != nullptr)
        x.elements.read(x.row(i), first, count, reals);
      else
        for (std::int64_t e = 0; e < count; ++e) reals[e] = x.reals(i, first + e);
      write_reals(reals, count, to + (l.x_offset(s) + c) * 2);
    }
  }
}

/// What the tiles of a panel share, its sums at `sums`.
inline pair_tile make_pair_tile(const bf16_product& p, std::int64_t panel, float* sums) {
  const int bits = p.g.w.elements.bits;
  const bool is_signed = p.g.w.elements.encoding == value_encoding::as_signed;
  pair_tile t;
  t.x_stride = p.memory.x_stride;
  if (p.folds_x_scales()) {
    t.x_scales_stride = p.g.x.groups;
    t.x_span = p.g.x.group_cols / p.layout.segment;
  }
  t.panel = p.g.packed + panel * p.layout.panel_bytes();
  t.layout = &p.layout;
  t.values = &p.weights;
  t.raise = bits <= 4 && is_signed ? 0x11111111 << (bits - 1) : 0;
  t.sums = sums;
  return t;
}

/// Whether the weights of a panel can be multiplied by their scales.
inline bool has_moderate_scales(const real_layout& l, const std::byte* panel) {
  scale_range scales;
  for (std::int64_t s = 0; s < l.segments; ++s)
    scales.add(reinterpret_cast<const float*>(panel + l.segment_offset(s)), pair_columns);
  return scales.is_moderate();
}

/// The same tile from row i on.
inline pair_tile at_row(const bf16_product& p, pair_tile t, std::int64_t i) {
  t.x = p.row(i);
  t.x_last = p.g.m() - 1 - i;
  // k = 0 leaves no group.
  if (p.folds_x_scales() && p.g.x.groups > 0) t.x_scales = p.g.x.scales + i * p.g.x.groups;
  return t;
}

/// Decodes a block of codes of k from segment s, code `at` on, and moves both to what follows.
inline int decode_pieces(const bf16_product& p, const pair_tile& t, std::int64_t& s,
                         std::int64_t& at, std::byte* to, pair_piece* pieces) {
  const real_layout& l = p.layout;
  int count = 0;
  const bool is_first = s == 0 && at == 0;
  for (std::int64_t room = pair_block; room > 0 && s < l.segments;) {
    const std::int64_t left = l.padded_length(s) - at;
    const std::int64_t length = left < room ? left : room;
    const std::byte* segment = t.panel + l.segment_offset(s);
    if (t.ones == nullptr) {
      p.loops.decode(t, segment, at, length, to);
      pieces[count++] = {to, length / 2, segment, s / t.x_span, (l.x_offset(s) + at) * 2};
    } else {
      p.loops.decode_scaled(t, segment, at, length, to);
      if (count == 0) pieces[count++] = {to, 0, t.ones, 0, (l.x_offset(s) + at) * 2};
      pieces[0].lines += length / 2;
    }
    to += length / 2 * pair_line;
    room -= length;
    at += length;
    if (at < l.padded_length(s)) continue;
    ++s;
    at = 0;
  }
  pieces[0].is_first = is_first;
  pieces[count - 1].is_last = s == l.segments;
  return count;
}

/// Where code `at` of segment s lies in a panel, or the panel's end.
inline std::int64_t next_codes(const real_layout& l, std::int64_t s, std::int64_t at) {
  if (s == l.segments) return l.panel_bytes();
  return l.segment_offset(s) + l.params_bytes() + at / l.step() * l.line_bytes();
}

/// Sums of `rows` rows of a panel through blocks of decoded weights. Each tile fetches its share of
/// the next block's codes.
inline void run_pair_blocks(const bf16_product& p, const pair_tile& t, std::int64_t rows,
                            std::byte* decoded) {
  pair_piece pieces[pair_block / 4];
  const std::int64_t block_bytes = pair_block / p.layout.step() * p.layout.line_bytes();
  const std::int64_t lines = ceil_div(block_bytes / 64, ceil_div(rows, std::int64_t{pair_rows}));
  for (std::int64_t s = 0, at = 0; s < p.layout.segments;) {
    const int count = decode_pieces(p, t, s, at, decoded, pieces);
    const std::byte* next = t.panel + next_codes(p.layout, s, at);
    for (std::int64_t r = 0; r < rows; r += pair_rows) {
      for (std::int64_t line = 0; line < lines; ++line, next += 64) prefetch(next);
      for (int piece = 0; piece < count; ++piece)
        run_pair_product(rows - r < pair_rows ? rows - r : pair_rows, t, pieces[piece], r);
    }
  }
}

/// Sums of a panel for one row, or for rows of which there are a multiple of fused_pair_rows, zeros
/// behind the last.
inline void run_fused_pairs(const bf16_product& p, const pair_tile& t, std::int64_t rows) {
  if (rows == 1) return p.loops.fused_one(t);
  for (std::int64_t r = 0; r < rows; r += fused_pair_rows) {
    pair_tile part = at_row(p, t, r);
    part.sums = t.sums + r * pair_columns;
    p.loops.fused_all(part);
  }
}

/// Where tiles store the outputs of a whole panel from row i on.
inline line_output output_at(const bf16_product& p, std::int64_t i, std::int64_t j,
                             const float* ones) {
  const bool has_scales = p.g.x.codes != nullptr && !p.has_x_groups();
  line_output out;
  out.y = static_cast<float*>(p.g.y.data) + i * p.g.y.row_stride + j;
  out.y_stride = p.g.y.row_stride;
  out.scales = ones;
  out.bias = p.g.bias != nullptr ? p.g.bias + j : nullptr;
  out.x_scales = has_scales ? p.g.x.scales + i * p.g.x.groups : ones;
  out.x_scales_stride = has_scales ? p.g.x.groups : 0;
  return out;
}

/// All rows of panel number `number`, in the memory of one worker.
inline void run_pair_panel(const bf16_product& p, std::int64_t number, std::byte* memory) {
  alignas(64) float ones[pair_columns];
  for (float& one : ones) one = 1.0f;
  const std::int64_t j = number * pair_columns;
  const bool is_fused = p.g.m() <= p.loops.most_fused;
  const std::int64_t count = p.g.n() - j < pair_columns ? p.g.n() - j : pair_columns;
  const bool is_direct = p.g.y.is_plain() && count == pair_columns;
  auto* sums = reinterpret_cast<float*>(memory + pair_block / 2 * pair_line);
  pair_tile panel = make_pair_tile(p, number, sums);
  if (p.holds_scales && has_moderate_scales(p.layout, panel.panel))
    panel.ones = reinterpret_cast<const std::byte*>(ones);
  for (std::int64_t i = 0; i < p.g.m(); i += pair_row_block) {
    const std::int64_t rows = p.g.m() - i < pair_row_block ? p.g.m() - i : pair_row_block;
    const std::int64_t padded = pair_workspace::padded_rows(p.layout, rows);
    pair_tile tile = at_row(p, panel, i);
    if (is_fused) {
      std::memset(sums, 0, static_cast<std::size_t>(padded * pair_columns * 4));
      run_fused_pairs(p, tile, padded);
    } else {
      if (is_direct) tile.out = output_at(p, i, j, ones);
      run_pair_blocks(p, tile, rows, memory);
      if (is_direct) continue;
    }
    for (std::int64_t r = 0; r < rows; ++r)
      store_line(p.g, i + r, j, count, sums + r * pair_columns, p.x_scale(i + r), ones);
  }
}

/// The whole product: rows are made ready, then panels dealt out.
inline void run_bf16(const gemm_args& g) {
  const bf16_product p(g);
  g.executor.parallel_for(pair_workspace::padded_rows(p.layout, g.m()), [&](std::int64_t i) {
    write_pairs(p, i);
    if (p.holds_scales && p.has_x_groups()) scale_pairs(p, i);
  });
  std::byte* memory = g.workspace.data() + p.memory.x_bytes;
  g.executor.parallel_for(p.memory.workers, [&](std::int64_t worker) {
    std::byte* own = memory + worker * p.memory.worker_bytes;
    const std::int64_t end = p.layout.panels() * (worker + 1) / p.memory.workers;
    for (std::int64_t panel = p.layout.panels() * worker / p.memory.workers; panel < end; ++panel)
      run_pair_panel(p, panel, own);
  });
}

inline bool supports_bf16(const gemm_key& key) {
  return is_available(level) && bf16_operands::fits(key);
}
inline std::int64_t bf16_packed_size(const gemm_key& key, const weight_operand& w) {
  return bf16_operands::layout_of(key, w.n, w.k, pair_columns).bytes();
}
inline void pack_bf16_parallel(const gemm_key& key, const weight_operand& w, std::byte* packed,
                               const executor_ref& executor) {
  const real_layout l = bf16_operands::layout_of(key, w.n, w.k, pair_columns);
  real_panels::pack_panels(l, w, packed, executor);
}
inline void pack_bf16(const gemm_key& key, const weight_operand& w, std::byte* packed) {
  pack_bf16_parallel(key, w, packed, {});
}
inline std::int64_t bf16_workspace_size(const gemm_key& key, const gemm_shape& shape) {
  const real_layout l = bf16_operands::layout_of(key, shape.n, shape.k, pair_columns);
  return pair_workspace::make(l, shape.m, shape.threads).bytes();
}

/// Both operands exact in bf16, their products summed in f32.
inline constexpr gemm_kernel bf16_kernel{
    .name = short_name("bf16_").append(to_string(level)),
    .supports = supports_bf16,
    .packed_size = bf16_packed_size,
    .pack = pack_bf16,
    .pack_parallel = pack_bf16_parallel,
    .quantize = prepare_rows,
    .workspace_size = bf16_workspace_size,
    .run = run_bf16,
};
