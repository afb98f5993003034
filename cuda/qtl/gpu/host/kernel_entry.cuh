// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/kernel_entry.cuh - what stands between the waist and a family of kernels.
// Holds: the concept KernelEntry, plan_of<E>, gemm_kernel_of<E>, split_memory, launch_one_of, epilogue_of.
// To add a kernel: the kernel's file, an entry with these members, its name in kernel_list.cuh.
#pragma once

#include <array>

#include "qtl/base/type_list.hpp"
#include "qtl/gemm/kernel.hpp"
#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/host/select.hpp"
#include "qtl/gpu/scheduler/split_k.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"

namespace qtl::inline v0::gpu {

/// Satisfied by a struct with `name`, `least_target`, accepts(key), packed_size and pack, plan()
/// which decides all that follows from key and shape, and run() which does what a plan says and
/// returns a status. Why: lists, the support matrix and the layer ask the same entry, and the
/// matrix asks without instantiating a kernel.
template<class E>
concept KernelEntry = requires(const gemm_key& key, const weight_operand& w,
                               const gemm_shape& shape, std::byte* packed, const gemm_args& args,
                               gemm_plan& plan) {
  { E::name } -> std::convertible_to<short_name>;
  { E::least_target } -> std::convertible_to<gpu_target>;
  { E::accepts(key) } -> std::same_as<bool>;
  { E::packed_size(key, w) } -> std::same_as<std::int64_t>;
  E::pack(key, w, packed);
  E::plan(key, shape, plan);
  { E::run(args, plan) } -> std::same_as<status>;
} || unsatisfied<"an entry has name, least_target, accepts, packed_size, pack, plan and run", E>;

/// The caller's plan, or else one that is made here, in `fresh`.
template<KernelEntry E>
gemm_plan& plan_of(const gemm_args& g, gemm_plan& fresh) {
  if (g.plan != nullptr) return *g.plan;
  E::plan(g.key, {g.m(), g.n(), g.k(), 1, g.device}, fresh);
  return fresh;
}

/// The entry as the waist's value.
template<KernelEntry E>
constexpr gemm_kernel gemm_kernel_of() {
  gemm_kernel kernel;
  kernel.name = E::name;
  kernel.supports = [](const gemm_key& key) { return E::accepts(key); };
  kernel.packed_size = &E::packed_size;
  kernel.pack = &E::pack;
  if constexpr (requires(const gemm_key& key, const gemm_shape& s) { E::reorders(key, s); })
    kernel.reorders = &E::reorders;
  kernel.make_plan = &E::plan;
  kernel.workspace_size = [](const gemm_key& key, const gemm_shape& shape) {
    gemm_plan plan;
    E::plan(key, shape, plan);
    return plan.workspace_size;
  };
  kernel.variant = [](const gemm_key& key, const gemm_shape& shape) {
    gemm_plan plan;
    E::plan(key, shape, plan);
    return plan.variant;
  };
  kernel.run = [](const gemm_args& args) {
    gemm_plan fresh;
    const status s = E::run(args, plan_of<E>(args, fresh));
    if (args.outcome != nullptr) *args.outcome = s;
  };
  return kernel;
}

/// The most blocks that share the k of a tile, where a kernel can.
inline constexpr int most_splits = 16;

/// Where a split product keeps its counters and sums in a workspace.
struct split_memory {
  std::int64_t tiles = 0;
  int splits = 1;
  std::int64_t tile_elements = 0;

  std::int64_t counter_bytes() const { return split_k_counter_bytes(tiles, splits); }
  std::int64_t bytes() const {
    return counter_bytes() + split_k_partial_bytes(tiles, splits, tile_elements);
  }
  /// Zeroes the counters in stream order: kernels set them back, but a workspace of the caller's
  /// begins with anything.
  result<split_k> make(const gemm_args& g) const {
    if (splits == 1) return split_k{};
    const status s = fill(g.workspace.data(), 0, counter_bytes(), g.stream);
    if (!s.ok()) return s;
    return split_k_in(g.workspace.data(), tiles, splits);
  }
};

/// What a choice means for the memory of a run.
inline split_memory memory_of(const tile_sizes& t, int splits, std::int64_t m, std::int64_t n) {
  return {order_tiles(m, n, t.tile_m, t.tile_n).tiles(), splits, std::int64_t{t.tile_m} * t.tile_n};
}

/// Launches number `index` of the kernels. make_params.template operator()<K>() gives K's
/// parameters.
template<class... Kernels, class MakeParams>
status launch_one_of(type_list<Kernels...>, int index, const MakeParams& make_params,
                     void* stream) {
  status s = failure(error_code::unsupported, "device",
                     "no tile size of the kernel fits its shared memory");
  int i = 0;
  const auto visit = [&]<class K>() {
    if (i++ == index) s = launch<K>(make_params.template operator()<K>(), stream);
  };
  (visit.template operator()<Kernels>(), ...);
  return s;
}

/// How an output is stored.
constexpr stored_as stored_as_of(output_kind kind) {
  constexpr stored_as kinds[] = {stored_as::f32, stored_as::f16, stored_as::bf16, stored_as::codes};
  return kinds[static_cast<int>(kind)];
}

/// What the epilogue needs of the waist, parameters of the weight apart.
inline epilogue_params epilogue_of(const gemm_args& g) {
  epilogue_params e;
  e.y = g.y.data;
  e.m = g.m();
  e.n = g.n();
  e.k = g.k();
  e.row_stride = g.y.row_stride;
  e.col_stride = g.y.col_stride;
  e.kind = stored_as_of(g.y.kind);
  e.function = g.y.function;
  e.bias = g.bias;
  e.code_scale = g.y.codes.scale;
  e.code_zero_point = g.y.codes.zero_point;
  e.code_min = g.y.codes.qmin;
  e.code_max = g.y.codes.qmax;
  return e;
}

}  // namespace qtl::inline v0::gpu
