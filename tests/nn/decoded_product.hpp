// SPDX-License-Identifier: Apache-2.0
// tests/nn/decoded_product.hpp - gemm/reference.hpp with its operands decoded once: the same sums
// in the same order, fast enough for every shape. The quick tests prove that both give the same
// bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "qtl/gemm/args.hpp"

namespace qtl_test {

/// The outputs of a product, as reference::element gives them.
class decoded_product {
 public:
  explicit decoded_product(const qtl::gemm_args& g) : g_(g) {
    if (g.key.accumulator == qtl::accumulation::real) {
      x_reals_ = g.x.codes == nullptr ? plain_reals(g.x) : reals(g.x, g.m());
      w_reals_ = reals(g.w, g.n());
    } else {
      x_differences_ = differences(g.x, g.m());
      w_differences_ = differences(g.w, g.n());
    }
  }

  /// Output (i, j) before it is rounded to the output format.
  float element(std::int64_t i, std::int64_t j) const {
    switch (g_.key.accumulator) {
      case qtl::accumulation::real:
        return static_cast<float>(real_sum(i, j) + double{g_.bias_at(j)});
      case qtl::accumulation::s32_grouped:
        return grouped_element(i, j);
      default:
        return qtl::fused_multiply_add(static_cast<float>(integer_sum(i, j, 0, g_.k())),
                                       g_.x.block_at(i, 0).scale * g_.w.block_at(j, 0).scale,
                                       g_.bias_at(j));
    }
  }

  /// sum |x||w| + |bias| of a product of reals: what its bound is stated in.
  double magnitude(std::int64_t i, std::int64_t j) const {
    const double* x = x_reals_.data() + i * g_.k();
    const double* w = w_reals_.data() + j * g_.k();
    double sum = std::fabs(double{g_.bias_at(j)});
    for (std::int64_t p = 0; p < g_.k(); ++p) sum += std::fabs(x[p] * w[p]);
    return sum;
  }

 private:
  // f(value, block) of every element, the values read row by row.
  template<class T, class Operand, class F>
  static std::vector<T> decode(const Operand& o, std::int64_t rows, F&& f) {
    std::vector<T> out(static_cast<std::size_t>(rows * o.k));
    std::vector<float> values(static_cast<std::size_t>(o.k));
    for (std::int64_t r = 0; r < rows; ++r) {
      o.elements.read(o.row(r), 0, o.k, values.data());
      for (std::int64_t p = 0; p < o.k;) {
        const qtl::block_values block = o.block_at(r, p);
        for (const std::int64_t end = o.block_end(p); p < end; ++p)
          out[static_cast<std::size_t>(r * o.k + p)] =
              f(values[static_cast<std::size_t>(p)], block);
      }
    }
    return out;
  }
  template<class Operand>
  static std::vector<double> reals(const Operand& o, std::int64_t rows) {
    return decode<double>(
        o, rows, [](float value, const qtl::block_values& b) { return double{b.real(value)}; });
  }
  template<class Operand>
  static std::vector<std::int32_t> differences(const Operand& o, std::int64_t rows) {
    return decode<std::int32_t>(o, rows, [](float value, const qtl::block_values& b) {
      return static_cast<std::int32_t>(value) - b.zero_point;
    });
  }
  static std::vector<double> plain_reals(const qtl::activation_operand& x) {
    std::vector<double> out;
    for (std::int64_t i = 0; i < x.m; ++i)
      for (std::int64_t p = 0; p < x.k; ++p) out.push_back(double{x.reals(i, p)});
    return out;
  }

  double real_sum(std::int64_t i, std::int64_t j) const {
    const double* x = x_reals_.data() + i * g_.k();
    const double* w = w_reals_.data() + j * g_.k();
    double sum = 0;
    for (std::int64_t p = 0; p < g_.k(); ++p) sum += x[p] * w[p];
    return sum;
  }
  std::int64_t integer_sum(std::int64_t i, std::int64_t j, std::int64_t first,
                           std::int64_t last) const {
    const std::int32_t* x = x_differences_.data() + i * g_.k();
    const std::int32_t* w = w_differences_.data() + j * g_.k();
    std::int64_t sum = 0;
    for (std::int64_t p = first; p < last; ++p) sum += std::int64_t{x[p]} * w[p];
    return sum;
  }

  float grouped_element(std::int64_t i, std::int64_t j) const {
    const bool x_grouped = g_.key.activation.block_cols != 0;
    const bool w_grouped = g_.key.weight.block_cols != 0;
    const std::int64_t segment = qtl::segment_length(g_.key.weight, g_.key.activation, g_.k());
    float acc = 0.0f;
    for (std::int64_t first = 0; first < g_.k(); first += segment) {
      const std::int64_t last = first + segment < g_.k() ? first + segment : g_.k();
      acc = qtl::fused_multiply_add(
          static_cast<float>(integer_sum(i, j, first, last)),
          scale_if(x_grouped, g_.x, i, first) * scale_if(w_grouped, g_.w, j, first), acc);
    }
    return qtl::fused_multiply_add(
        acc, scale_if(!x_grouped, g_.x, i, 0) * scale_if(!w_grouped, g_.w, j, 0), g_.bias_at(j));
  }
  // Element (r, p)'s scale where it is wanted here, else 1.
  template<class Operand>
  static float scale_if(bool wanted, const Operand& o, std::int64_t r, std::int64_t p) {
    return wanted ? o.block_at(r, p).scale : 1.0f;
  }

  const qtl::gemm_args& g_;
  std::vector<double> x_reals_;
  std::vector<double> w_reals_;
  std::vector<std::int32_t> x_differences_;
  std::vector<std::int32_t> w_differences_;
};

}  // namespace qtl_test
