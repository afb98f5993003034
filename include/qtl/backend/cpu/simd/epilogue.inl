// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/epilogue.inl - from a line of sums to a line of outputs.
// Included inside an ISA's namespace after its primitives, see simd_kernels.hpp.

/// Columns of the widest line.
inline constexpr std::int64_t widest_columns = std::int64_t{lanes} * 4;
static_assert(whole_vectors <= 4 && grouped_vectors <= 4 && real_vectors <= 4);

inline floats load_sums(const std::int32_t* p) { return to_floats(load_ints(p)); }
inline floats load_sums(const float* p) { return load_floats(p); }

/// Where whole lines of f32 outputs go, and what they are scaled by. The bias may be null.
struct line_output {
  float* y = nullptr;
  std::int64_t y_stride = 0;         ///< between rows
  const float* scales = nullptr;     ///< a line
  const float* bias = nullptr;       ///< a line, or null
  const float* x_scales = nullptr;   ///< of the first row
  std::int64_t x_scales_stride = 0;  ///< between rows; 0 where they enter elsewhere
};

inline floats as_floats(ints v) { return to_floats(v); }
inline floats as_floats(floats v) { return v; }

/// y = fma(sum, x_scale * scale, bias) for a whole tile in registers.
template<class Sum, int Rows, int Vectors>
inline void store_outputs(const line_output& out, const Sum (&sums)[Rows][Vectors]) {
  floats scales[Vectors];
  floats bias[Vectors];
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) {
    scales[v] = load_floats(out.scales + v * lanes);
    bias[v] = out.bias != nullptr ? load_floats(out.bias + v * lanes) : zero_floats();
  }
  float* y = out.y;
  const float* x_scales = out.x_scales;
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const floats x = all_floats(*x_scales);
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
      store_floats(y + v * lanes,
                   fused_multiply_add(as_floats(sums[r][v]), multiply(x, scales[v]), bias[v]));
    y += out.y_stride;
    x_scales += out.x_scales_stride;
  }
}

/// Outputs [j, j + count) of row i: fma(sum, x_scale * scales, bias), rounded once. `scales` are of
/// these columns, padded to whole vectors.
template<class Sum>
inline void store_line(const gemm_args& g, std::int64_t i, std::int64_t j, std::int64_t count,
                       const Sum* sums, float x_scale, const float* scales) {
  alignas(64) float line[widest_columns];
  const bool direct = g.y.is_plain();
  float* y = direct ? static_cast<float*>(g.y.data) + i * g.y.row_stride + j : line;
  const floats x = all_floats(x_scale);
  for (std::int64_t c = 0; c < count; c += lanes) {
    const int here = static_cast<int>(count - c < lanes ? count - c : lanes);
    floats bias = zero_floats();
    if (g.bias != nullptr)
      bias = here == lanes ? load_floats(g.bias + j + c) : load_floats(g.bias + j + c, here);
    const floats scale = multiply(x, load_floats(scales + c));
    const floats value = fused_multiply_add(load_sums(sums + c), scale, bias);
    if (here == lanes)
      store_floats(y + c, value);
    else
      store_floats(y + c, value, here);
  }
  if (!direct)
    for (std::int64_t c = 0; c < count; ++c) store_output(g.y, i, j + c, line[c]);
}
