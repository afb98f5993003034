// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/product_entry.cuh - the functions of a gemm_kernel for a family of kernels that differ in tile sizes.
// Holds: product_shape_of, product_entry<Family>, the concept ProductFamily. To add a family: a struct as the concept names it.
#pragma once

#include "qtl/gpu/host/kernel_entry.cuh"

namespace qtl::inline v0::gpu {

/// Satisfied by a struct with `name`, `unit`, `least_target`, `kernels` (a type_list), `tilings`
/// (their sizes, in the same order), accepts(key), packed_size and pack, and params<K>(args,
/// split).
/// Why: what remains (choosing, workspace, launching) is the same for all.
template<class F>
concept ProductFamily = requires(const gemm_key& key, const gemm_args& args, const split_k& split) {
  typename F::kernels;
  { F::name } -> std::convertible_to<short_name>;
  { F::unit } -> std::convertible_to<arithmetic_unit>;
  { F::least_target } -> std::convertible_to<gpu_target>;
  { std::span<const tile_sizes>(F::tilings) };
  { F::accepts(key) } -> std::same_as<bool>;
} || unsatisfied<"a family has name, unit, least_target, kernels, tilings and accepts(key)", F>;

/// A product as the model sees it.
inline product_shape product_shape_of(const gemm_key& key, const gemm_shape& s,
                                      arithmetic_unit unit) {
  product_shape p;
  p.m = s.m;
  p.n = s.n;
  p.k = s.k;
  p.unit = unit;
  p.x_bits = key.activation.bits;
  p.w_bits = key.weight.bits;
  return p;
}

/// An entry: Family's packing, and the choice among its kernels.
template<ProductFamily Family>
struct product_entry : Family {
  /// What the model is asked.
  static product_shape shape_of(const gemm_key& key, const gemm_shape& s) {
    return product_shape_of(key, s, Family::unit);
  }
  /// What it answers.
  static tile_choice choose(const gemm_key& key, const gemm_shape& s) {
    return select_tiles(shape_of(key, s), Family::tilings, *s.device);
  }

  static void plan(const gemm_key& key, const gemm_shape& s, gemm_plan& plan) {
    write_plan(choose(key, s), s, plan);
  }
  /// What a choice means for a run.
  static void write_plan(const tile_choice& choice, const gemm_shape& s, gemm_plan& plan) {
    plan.choice = choice.index;
    plan.splits = choice.splits;
    plan.variant = "none";
    if (choice.index < 0) return;
    plan.workspace_size = memory_of(tiling(plan), plan.splits, s.m, s.n).bytes();
    plan.variant = variant_text(tiling(plan), plan.splits);
  }

  /// Calls f(candidate_list): what explain_choice() is asked.
  template<class F>
  static void for_each_list(const gemm_key& key, const gemm_shape& s, F&& f) {
    f(candidate_list{"mma", shape_of(key, s), Family::tilings});
  }

  static status run(const gemm_args& g, gemm_plan& plan) {
    if (plan.choice < 0)
      return failure(error_code::unsupported, "device",
                     "no tile size of the kernel fits its shared memory");
    const result<split_k> split = memory_of(tiling(plan), plan.splits, g.m(), g.n()).make(g);
    if (!split.ok()) return split.why();
    const auto params = [&]<class K>() { return Family::template params<K>(g, *split); };
    return launch_one_of(typename Family::kernels{}, plan.choice, params, g.stream);
  }

 private:
  static const tile_sizes& tiling(const gemm_plan& plan) {
    return Family::tilings[static_cast<std::size_t>(plan.choice)];
  }
};

}  // namespace qtl::inline v0::gpu
