// SPDX-License-Identifier: Apache-2.0
// bench/cpu/packing.cpp - a 4096 x 4096 weight packed a few times over.
#include "packing.hpp"

#include <stdexcept>

#include "qtl/backend/cpu/cpu_backend.hpp"
#include "qtl/base/buffer.hpp"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"

#include "../inputs.hpp"
#include "../paired_timing.hpp"

namespace qtl_bench {

namespace {

constexpr std::int64_t extent_of_weight = 4096;
constexpr int times = 7;

template<class Pair>
void measure(const std::string& name, const std::string& filter, const qtl::executor_ref& executor,
             std::vector<packing_result>& results) {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  packing_result r;
  r.name = "packing/" + name;
  if (r.name.find(filter) == std::string::npos) return;
  const auto weight = qtl::quantize<W>(random_matrix(extent_of_weight, extent_of_weight, 3));
  const qtl::weight_operand w = qtl::erase(weight.view());
  const auto key = qtl::make_gemm_key(qtl::describe_linear<W, A>(), qtl::output_kind::as_f32, w.k);
  const qtl::gemm_kernel* kernel = qtl::find_kernel<qtl::cpu_backend>(key);
  if (kernel == nullptr || kernel->packed_size == nullptr)
    throw std::runtime_error(r.name + ": no kernel of this machine packs it");
  const std::int64_t size = kernel->packed_size(key, w);
  auto packed = qtl::value_or_throw(qtl::buffer<std::byte>::make(size));
  std::vector<double> seconds;
  for (int i = 0; i <= times; ++i) {
    const double taken =
        seconds_of([&] { qtl::pack_weights(*kernel, key, w, packed.data(), executor); });
    if (i > 0) seconds.push_back(taken);  // the first run brings the pages
  }
  r.kernel = kernel->name.c_str();
  r.seconds = median(std::move(seconds));
  r.weights = static_cast<double>(w.n * w.k);
  r.bytes = static_cast<double>(w.n * w.row_bytes + size);
  results.push_back(std::move(r));
}

}  // namespace

std::vector<packing_result> measure_packing(const std::string& filter,
                                            const qtl::executor_ref& executor) {
  std::vector<packing_result> results;
  measure<qtl::w8a8>("w8a8", filter, executor, results);
  measure<qtl::w8a8_affine>("w8a8_affine", filter, executor, results);
  measure<qtl::w4a8>("w4a8", filter, executor, results);
  measure<qtl::w4a16>("w4a16", filter, executor, results);
  measure<qtl::w4a16_g32>("w4a16_g32", filter, executor, results);
  measure<qtl::fp8>("fp8", filter, executor, results);
  measure<qtl::nf4_a16>("nf4", filter, executor, results);
  return results;
}

}  // namespace qtl_bench
