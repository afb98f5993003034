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

namespace qtl_test {

/// What checked_backend has seen since reset().
struct check_report {
  std::int64_t compared = 0;
  std::int64_t wrong = 0;
  std::int64_t nans = 0;
  double worst_ratio = 0;  ///< of error to bound, where there is a bound
  qtl::accumulation accumulator{};
  qtl::short_name kernel;

  static check_report& last() {
    static check_report report;
    return report;
  }
  static void reset() { last() = {}; }
};

// |y - reference| <= (k + 2) 2^-23 (sum |x||w| + |bias|)
inline double error_bound(const qtl::gemm_args& g, std::int64_t i, std::int64_t j) {
  double sum = std::fabs(double{g.bias_at(j)});
  for (std::int64_t p = 0; p < g.k(); ++p)
    sum += std::fabs(double{qtl::reference::activation_real(g.x, i, p)} *
                     double{qtl::reference::weight_real(g.w, j, p)});
  return static_cast<double>(g.k() + 2) * 0x1p-23 * sum;
}

inline bool agrees(const qtl::gemm_args& g, std::int64_t i, std::int64_t j, check_report& report) {
  const float expected = qtl::reference::element(g, i, j);
  const float y = static_cast<const float*>(g.y.data)[i * g.y.row_stride + j * g.y.col_stride];
  if (qtl::is_nan(expected) || qtl::is_nan(y)) {
    ++report.nans;
    return qtl::is_nan(expected) && qtl::is_nan(y);
  }
  if (g.key.accumulator != qtl::accumulation::real)
    return qtl::float_bits(y) == qtl::float_bits(expected);
  if (y == expected) return true;
  const double bound = error_bound(g, i, j);
  const double ratio = std::fabs(double{y} - double{expected}) / bound;
  report.worst_ratio = std::fmax(report.worst_ratio, ratio);
  return ratio <= 1.0;
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
    for (std::int64_t i = 0; i < g.m(); ++i)
      for (std::int64_t j = 0; j < g.n(); ++j) {
        ++report.compared;
        if (!agrees(g, i, j, report)) ++report.wrong;
      }
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
