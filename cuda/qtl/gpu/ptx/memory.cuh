// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/memory.cuh - plain loads and stores of 1, 2, 4, 8 or 16 bytes.
// Global memory is named by pointers, shared memory by 32-bit addresses. An access is aligned to
// its size, whatever alignof(T) says.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Eight bytes that travel together.
struct alignas(8) words2 {
  std::uint32_t w[2];
};

/// Sixteen bytes that travel together.
struct alignas(16) words4 {
  std::uint32_t w[4];
};

/// Satisfied by trivially copyable types of 1, 2, 4, 8 or 16 bytes.
/// Why: one instruction moves the value.
template<class T>
concept Movable =
    std::is_trivially_copyable_v<T> &&
    (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16);

#if !QTL_GPU_EMULATED
namespace detail {

/// The register image of a value: 16 bits for one and two bytes, else whole words.
template<int Bytes>
struct image {
  std::uint32_t w[Bytes / 4];
};
template<>
struct image<1> {
  std::uint16_t h;
};
template<>
struct image<2> {
  std::uint16_t h;
};

template<class T>
QTL_DEVICE T value_of(const image<sizeof(T)>& bits) {
  T value;
  memcpy(&value, &bits, sizeof(T));
  return value;
}

template<class T>
QTL_DEVICE image<sizeof(T)> image_of(const T& value) {
  image<sizeof(T)> bits{};
  memcpy(&bits, &value, sizeof(T));
  return bits;
}

}  // namespace detail
#endif

/// Loads from global memory.
template<Movable T>
QTL_DEVICE T load_global(const T* from) {
#if QTL_GPU_EMULATED
  emulated::step("ld.global");
  T value;
  std::memcpy(
      &value,
      emulated::global_bytes(from, sizeof(T), sizeof(T), emulated::access::read, "ld.global"),
      sizeof(T));
  return value;
#else
  detail::image<sizeof(T)> r;
  if constexpr (sizeof(T) == 1)
    asm volatile("ld.global.u8 %0, [%1];" : "=h"(r.h) : "l"(from) : "memory");
  else if constexpr (sizeof(T) == 2)
    asm volatile("ld.global.u16 %0, [%1];" : "=h"(r.h) : "l"(from) : "memory");
  else if constexpr (sizeof(T) == 4)
    asm volatile("ld.global.u32 %0, [%1];" : "=r"(r.w[0]) : "l"(from) : "memory");
  else if constexpr (sizeof(T) == 8)
    asm volatile("ld.global.v2.u32 {%0, %1}, [%2];"
                 : "=r"(r.w[0]), "=r"(r.w[1])
                 : "l"(from)
                 : "memory");
  else
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r.w[0]), "=r"(r.w[1]), "=r"(r.w[2]), "=r"(r.w[3])
                 : "l"(from)
                 : "memory");
  return detail::value_of<T>(r);
#endif
}

/// Loads what is read once and by nobody else: it is not kept in L1. No thread of the kernel may
/// write it.
template<Movable T>
QTL_DEVICE T load_global_once(const T* from) {
#if QTL_GPU_EMULATED
  emulated::step("ld.global.nc");
  T value;
  std::memcpy(
      &value,
      emulated::global_bytes(from, sizeof(T), sizeof(T), emulated::access::read, "ld.global.nc"),
      sizeof(T));
  return value;
#else
  detail::image<sizeof(T)> r;
  if constexpr (sizeof(T) == 1)
    asm volatile("ld.global.nc.L1::no_allocate.u8 %0, [%1];" : "=h"(r.h) : "l"(from));
  else if constexpr (sizeof(T) == 2)
    asm volatile("ld.global.nc.L1::no_allocate.u16 %0, [%1];" : "=h"(r.h) : "l"(from));
  else if constexpr (sizeof(T) == 4)
    asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(r.w[0]) : "l"(from));
  else if constexpr (sizeof(T) == 8)
    asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
                 : "=r"(r.w[0]), "=r"(r.w[1])
                 : "l"(from));
  else
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r.w[0]), "=r"(r.w[1]), "=r"(r.w[2]), "=r"(r.w[3])
                 : "l"(from));
  return detail::value_of<T>(r);
#endif
}

/// Stores to global memory.
template<Movable T>
QTL_DEVICE void store_global(T* to, std::type_identity_t<T> value) {
#if QTL_GPU_EMULATED
  emulated::step("st.global");
  std::memcpy(
      emulated::global_bytes(to, sizeof(T), sizeof(T), emulated::access::write, "st.global"),
      &value, sizeof(T));
#else
  const detail::image<sizeof(T)> r = detail::image_of(value);
  if constexpr (sizeof(T) == 1)
    asm volatile("st.global.u8 [%0], %1;" ::"l"(to), "h"(r.h) : "memory");
  else if constexpr (sizeof(T) == 2)
    asm volatile("st.global.u16 [%0], %1;" ::"l"(to), "h"(r.h) : "memory");
  else if constexpr (sizeof(T) == 4)
    asm volatile("st.global.u32 [%0], %1;" ::"l"(to), "r"(r.w[0]) : "memory");
  else if constexpr (sizeof(T) == 8)
    asm volatile("st.global.v2.u32 [%0], {%1, %2};" ::"l"(to), "r"(r.w[0]), "r"(r.w[1]) : "memory");
  else
    asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(r.w[0]), "r"(r.w[1]),
                 "r"(r.w[2]), "r"(r.w[3])
                 : "memory");
#endif
}

/// The first address of the block's dynamic shared memory: a multiple of 1024.
QTL_DEVICE std::uint32_t shared_base() {
#if QTL_GPU_EMULATED
  return emulated::shared_begin;
#else
  extern __shared__ __align__(1024) unsigned char qtl_dynamic_shared[];
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(qtl_dynamic_shared));
#endif
}

/// Loads from shared memory.
template<Movable T>
QTL_DEVICE T load_shared(std::uint32_t address) {
#if QTL_GPU_EMULATED
  emulated::step("ld.shared");
  T value;
  std::memcpy(
      &value,
      emulated::shared_bytes(address, sizeof(T), sizeof(T), emulated::access::read, "ld.shared"),
      sizeof(T));
  return value;
#else
  detail::image<sizeof(T)> r;
  if constexpr (sizeof(T) == 1)
    asm volatile("ld.shared.u8 %0, [%1];" : "=h"(r.h) : "r"(address) : "memory");
  else if constexpr (sizeof(T) == 2)
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(r.h) : "r"(address) : "memory");
  else if constexpr (sizeof(T) == 4)
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(r.w[0]) : "r"(address) : "memory");
  else if constexpr (sizeof(T) == 8)
    asm volatile("ld.shared.v2.u32 {%0, %1}, [%2];"
                 : "=r"(r.w[0]), "=r"(r.w[1])
                 : "r"(address)
                 : "memory");
  else
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r.w[0]), "=r"(r.w[1]), "=r"(r.w[2]), "=r"(r.w[3])
                 : "r"(address)
                 : "memory");
  return detail::value_of<T>(r);
#endif
}

/// Stores to shared memory.
template<Movable T>
QTL_DEVICE void store_shared(std::uint32_t address, std::type_identity_t<T> value) {
#if QTL_GPU_EMULATED
  emulated::step("st.shared");
  std::memcpy(
      emulated::shared_bytes(address, sizeof(T), sizeof(T), emulated::access::write, "st.shared"),
      &value, sizeof(T));
#else
  const detail::image<sizeof(T)> r = detail::image_of(value);
  if constexpr (sizeof(T) == 1)
    asm volatile("st.shared.u8 [%0], %1;" ::"r"(address), "h"(r.h) : "memory");
  else if constexpr (sizeof(T) == 2)
    asm volatile("st.shared.u16 [%0], %1;" ::"r"(address), "h"(r.h) : "memory");
  else if constexpr (sizeof(T) == 4)
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(r.w[0]) : "memory");
  else if constexpr (sizeof(T) == 8)
    asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(address), "r"(r.w[0]), "r"(r.w[1])
                 : "memory");
  else
    asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(r.w[0]),
                 "r"(r.w[1]), "r"(r.w[2]), "r"(r.w[3])
                 : "memory");
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
