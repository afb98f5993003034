// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/reference.hpp - the specification of every kernel: plain loops, slow and obvious.
// Integer accumulations are specified to the bit; `real` sums in double, and other kernels state a
// bound against it. When fast code and this file differ, the fast code is wrong.
#pragma once

#include <array>

#include "qtl/gemm/kernel.hpp"

namespace qtl::inline v0 {

namespace reference {

/// sum over columns [first, last) of (code_x - zero_point_x) * (code_w - zero_point_w)
inline std::int64_t integer_dot(const gemm_args& g, std::int64_t i, std::int64_t j,
                                std::int64_t first, std::int64_t last) {
  const std::int64_t zero_x = g.x.block_at(i, first).zero_point;
  const std::int64_t zero_w = g.w.block_at(j, first).zero_point;
  std::int64_t sum = 0;
  for (std::int64_t p = first; p < last; ++p) {
    float code_x = 0;
    float code_w = 0;
    g.x.elements.read(g.x.row(i), p, 1, &code_x);
    g.w.elements.read(g.w.row(j), p, 1, &code_w);
    sum +=
        (static_cast<std::int64_t>(code_x) - zero_x) * (static_cast<std::int64_t>(code_w) - zero_w);
  }
  return sum;
}

/// s32 and s64: y = fma(float(acc), scale_x * scale_w, bias)
inline float integer_element(const gemm_args& g, std::int64_t i, std::int64_t j) {
  const std::int64_t acc = integer_dot(g, i, j, 0, g.k());
  return fused_multiply_add(static_cast<float>(acc),
                            g.x.block_at(i, 0).scale * g.w.block_at(j, 0).scale, g.bias_at(j));
}

/// s32_grouped: scales that change along k enter per segment, ascending; those that do not enter
/// once at the end.
inline float grouped_element(const gemm_args& g, std::int64_t i, std::int64_t j) {
  const bool x_grouped = g.key.activation.block_cols != 0;
  const bool w_grouped = g.key.weight.block_cols != 0;
  const std::int64_t segment = segment_length(g.key.weight, g.key.activation, g.k());
  float acc = 0.0f;
  for (std::int64_t first = 0; first < g.k(); first += segment) {
    const std::int64_t last = first + segment < g.k() ? first + segment : g.k();
    const float scale_x = x_grouped ? g.x.block_at(i, first).scale : 1.0f;
    const float scale_w = w_grouped ? g.w.block_at(j, first).scale : 1.0f;
    acc = fused_multiply_add(static_cast<float>(integer_dot(g, i, j, first, last)),
                             scale_x * scale_w, acc);
  }
  const float scale_x = x_grouped ? 1.0f : g.x.block_at(i, 0).scale;
  const float scale_w = w_grouped ? 1.0f : g.w.block_at(j, 0).scale;
  return fused_multiply_add(acc, scale_x * scale_w, g.bias_at(j));
}

/// The real that activation (i, p) stands for, rounded to f32.
inline float activation_real(const activation_operand& x, std::int64_t i, std::int64_t p) {
  if (x.codes == nullptr) return x.reals(i, p);
  float value = 0;
  x.elements.read(x.row(i), p, 1, &value);
  return x.block_at(i, p).real(value);
}

/// The real that weight (j, p) stands for, rounded to f32.
inline float weight_real(const weight_operand& w, std::int64_t j, std::int64_t p) {
  float value = 0;
  w.elements.read(w.row(j), p, 1, &value);
  return w.block_at(j, p).real(value);
}

/// real: y = float(sum of double(x) * double(w) + bias)
inline float real_element(const gemm_args& g, std::int64_t i, std::int64_t j) {
  double sum = 0;
  for (std::int64_t p = 0; p < g.k(); ++p)
    sum += static_cast<double>(activation_real(g.x, i, p)) *
           static_cast<double>(weight_real(g.w, j, p));
  return static_cast<float>(sum + static_cast<double>(g.bias_at(j)));
}

/// Output element (i, j) before it is rounded to the output format.
inline float element(const gemm_args& g, std::int64_t i, std::int64_t j) {
  switch (g.key.accumulator) {
    case accumulation::s32:
    case accumulation::s64:
      return integer_element(g, i, j);
    case accumulation::s32_grouped:
      return grouped_element(g, i, j);
    case accumulation::real:
      return real_element(g, i, j);
  }
  return 0.0f;
}

/// The product, element by element.
inline void run(const gemm_args& g) {
  for (std::int64_t i = 0; i < g.m(); ++i)
    for (std::int64_t j = 0; j < g.n(); ++j) store_output(g.y, i, j, element(g, i, j));
}

/// The reference as a kernel: supports every key, refused in strict mode.
inline constexpr gemm_kernel kernel{
    .name = "reference",
    .is_fallback = true,
    .supports = [](const gemm_key&) { return true; },
    .workspace_size = [](const gemm_key&, const gemm_shape&) { return std::int64_t{0}; },
    .run = run,
};

}  // namespace reference

/// Plain loops for every pair of policies: what all other backends are compared with.
struct reference_backend {
  static constexpr short_name name = "reference";
  static std::span<const gemm_kernel> kernels() {
    static constexpr std::array<gemm_kernel, 1> list{reference::kernel};
    return list;
  }
};

}  // namespace qtl::inline v0
