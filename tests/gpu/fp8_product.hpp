// SPDX-License-Identifier: Apache-2.0
// tests/gpu/fp8_product.hpp - products of FP8 codes: a kernel against the double reference, within
// its bound.
#pragma once

#include <cmath>

#include "qtl/gpu/kernel/gemm_fp8.cuh"

#include "gpu/product_cases.hpp"
#include "gpu/real_output.hpp"

namespace qtl_test {

/// What a random code may be.
enum class fp8_range {
  all,       ///< every finite value: sums are of a few large products
  positive,  ///< from 1 to 2: cut-off bits all have one sign
};

/// Random codes of X and W, and NaN behind every row.
template<class X, class W>
struct fp8_product {
  std::mt19937 random;
  code_rows x, w;
  product_values values;
  std::int64_t scale_rows;  ///< of weights that share a scale for 128 columns; 0: the same for all
  std::vector<float> x_blocks, w_blocks;  ///< scales of blocks; empty: none
  device_array<float> d_x_blocks, d_w_blocks;
  gemm_args args;

  fp8_product(const product_shape& s, const finish_case& f, row_alignment alignment, unsigned seed,
              fp8_range range = fp8_range::all, std::int64_t rows_of_scale = 0)
      : random(seed), x(s.m, s.k, alignment, random), w(s.n, s.k, alignment, random),
        values(s, f, random), scale_rows(rows_of_scale) {
    fill_codes<X>(x, range);
    fill_codes<W>(w, range);
    shrink_scales(range);
    if (scale_rows != 0) choose_blocks();
    describe();
  }

  gpu::product_params params() const {
    gpu::product_params p;
    p.x = x.view();
    p.w = w.view();
    return p;
  }
  /// The scales of blocks, in a kernel's params. Groups of single rows lie m or n apart.
  template<class Params>
  void put_scales(Params& p) const {
    p.x_scales = {d_x_blocks.data(), values.shape.m};
    if constexpr (requires { p.w_scales.row_stride; })
      p.w_scales = {d_w_blocks.data(), groups(), 1};
    else
      p.w_scales = {d_w_blocks.data(), values.shape.n};
  }

  std::int64_t groups() const { return ceil_div<std::int64_t>(values.shape.k, 128); }

  /// The output before the function, in double, and the sum of magnitudes that bounds are of.
  double exact(std::int64_t i, std::int64_t j) const { return sum(i, j, false) + bias(j); }
  double magnitudes(std::int64_t i, std::int64_t j) const { return sum(i, j, true); }
  double bias(std::int64_t j) const { return static_cast<double>(args.bias_at(j)); }

 private:
  std::vector<float> token_scales;

  std::vector<double> x_reals, w_reals;

  double sum(std::int64_t i, std::int64_t j, bool of_magnitudes) const {
    const double* a = x_reals.data() + i * values.shape.k;
    const double* b = w_reals.data() + j * values.shape.k;
    double total = 0;
    for (std::int64_t p = 0; p < values.shape.k; ++p)
      total += of_magnitudes ? std::fabs(a[p] * b[p]) : a[p] * b[p];
    // The scales of the epilogue, where those of the operands are of blocks.
    if (!x_blocks.empty())
      total *= static_cast<double>(token_scales[static_cast<std::size_t>(i)]) *
               static_cast<double>(
                   values.scale_w[values.finish.per_channel ? static_cast<std::size_t>(j) : 0]);
    return total;
  }

  template<class F>
  void fill_codes(code_rows& rows, fp8_range range) {
    for (std::uint8_t& byte : rows.host) byte = 0x7F;
    for (std::int64_t i = 0; i < rows.rows; ++i)
      for (std::int64_t p = 0; p < rows.bytes; ++p) {
        std::uint8_t& code = rows.row(i)[p];
        do code = static_cast<std::uint8_t>(random());
        while (!is_finite(F::decode(code)));
        if (range == fp8_range::positive)
          code = F::encode(1.0f + static_cast<float>(code % 8) / 8.0f);
      }
    rows.upload();
  }

  /// Outputs of a few units: functions and codes are then exercised where they are interesting.
  void shrink_scales(fp8_range range) {
    if (range == fp8_range::positive) return;
    const float largest = X::decode(static_cast<std::uint8_t>(X::max_code));
    for (float& scale : values.scale_x) scale /= largest * std::sqrt(static_cast<float>(args_k()));
    values.d_scale_x.upload(values.scale_x);
    const float w_largest = W::decode(static_cast<std::uint8_t>(W::max_code));
    for (float& scale : values.scale_w) scale *= 4000.0f / w_largest;
    values.d_scale_w.upload(values.scale_w);
  }
  std::int64_t args_k() const { return values.shape.k; }

  void choose_blocks() {
    std::uniform_real_distribution<float> scale(0.25f, 4.0f);
    x_blocks.resize(static_cast<std::size_t>(values.shape.m * groups()));
    w_blocks.resize(static_cast<std::size_t>(ceil_div(values.shape.n, scale_rows) * groups()));
    for (float& s : x_blocks) s = scale(random);
    for (float& s : w_blocks) s = scale(random);
    d_x_blocks = device_array<float>(by_group(x_blocks, values.shape.m));
    d_w_blocks =
        device_array<float>(scale_rows == 1 ? by_group(w_blocks, values.shape.n) : w_blocks);
  }
  /// Groups of `rows` scales instead of rows of groups.
  std::vector<float> by_group(const std::vector<float>& by_row, std::int64_t rows) const {
    std::vector<float> all(by_row.size());
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t g = 0; g < groups(); ++g)
        all[static_cast<std::size_t>(g * rows + i)] =
            by_row[static_cast<std::size_t>(i * groups() + g)];
    return all;
  }

  void describe() {
    const product_shape& s = values.shape;
    token_scales = values.finish.per_token
                       ? values.scale_x
                       : std::vector(static_cast<std::size_t>(s.m), values.scale_x[0]);
    const bool in_blocks = !x_blocks.empty();
    args.x.m = s.m;
    args.x.k = s.k;
    args.x.codes = x.codes();
    args.x.row_bytes = x.stride;
    args.x.elements = reader_of<X>();
    args.x.scales = in_blocks ? x_blocks.data() : token_scales.data();
    args.x.groups = in_blocks ? groups() : 1;
    args.x.group_cols = in_blocks ? 128 : s.k;
    args.w.codes = w.codes();
    args.w.n = s.n;
    args.w.k = s.k;
    args.w.row_bytes = w.stride;
    args.w.elements = reader_of<W>();
    args.w.scales =
        reinterpret_cast<const std::byte*>(in_blocks ? w_blocks.data() : values.scale_w.data());
    args.w.scale_elements = reader_of<f32>();
    args.w.grid = in_blocks ? make_block_grid(s.n, s.k, scale_rows, 128)
                            : make_block_grid(s.n, s.k, values.finish.per_channel ? 1 : 0, 0);
    if (values.finish.bias) args.bias = values.bias.data();
    for (std::int64_t i = 0; i < s.m; ++i)
      for (std::int64_t p = 0; p < s.k; ++p)
        x_reals.push_back(static_cast<double>(reference::activation_real(args.x, i, p)));
    for (std::int64_t j = 0; j < s.n; ++j)
      for (std::int64_t p = 0; p < s.k; ++p)
        w_reals.push_back(static_cast<double>(reference::weight_real(args.w, j, p)));
  }
};

/// Rows of weights that share a scale of kernel K; 0 where scales are constant along k.
template<class K>
constexpr std::int64_t scale_rows_of() {
  if constexpr (requires { K::scale_rows; })
    return K::scale_rows;
  else
    return 0;
}

/// The bound of output (i, j): `error` times the sum of magnitudes; the reference's operands and
/// the product of scales, each rounded to f32; bias, function and output.
template<class Product>
double bound_at(const Product& p, double error, std::int64_t i, std::int64_t j) {
  const double y = p.exact(i, j);
  const double before =
      (error + 0x1p-21) * p.magnitudes(i, j) + 0x1p-23 * (std::fabs(y) + std::fabs(p.bias(j)));
  return output_bound(p.values.epilogue(nullptr), y, before);
}

/// The largest error over its bound in a product that was stored as bytes.
template<class Product>
double worst_error(const Product& p, double error, const std::vector<std::uint8_t>& bytes) {
  double worst = 0;
  const gpu::epilogue_params e = p.values.epilogue(nullptr);
  for (std::int64_t i = 0; i < p.values.shape.m; ++i)
    for (std::int64_t j = 0; j < p.values.shape.n; ++j) {
      const double f = exact_function(p.values.finish.function, p.exact(i, j));
      const std::int64_t at = i * e.row_stride + j * e.col_stride;
      const double off = std::fabs(stored_real(e, bytes.data(), at) - reachable(e, f));
      const double ratio = off == 0 ? 0 : off / bound_at(p, error, i, j);
      if (!(ratio <= worst)) worst = ratio;  // NaN stays
    }
  return worst;
}

}  // namespace qtl_test
