// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/kernel.hpp - what a kernel says of itself, and what makes a list of kernels a backend.
// Holds: gemm_kernel, pack_weights, make_plan, the concept Backend, find_kernel.
// To add a kernel: docs/extend/kernel.md; a gemm_kernel value and its name in the backend's list.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "qtl/base/error.hpp"
#include "qtl/base/unsatisfied.hpp"
#include "qtl/gemm/args.hpp"
#include "qtl/gemm/plan.hpp"

namespace qtl::inline v0 {

/// One kernel: plain functions, looked up by value. run() neither allocates nor locks nor throws.
struct gemm_kernel {
  short_name name;
  bool is_fallback = false;  ///< correct but not fast: refused in strict mode
  /// Whether run() computes this key, in every output: a layer has one kernel.
  bool (*supports)(const gemm_key& key) = nullptr;
  /// Bytes that pack() writes; null: the kernel reads the canonical layout.
  std::int64_t (*packed_size)(const gemm_key& key, const weight_operand& w) = nullptr;
  /// Writes the kernel's own layout of w to 64-byte aligned memory.
  void (*pack)(const gemm_key& key, const weight_operand& w, std::byte* packed) = nullptr;
  /// The same bytes, the work dealt out to the executor. Null: there is pack() only.
  void (*pack_parallel)(const gemm_key& key, const weight_operand& w, std::byte* packed,
                        const executor_ref& executor) = nullptr;
  /// Quantizes x with the bits of ops/ into the operand's memory: its reals, or its codes less a
  /// code_shift that it sets, with the sums of integers where the operand has a place for them.
  /// False where it leaves all that to ops/, as it may for any key. Of a static policy the
  /// operand's first scale and zero point hold the parameters. Null: always left.
  bool (*quantize)(const gemm_key& key, const matrix_view<const float>& x, activation_operand& to,
                   const executor_ref& executor) = nullptr;
  /// Bytes of workspace for one run.
  std::int64_t (*workspace_size)(const gemm_key& key, const gemm_shape& shape) = nullptr;
  void (*run)(const gemm_args& args) = nullptr;
  /// Whether run() follows activation_operand::column_order for a shape; else the activations must
  /// have been put into that order. Null: never.
  bool (*reorders)(const gemm_key& key, const gemm_shape& shape) = nullptr;
  /// Names the tile sizes that run() takes for a shape. Null: it has one set of them.
  fixed_text<64> (*variant)(const gemm_key& key, const gemm_shape& shape) = nullptr;
  /// Decides once what run() would decide each time, and writes all of the plan but m. Null: run()
  /// has little to decide.
  void (*make_plan)(const gemm_key& key, const gemm_shape& shape, gemm_plan& plan) = nullptr;
};

/// Packs w as the kernel does, on the executor's threads where the kernel can.
inline void pack_weights(const gemm_kernel& kernel, const gemm_key& key, const weight_operand& w,
                         std::byte* packed, const executor_ref& executor) {
  if (kernel.pack_parallel != nullptr) return kernel.pack_parallel(key, w, packed, executor);
  kernel.pack(key, w, packed);
}

/// The plan of any kernel for a shape, into `plan`, whatever was there.
inline void make_plan(const gemm_kernel& kernel, const gemm_key& key, const gemm_shape& shape,
                      gemm_plan& plan) {
  plan = {};
  if (kernel.make_plan != nullptr) {
    kernel.make_plan(key, shape, plan);
  } else {
    plan.workspace_size = kernel.workspace_size(key, shape);
    if (kernel.variant != nullptr) plan.variant = kernel.variant(key, shape);
  }
  plan.m = shape.m;
}

/// Satisfied by a type with `name` and `kernels()`, a list of gemm_kernel in order of preference.
/// Why: a layer asks its backend for the first kernel that supports its key, and for nothing else.
template<class B>
concept Backend = requires {
  { B::name } -> std::convertible_to<short_name>;
  { B::kernels() } -> std::convertible_to<std::span<const gemm_kernel>>;
} || unsatisfied<"a backend has a static name and kernels(), a list of gemm_kernel", B>;

/// The first kernel of B that supports the key, or null.
template<Backend B>
const gemm_kernel* find_kernel(const gemm_key& key) {
  for (const gemm_kernel& kernel : std::span<const gemm_kernel>(B::kernels()))
    if (kernel.supports(key)) return &kernel;
  return nullptr;
}

}  // namespace qtl::inline v0
