// SPDX-License-Identifier: Apache-2.0
// bench/gpu/explain.cpp - the candidates of the kernels that a layer may run, as the model sees
// them.
#include "explain.hpp"

#include <ostream>
#include <vector>

#include "qtl/core.hpp"
#include "qtl/gpu/host/explain.hpp"
#include "qtl/gpu/host/kernel_group.cuh"
#include "qtl/gpu/host/kernel_list.cuh"

namespace qtl_bench {

namespace {

namespace gpu = qtl::gpu;

/// Satisfied by an entry that chooses among listed sizes with the library's model. Why: one with a
/// rule of its own has no candidates to show.
template<class E>
concept Modelled = requires(const qtl::gemm_key& key, const qtl::gemm_shape& s,
                            void (*f)(gpu::candidate_list)) { E::for_each_list(key, s, f); };

template<class Entry>
void explain(std::ostream& out, const qtl::gemm_key& key, const qtl::gemm_shape& s) {
  out << qtl::short_name(Entry::name).view() << '\n';
  if constexpr (Modelled<Entry>) {
    std::vector<gpu::candidate_list> lists;
    Entry::for_each_list(key, s, [&](const gpu::candidate_list& list) { lists.push_back(list); });
    out << gpu::explain_choice(lists, *s.device) << '\n';
  } else {
    qtl::gemm_plan plan;
    Entry::plan(key, s, plan);
    out << plan.variant.view() << ", by a rule of its own\n\n";
  }
}

// Of the first entry that takes the key: a layer runs that one.
template<class... Entries>
void explain_first(qtl::type_list<Entries...>, std::ostream& out, const qtl::gemm_key& key,
                   const qtl::gemm_shape& s) {
  bool done = false;
  const auto one = [&]<class Entry>() {
    if (done || !gpu::is_listed<Entry>(s.device->target) || !Entry::accepts(key)) return;
    explain<Entry>(out, key, s);
    done = true;
  };
  (one.template operator()<Entries>(), ...);
  if (!done) out << "no kernel of this device multiplies so\n\n";
}

template<class... Presets>
void explain_case(std::ostream& out, const bench_case& c, const qtl::device_facts& device) {
  const shape& e = c.extents;
  const auto one = [&]<class Preset>() {
    if (c.family != Preset::name.view()) return;
    const qtl::gemm_key key = qtl::make_gemm_key(
        qtl::describe_linear<typename Preset::weight, typename Preset::activation>(),
        qtl::output_kind::as_bf16, e.k);
    out << "## " << c.name() << (c.model.empty() ? "" : " (" + c.model + ")") << '\n';
    explain_first(gpu::gemm_entries{}, out, key, {e.m, e.n, e.k, 1, &device});
  };
  (one.template operator()<Presets>(), ...);
}

constexpr int kilobyte = 1024;
constexpr int megabyte = 1024 * kilobyte;

}  // namespace

std::optional<qtl::device_facts> described_device(const std::string& name) {
  if (name == "a100") return {{"A100", 800, 800, 108, 163 * kilobyte, 40 * megabyte}};
  if (name == "l40s") return {{"L40S", 890, 890, 142, 99 * kilobyte, 96 * megabyte}};
  if (name == "h100") return {{"H100", 900, 900, 132, 227 * kilobyte, 50 * megabyte}};
  if (name == "b200") return {{"B200", 1000, 1000, 148, 227 * kilobyte, 126 * megabyte}};
  if (name == "rtx5090") return {{"RTX 5090", 1200, 1200, 170, 99 * kilobyte, 96 * megabyte}};
  return std::nullopt;
}

void print_explanations(std::ostream& out, const std::vector<bench_case>& cases,
                        const qtl::device_facts& device) {
  out << device.name.view() << ": " << device.multiprocessors << " multiprocessors, "
      << device.l2_bytes << " bytes of L2. docs/benchmarks_gpu.md says how to read this.\n\n";
  for (const bench_case& c : cases)
    explain_case<qtl::w8a8, qtl::w8a8_affine, qtl::fp8, qtl::fp8_block, qtl::w4a16,
                 qtl::w4a16_affine, qtl::nf4_a16, qtl::w8a16, qtl::w4a8, qtl::w4a4>(out, c, device);
}

}  // namespace qtl_bench
