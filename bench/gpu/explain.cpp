// SPDX-License-Identifier: Apache-2.0
// bench/gpu/explain.cpp - the candidates of every kernel with what the model says of them.
#include "explain.hpp"

#include <algorithm>
#include <ostream>
#include <vector>

#include "qtl/core.hpp"
#include "qtl/gpu/host/kernel_list.cuh"

namespace qtl_bench {

namespace {

namespace gpu = qtl::gpu;

/// A candidate of one kernel family.
struct priced {
  qtl::fixed_text<64> what;
  double cycles = 0;
};

// As product_entry.cuh has it.
template<class Family>
gpu::product_shape product_of(const qtl::gemm_key& key, const shape& s) {
  gpu::product_shape p;
  p.m = s.m;
  p.n = s.n;
  p.k = s.k;
  p.unit = Family::unit;
  p.x_bits = key.activation.bits;
  p.w_bits = key.weight.bits;
  return p;
}

template<class Family>
std::vector<priced> price_all(const qtl::gemm_key& key, const shape& s,
                              const qtl::device_facts& device) {
  const gpu::product_shape p = product_of<Family>(key, s);
  std::vector<priced> all;
  for (const gpu::tile_sizes& t : Family::tilings)
    for (const int splits : gpu::split_counts)
      if (gpu::is_legal(p, t, splits, device))
        all.push_back({gpu::variant_text(t, splits), gpu::modelled_cycles(p, t, splits, device)});
  std::stable_sort(all.begin(), all.end(),
                   [](const priced& a, const priced& b) { return a.cycles < b.cycles; });
  return all;
}

template<class Family>
void explain_candidates(std::ostream& out, const qtl::gemm_key& key, const shape& s,
                        const qtl::device_facts& device) {
  constexpr std::size_t shown = 8;
  const std::vector<priced> all = price_all<Family>(key, s, device);
  out << "  " << qtl::short_name(Family::name).view() << ": " << all.size() << " candidates\n";
  for (std::size_t i = 0; i < std::min(shown, all.size()); ++i)
    out << (i == 0 ? "   > " : "     ") << all[i].what.view() << ": "
        << static_cast<std::int64_t>(all[i].cycles) << " cycles\n";
}

/// Satisfied by an entry that chooses among listed sizes with select.hpp's model.
template<class E>
concept Modelled = requires {
  E::unit;
  E::tilings;
};

template<class Entry>
bool is_listed(int target) {
  if constexpr (requires { Entry::only_target; })
    if (target != static_cast<int>(Entry::only_target)) return false;
  return target >= static_cast<int>(Entry::least_target);
}

template<class Entry>
void explain(std::ostream& out, const qtl::gemm_key& key, const shape& s,
             const qtl::device_facts& device) {
  if (!is_listed<Entry>(device.target) || !Entry::accepts(key)) return;
  if constexpr (Modelled<Entry>)
    explain_candidates<Entry>(out, key, s, device);
  else
    out << "  " << qtl::short_name(Entry::name).view() << ": "
        << gpu::gemm_kernel_of<Entry>().variant(key, {s.m, s.n, s.k, 1, &device}).view()
        << ", by a rule of its own\n";
}

template<class... Families>
void explain_all(qtl::type_list<Families...>, std::ostream& out, const qtl::gemm_key& key,
                 const shape& s, const qtl::device_facts& device) {
  (explain<Families>(out, key, s, device), ...);
}

template<class... Presets>
void explain_case(std::ostream& out, const bench_case& c, const qtl::device_facts& device) {
  const auto one = [&]<class Preset>() {
    if (c.family != Preset::name.view()) return;
    const qtl::gemm_key key = qtl::make_gemm_key(
        qtl::describe_linear<typename Preset::weight, typename Preset::activation>(),
        qtl::output_kind::as_bf16, c.extents.k);
    out << c.name() << '\n';
    explain_all(gpu::gemm_entries{}, out, key, c.extents, device);
  };
  (one.template operator()<Presets>(), ...);
}

}  // namespace

void print_explanations(std::ostream& out, const std::vector<bench_case>& cases,
                        const qtl::device_facts& device) {
  for (const bench_case& c : cases)
    explain_case<qtl::w8a8, qtl::w8a8_affine, qtl::fp8, qtl::w4a16, qtl::w4a16_affine, qtl::nf4_a16,
                 qtl::w8a16, qtl::w4a8, qtl::w4a4>(out, c, device);
}

}  // namespace qtl_bench
