// SPDX-License-Identifier: Apache-2.0
// tests/gpu/integer_product.hpp - products of integer codes: a kernel against the reference, bit
// for bit.
#pragma once

#include <string>

#include "gpu/product_cases.hpp"

namespace qtl_test {

/// Random codes of X and W in all of their range.
template<class X, class W>
struct integer_product {
  std::mt19937 random;
  code_rows x, w;
  product_values values;
  gemm_args args;

  integer_product(const product_shape& s, const finish_case& f, row_alignment alignment,
                  unsigned seed)
      : random(seed), x(s.m, packed_bytes(s.k, X::bits), alignment, random),
        w(s.n, packed_bytes(s.k, W::bits), alignment, random), values(s, f, random) {
    // Beyond an odd k, the nibbles of x are zero and those of w are anything.
    if (X::bits == 4 && s.k % 2 != 0)
      for (std::int64_t i = 0; i < s.m; ++i) x.row(i)[x.bytes - 1] &= 0x0F;
    x.upload();
    w.upload();
    describe();
    values.choose_zero_points(random, lowest<X>(), highest<X>(), lowest<W>(), highest<W>());
    values.sum_codes(args);
    values.upload_zero_points();
    describe();
  }

  template<class F>
  static constexpr int lowest() {
    return std::is_signed_v<code_type<F>> ? -(1 << (F::bits - 1)) : 0;
  }
  template<class F>
  static constexpr int highest() {
    return lowest<F>() + (1 << F::bits) - 1;
  }

  /// Codes and zero points whose sums are as large as they can be: first rows at the highest with
  /// the lowest zero point, last ones the other way round, columns in turn.
  void fill_extremes() {
    const product_shape& s = values.shape;
    for (std::int64_t i = 0; i < s.m; ++i)
      std::memset(x.row(i), i == 0 ? 0xFF : 0, static_cast<std::size_t>(x.bytes));
    for (std::int64_t j = 0; j < s.n; ++j)
      std::memset(w.row(j), j % 2 == 0 ? 0xFF : 0, static_cast<std::size_t>(w.bytes));
    for (std::int64_t i = 0; i < s.m; ++i)
      values.zero_x[static_cast<std::size_t>(i)] = i == 0 ? 0 : 255;
    for (std::int64_t j = 0; j < s.n; ++j)
      values.zero_w[static_cast<std::size_t>(j)] = j % 2 == 0 ? 0 : 255;
    x.upload();
    w.upload();
    describe();
    values.sum_codes(args);
    values.upload_zero_points();
  }

  std::vector<std::uint8_t> expected() const {
    std::vector<std::uint8_t> bytes = values.unwritten();
    for (std::int64_t i = 0; i < values.shape.m; ++i)
      for (std::int64_t j = 0; j < values.shape.n; ++j)
        if (values.finish.kind == gpu::stored_as::s32)
          values.store_sum(
              bytes, i, j,
              static_cast<std::int32_t>(reference::integer_dot(args, i, j, 0, args.k())));
        else
          values.store(bytes, i, j, reference::element(args, i, j));
    return bytes;
  }

  gpu::product_params params() const {
    gpu::product_params p;
    p.x = x.view();
    p.w = w.view();
    return p;
  }

 private:
  std::vector<float> token_scales;
  std::vector<std::int32_t> token_zeros;

  /// Fills in what the reference reads; per-tensor parameters are the same for every token.
  void describe() {
    const product_shape& s = values.shape;
    const auto m = static_cast<std::size_t>(s.m);
    token_scales = values.finish.per_token ? values.scale_x : std::vector(m, values.scale_x[0]);
    token_zeros = !values.finish.zero_x     ? std::vector<std::int32_t>(m)
                  : values.finish.per_token ? values.zero_x
                                            : std::vector(m, values.zero_x[0]);
    args.key.accumulator = accumulation::s32;
    args.x.m = s.m;
    args.x.k = s.k;
    args.x.codes = x.codes();
    args.x.row_bytes = x.stride;
    args.x.elements = reader_of<X>();
    args.x.scales = token_scales.data();
    args.x.zero_points = token_zeros.data();
    args.x.group_cols = s.k > 0 ? s.k : 1;
    args.w.codes = w.codes();
    args.w.n = s.n;
    args.w.k = s.k;
    args.w.row_bytes = w.stride;
    args.w.elements = reader_of<W>();
    args.w.scales = reinterpret_cast<const std::byte*>(values.scale_w.data());
    args.w.scale_elements = reader_of<f32>();
    args.w.grid = make_block_grid(s.n, s.k, values.finish.per_channel ? 1 : 0, 0);
    if (values.finish.zero_w) {
      args.w.offsets = reinterpret_cast<const std::byte*>(values.zero_w.data());
      args.w.offset_kind = offset_encoding::int32;
      if (!values.finish.per_channel) args.w.grid = make_block_grid(s.n, s.k, 1, 0);
    }
    if (values.finish.bias) args.bias = values.bias.data();
  }
};

/// Epilogues in every combination that a key can ask for, one after another.
inline finish_case finish_number(int number) {
  using enum activation_function;
  constexpr activation_function functions[] = {none, relu, gelu, silu, gelu_tanh};
  finish_case f;
  f.kind = static_cast<gpu::stored_as>(number % 5);
  f.function = functions[number / 5 % 5];
  f.per_token = number % 2 != 0;
  f.per_channel = number % 3 != 0;
  f.bias = number % 4 != 0;
  f.zero_x = number % 7 > 2;
  f.zero_w = f.per_channel && number % 9 > 4;
  f.signed_codes = number % 10 < 5;
  f.column_major = number % 13 == 12;
  f.padded = number % 11 < 6;
  return f;
}

/// K equals the reference in a product of this shape.
template<class K, class X, class W>
void check_integer_product(const product_shape& s, const finish_case& f, row_alignment alignment,
                           unsigned seed, int splits = 1) {
  const std::string kernel(K::name.view());
  const std::string function(to_string(f.function));
  CAPTURE(kernel);
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  CAPTURE(static_cast<int>(f.kind));
  CAPTURE(function);
  CAPTURE(static_cast<int>(alignment));
  CAPTURE(splits);
  const integer_product<X, W> product(s, f, alignment, seed);
  CHECK(run_product<K>(product.params(), product.values, splits, splits > 1 ? 2 : 1) ==
        product.expected());
}

/// K equals the reference in all that it can be asked for.
template<class Product>
void cover_integer_product(coverage_of how) {
  using K = typename Product::kernel;
  cover<K>(how, true, [](const covered_case& c) {
    check_integer_product<K, typename Product::x, typename Product::w>(c.shape, c.finish,
                                                                       c.alignment, c.number);
  });
}

}  // namespace qtl_test
