// SPDX-License-Identifier: Apache-2.0
// docs/generate/support_matrix.cpp - prints docs/support_matrix.md: what there is, asked of the
// code itself.
// `./dev docs` writes the page, `./dev docs --check` fails where it is stale. A preset, format or
// kernel that joins its list appears here by itself; a scheme has no list in the library, so its
// name goes to `schemes` below.
#include <cstdio>
#include <string>

#include "qtl/backend/cpu/cpu_backend.hpp"
#include "qtl/backend/cpu/eigen_gemm.hpp"
#include "qtl/backend/cpu/integer_panels.hpp"
#include "qtl/backend/cpu/real_panels.hpp"
#include "qtl/format/formats.hpp"
#include "qtl/gpu/host/kernel_list.cuh"
#include "qtl/policy/presets.hpp"
#include "qtl/tensor/layout.hpp"

namespace {

constexpr std::int64_t extent = 4096;

using schemes = qtl::type_list<qtl::symmetric, qtl::symmetric_full_clamp, qtl::symmetric_half_step,
                               qtl::symmetric_full_range, qtl::affine, qtl::affine_as_is,
                               qtl::affine_float_shift, qtl::unscaled>;

template<class F, class S>
inline constexpr bool compiles = requires { typename qtl::policy<F, S>; };

template<qtl::QuantPolicy W>
double bits_per_weight() {
  const qtl::tensor_layout layout = qtl::value_or_throw(qtl::make_layout<W>(extent, extent));
  const std::int64_t bytes = layout.bytes() + (W::scale::two_levels ? 4 : 0);
  return 8.0 * static_cast<double>(bytes) / static_cast<double>(extent * extent);
}

// Every output for which the backend has a kernel.
std::string outputs_of(const qtl::linear_desc& pair) {
  std::string names;
  using enum qtl::output_kind;
  for (const qtl::output_kind output : {as_f32, as_f16, as_bf16, as_codes}) {
    if (qtl::find_kernel<qtl::cpu_backend>(qtl::make_gemm_key(pair, output, extent)) == nullptr)
      continue;
    names += names.empty() ? "" : ", ";
    names += qtl::to_string(output);
  }
  return names;
}

// The kernels of every machine: those of its best ISA, by family, and Eigen's where it has none.
std::string kernels_of(const qtl::gemm_key& key) {
  std::string names = qtl::integer_layout::fits(key) ? "integer_*, "
                      : qtl::real_layout::fits(key)  ? "real_*, "
                                                     : "";
  const qtl::gemm_kernel* eigen = qtl::find_kernel<qtl::eigen_backend>(key);
  return names + (eigen != nullptr ? eigen->name.c_str() : "none");
}

// The entries of the GPU backend that take the key, each with the architecture from which on.
std::string gpu_kernel_of(const qtl::gemm_key& key) {
  std::string name;
  qtl::for_each_type(qtl::gpu::gemm_entries{}, [&]<class Entry>() {
    if (!Entry::accepts(key)) return;
    name += (name.empty() ? std::string("`") : std::string("; `")) + Entry::name.c_str() + "`, " +
            qtl::gpu::to_string(Entry::least_target);
    if constexpr (requires { Entry::only_target; }) name += " only";
  });
  return name.empty() ? "none" : name;
}

template<class Pair>
void print_preset() {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  const qtl::linear_desc pair = qtl::describe_linear<W, A>();
  const qtl::gemm_key key = qtl::make_gemm_key(pair, qtl::output_kind::as_f32, extent);
  std::printf("| `%s` | `%s` | `%s` | %.3f | %s | %s | %s | %s |\n", Pair::name.c_str(),
              qtl::to_text(pair.weight).c_str(), qtl::to_text(pair.activation).c_str(),
              bits_per_weight<W>(), qtl::to_string(key.accumulator), kernels_of(key).c_str(),
              gpu_kernel_of(key).c_str(), outputs_of(pair).c_str());
}

void print_presets() {
  std::puts("## Presets\n");
  std::puts(
      "| preset | weights | activations | bits per weight | accumulation | CPU kernels | GPU kernel, from | outputs |");
  std::puts("|---|---|---|---:|---|---|---|---|");
  qtl::for_each_type(qtl::shipped_presets{}, []<class Pair>() { print_preset<Pair>(); });
  std::puts(
      "\n"
      "- *bits per weight* counts codes, scales and zero points of a 4096 x 4096 weight.\n"
      "- *accumulation* is the one of k = 4096; `docs/numerics.md` states each.\n"
      "- *CPU kernels*: the star stands for the best ISA of the machine (`docs/cpu.md`); Eigen's runs where there is none. "
      "`eigen_dequantize` is a fallback, correct but not fast; strict plans refuse it.\n"
      "- *GPU kernel*: what `gpu_backend` runs (`docs/gpu.md`); nothing falls back, so a layer of a pair with none is refused. "
      "Activations of 16 bits may be `f16` or `bf16`.\n"
      "- The output `codes` is any 8-bit `per_tensor` policy; on a GPU, one of integers that rounds to nearest even.\n");
}

template<class F>
void print_format() {
  std::printf("| `%s` | %d |", F::name.c_str(), F::bits);
  qtl::for_each_type(schemes{},
                     []<class S>() { std::fputs(compiles<F, S> ? " yes |" : " |", stdout); });
  std::puts("");
}

void print_formats() {
  std::puts("## Formats and schemes\n");
  std::puts(
      "`qtl::policy<format, scheme, ...>` compiles where it says yes; elsewhere the compiler prints why not.\n");
  std::fputs("| format | bits |", stdout);
  qtl::for_each_type(schemes{}, []<class S>() { std::printf(" %s |", S::name.c_str()); });
  std::fputs("\n|---|---:|", stdout);
  qtl::for_each_type(schemes{}, []<class S>() { std::fputs("---|", stdout); });
  std::puts("");
  qtl::for_each_type(qtl::shipped_formats{}, []<class F>() { print_format<F>(); });
  std::puts("\n`e8m0` holds scales only.");
}

}  // namespace

int main() {
  std::puts("# Support matrix\n");
  std::puts(
      "Written by `./dev docs` from the library's own lists (`docs/generate/support_matrix.cpp`). Do not edit.\n");
  print_presets();
  print_formats();
}
