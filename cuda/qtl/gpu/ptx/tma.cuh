// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/tma.cuh - the copy engine's boxes: tensors of one or two dimensions to and from shared memory.
// Holds: l2_policy, tma_load_1d, tma_load_2d and its multicast twin, tma_store_1d, tma_store_2d.
// Not here: copies of untyped bytes (bulk.cuh).
// One thread issues a copy. A load's bytes, those outside of the tensor too (they arrive as zeros),
// count on the barrier, which must expect them; a store leaves out what lies outside. x counts
// elements, y rows.
// Loads name this block's shared memory (shared::cta, PTX 8.6): for an address in a cluster,
// sm_120a would ask whose it is and call a function; elsewhere the machine code is the same.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/tensor_map.cuh"

namespace qtl::inline v0::gpu::ptx {

/// How L2 shall treat the bytes of a copy.
struct l2_policy {
  std::uint64_t bits;
};

/// For what is read once: weights of a layer that one row of tiles uses.
template<int Sm = compiled_sm>
QTL_DEVICE l2_policy l2_evict_first() {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
  std::uint64_t bits = 0;
#if !QTL_GPU_EMULATED
  if constexpr (Sm >= 900) asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(bits));
#endif
  return {bits};
}

/// For what every tile reads again: the activations.
template<int Sm = compiled_sm>
QTL_DEVICE l2_policy l2_evict_last() {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
  std::uint64_t bits = 0;
#if !QTL_GPU_EMULATED
  if constexpr (Sm >= 900) asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(bits));
#endif
  return {bits};
}

/// Starts copying the box whose first element is x to shared memory at `to`.
template<int Sm = compiled_sm>
QTL_DEVICE void tma_load_1d(std::uint32_t to, const tensor_map& map, std::uint32_t barrier,
                            std::int32_t x) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::tma_load({to, &map, barrier, 1, {x, 0}, 0});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.1d.shared::cta.global.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%3}], [%2];" ::"r"(to),
        "l"(&map), "r"(barrier), "r"(x)
        : "memory");
#endif
}

/// Starts copying the box whose first element is (y, x) to shared memory at `to`.
template<int Sm = compiled_sm>
QTL_DEVICE void tma_load_2d(std::uint32_t to, const tensor_map& map, std::uint32_t barrier,
                            std::int32_t x, std::int32_t y) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::tma_load({to, &map, barrier, 2, {x, y}, 0});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%3, %4}], [%2];" ::"r"(to),
        "l"(&map), "r"(barrier), "r"(x), "r"(y)
        : "memory");
#endif
}

/// The same with advice for L2.
template<int Sm = compiled_sm>
QTL_DEVICE void tma_load_2d(std::uint32_t to, const tensor_map& map, std::uint32_t barrier,
                            std::int32_t x, std::int32_t y, [[maybe_unused]] l2_policy policy) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::tma_load({to, &map, barrier, 2, {x, y}, 0});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes"
        ".L2::cache_hint [%0], [%1, {%3, %4}], [%2], %5;" ::"r"(to),
        "l"(&map), "r"(barrier), "r"(x), "r"(y), "l"(policy.bits)
        : "memory");
#endif
}

/// Copies one box to the same address in every block of the cluster whose bit is set in `ranks`,
/// and counts its bytes on the barrier of the same address there.
template<int Sm = compiled_sm>
QTL_DEVICE void tma_load_2d_multicast(std::uint32_t to, const tensor_map& map,
                                      std::uint32_t barrier, std::int32_t x, std::int32_t y,
                                      std::uint16_t ranks) {
  static_assert(target_has(Sm, 900) && Sm != 1200, "multicast is for sm_90a and sm_100a");
#if QTL_GPU_EMULATED
  emulated::tma_load({to, &map, barrier, 2, {x, y}, ranks});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes"
        ".multicast::cluster [%0], [%1, {%3, %4}], [%2], %5;" ::"r"(to),
        "l"(&map), "r"(barrier), "r"(x), "r"(y), "h"(ranks)
        : "memory");
#endif
}

/// The same with advice for L2.
template<int Sm = compiled_sm>
QTL_DEVICE void tma_load_2d_multicast(std::uint32_t to, const tensor_map& map,
                                      std::uint32_t barrier, std::int32_t x, std::int32_t y,
                                      std::uint16_t ranks, [[maybe_unused]] l2_policy policy) {
  static_assert(target_has(Sm, 900) && Sm != 1200, "multicast is for sm_90a and sm_100a");
#if QTL_GPU_EMULATED
  emulated::tma_load({to, &map, barrier, 2, {x, y}, ranks});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes"
        ".multicast::cluster.L2::cache_hint [%0], [%1, {%3, %4}], [%2], %5, %6;" ::"r"(to),
        "l"(&map), "r"(barrier), "r"(x), "r"(y), "h"(ranks), "l"(policy.bits)
        : "memory");
#endif
}

/// Starts copying shared memory at `from` to the box whose first element is x. bulk_commit() and
/// bulk_wait() (bulk.cuh) say when it is done.
template<int Sm = compiled_sm>
QTL_DEVICE void tma_store_1d(const tensor_map& map, std::uint32_t from, std::int32_t x) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::tma_store({from, &map, 0, 1, {x, 0}, 0});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.1d.global.shared::cta.bulk_group [%0, {%2}], [%1];" ::"l"(&map),
        "r"(from), "r"(x)
        : "memory");
#endif
}

/// The same to the box whose first element is (y, x).
template<int Sm = compiled_sm>
QTL_DEVICE void tma_store_2d(const tensor_map& map, std::uint32_t from, std::int32_t x,
                             std::int32_t y) {
  static_assert(target_has(Sm, 900), "bulk copies exist from sm_90 on");
#if QTL_GPU_EMULATED
  emulated::tma_store({from, &map, 0, 2, {x, y}, 0});
#else
  if constexpr (Sm >= 900)
    asm volatile(
        "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(&map),
        "r"(from), "r"(x), "r"(y)
        : "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
