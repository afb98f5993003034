// SPDX-License-Identifier: Apache-2.0
// tests/nn/checked_backend.hpp - a backend that runs the CPU's kernel and compares every output
// with the reference. Integer accumulations must agree in every bit, others within the bound that
// their kernel states.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "qtl/backend/cpu/cpu_backend.hpp"
#include "qtl/gemm/reference.hpp"

#include "nn/decoded_product.hpp"
#include "ops/test_matrix.hpp"

namespace qtl_test {

/// What outputs are compared with.
enum class oracle : std::uint8_t {
  reference,  ///< gemm/reference.hpp; allocates nothing
  decoded,    ///< decoded_product, for many large shapes
  both,       ///< and the two with each other
};

/// What checked_backend has seen since reset().
struct check_report {
  oracle compared_with = oracle::reference;
  std::int64_t compared = 0;
  std::int64_t wrong = 0;
  std::int64_t oracles_differ = 0;  ///< outputs of which they do
  std::int64_t nans = 0;
  double worst_ratio = 0;  ///< of error to bound, where there is a bound
  qtl::accumulation accumulator{};
  qtl::short_name kernel;

  static check_report& last() {
    static check_report report;
    return report;
  }
  static void reset(oracle with = oracle::reference) {
    last() = {};
    last().compared_with = with;
  }
};

/// The outputs as gemm/reference.hpp gives them, and what the bound of reals is stated in.
struct reference_product {
  const qtl::gemm_args& g;

  float element(std::int64_t i, std::int64_t j) const { return qtl::reference::element(g, i, j); }
  double magnitude(std::int64_t i, std::int64_t j) const {
    double sum = std::fabs(double{g.bias_at(j)});
    for (std::int64_t p = 0; p < g.k(); ++p)
      sum += std::fabs(double{qtl::reference::activation_real(g.x, i, p)} *
                       double{qtl::reference::weight_real(g.w, j, p)});
    return sum;
  }
};

/// Compares output (i, j) with what it should be. The bound of reals:
/// |y - expected| <= (k + 2) 2^-23 (sum |x||w| + |bias|)
template<class Oracle>
bool agrees(const qtl::gemm_args& g, const Oracle& oracle, std::int64_t i, std::int64_t j,
            check_report& report) {
  const float expected = oracle.element(i, j);
  const float y = static_cast<const float*>(g.y.data)[i * g.y.row_stride + j * g.y.col_stride];
  if (qtl::is_nan(expected) || qtl::is_nan(y)) {
    ++report.nans;
    return qtl::is_nan(expected) && qtl::is_nan(y);
  }
  if (g.key.accumulator != qtl::accumulation::real) return same_float(y, expected);
  if (y == expected) return true;
  const double bound = static_cast<double>(g.k() + 2) * 0x1p-23 * oracle.magnitude(i, j);
  const double ratio = std::fabs(double{y} - double{expected}) / bound;
  report.worst_ratio = std::fmax(report.worst_ratio, ratio);
  return ratio <= 1.0;
}

template<class Oracle>
void check_outputs(const qtl::gemm_args& g, const Oracle& oracle, check_report& report) {
  for (std::int64_t i = 0; i < g.m(); ++i)
    for (std::int64_t j = 0; j < g.n(); ++j) {
      ++report.compared;
      if (!agrees(g, oracle, i, j, report)) ++report.wrong;
    }
}

/// Counts the outputs and magnitudes that are not the same to the bit.
inline void compare_oracles(const qtl::gemm_args& g, const decoded_product& decoded,
                            check_report& report) {
  const reference_product specified{g};
  const bool is_real = g.key.accumulator == qtl::accumulation::real;
  for (std::int64_t i = 0; i < g.m(); ++i)
    for (std::int64_t j = 0; j < g.n(); ++j)
      if (!same_float(decoded.element(i, j), specified.element(i, j)) ||
          (is_real && decoded.magnitude(i, j) != specified.magnitude(i, j)))
        ++report.oracles_differ;
}

/// cpu_backend under supervision; for f32 outputs.
struct checked_backend {
  static constexpr qtl::short_name name = "checked";

  static void run(const qtl::gemm_args& g) {
    const qtl::gemm_kernel* kernel = qtl::find_kernel<qtl::cpu_backend>(g.key);
    kernel->run(g);
    check_report& report = check_report::last();
    report.accumulator = g.key.accumulator;
    report.kernel = kernel->name;
    if (report.compared_with == oracle::reference)
      return check_outputs(g, reference_product{g}, report);
    const decoded_product decoded(g);
    check_outputs(g, decoded, report);
    if (report.compared_with == oracle::both) compare_oracles(g, decoded, report);
  }
  static std::int64_t packed_size(const qtl::gemm_key& key, const qtl::weight_operand& w) {
    const qtl::gemm_kernel* kernel = qtl::find_kernel<qtl::cpu_backend>(key);
    return kernel->packed_size != nullptr ? kernel->packed_size(key, w) : 0;
  }
  static void pack(const qtl::gemm_key& key, const qtl::weight_operand& w, std::byte* packed) {
    const qtl::gemm_kernel* kernel = qtl::find_kernel<qtl::cpu_backend>(key);
    if (kernel->pack != nullptr) kernel->pack(key, w, packed);
  }
  static std::int64_t workspace_size(const qtl::gemm_key& key, const qtl::gemm_shape& shape) {
    return qtl::find_kernel<qtl::cpu_backend>(key)->workspace_size(key, shape);
  }
  static std::span<const qtl::gemm_kernel> kernels() {
    static constexpr std::array<qtl::gemm_kernel, 1> list{
        qtl::gemm_kernel{.name = "checked",
                         .supports = [](const qtl::gemm_key&) { return true; },
                         .packed_size = packed_size,
                         .pack = pack,
                         .workspace_size = workspace_size,
                         .run = run}};
    return list;
  }
};

}  // namespace qtl_test
