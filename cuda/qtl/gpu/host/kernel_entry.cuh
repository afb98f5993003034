// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/kernel_entry.cuh - what stands between the waist and a family of kernels.
// Holds: the concept KernelEntry, gemm_kernel_of<E>, tile_sizes_of_all, launch_one_of, epilogue_of. To add a kernel: the kernel's
// file, an entry with these members, its name in kernel_list.cuh.
#pragma once

#include <array>

#include "qtl/base/type_list.hpp"
#include "qtl/gemm/kernel.hpp"
#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/host/select.hpp"

namespace qtl::inline v0::gpu {

/// Satisfied by a struct with `name`, `least_target`, accepts(key), and the functions of a
/// gemm_kernel, of which run() returns a status. Why: lists, the support matrix and the layer ask
/// the same entry, and the matrix asks without instantiating a kernel.
template<class E>
concept KernelEntry =
    requires(const gemm_key& key, const weight_operand& w, const gemm_shape& shape,
             std::byte* packed, const gemm_args& args) {
      { E::name } -> std::convertible_to<short_name>;
      { E::least_target } -> std::convertible_to<gpu_target>;
      { E::accepts(key) } -> std::same_as<bool>;
      { E::packed_size(key, w) } -> std::same_as<std::int64_t>;
      E::pack(key, w, packed);
      { E::workspace_size(key, shape) } -> std::same_as<std::int64_t>;
      { E::variant(key, shape) } -> std::same_as<fixed_text<64>>;
      { E::run(args) } -> std::same_as<status>;
    } || unsatisfied<"an entry has name, least_target, accepts, packed_size, pack, workspace_size, variant and run", E>;

/// The entry as the waist's value.
template<KernelEntry E>
constexpr gemm_kernel gemm_kernel_of() {
  gemm_kernel kernel;
  kernel.name = E::name;
  kernel.supports = [](const gemm_key& key) { return E::accepts(key); };
  kernel.packed_size = &E::packed_size;
  kernel.pack = &E::pack;
  kernel.workspace_size = &E::workspace_size;
  kernel.variant = &E::variant;
  kernel.run = [](const gemm_args& args) {
    const status s = E::run(args);
    if (args.outcome != nullptr) *args.outcome = s;
  };
  return kernel;
}

/// A kernel's sizes as select_tiles() reads them. Config counts tile_k in bytes of a row of x.
template<class K>
constexpr tile_sizes tile_sizes_of(int most_splits) {
  using config = typename K::config;
  return {config::name,       config::tile_m,
          config::tile_n,     config::tile_k,
          config::warps_m,    config::warps_n,
          config::stages,     K::min_blocks,
          std::int64_t{K::shared_bytes}, most_splits};
}

/// The sizes of all kernels of a list.
template<class... Kernels>
constexpr auto tile_sizes_of_all(type_list<Kernels...>, int most_splits) {
  return std::array{tile_sizes_of<Kernels>(most_splits)...};
}

/// The first kernel of a list: its params and its least target are those of all.
template<class List>
struct first_kernel;
template<class K, class... Rest>
struct first_kernel<type_list<K, Rest...>> {
  using type = K;
};
template<class List>
using first_kernel_t = typename first_kernel<List>::type;

/// Launches number `index` of the kernels, which take the same parameters.
template<class... Kernels, class Params>
status launch_one_of(type_list<Kernels...>, int index, const Params& p, void* stream) {
  status s = failure(error_code::unsupported, "device",
                     "no tile size of the kernel fits its shared memory");
  int i = 0;
  const auto visit = [&]<class K>() {
    if (i++ == index) s = launch<K>(p, stream);
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
