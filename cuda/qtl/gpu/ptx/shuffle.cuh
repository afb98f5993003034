// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/shuffle.cuh - exchange among the 32 threads of a warp; all of them take part.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// Satisfied by trivially copyable types of four bytes.
/// Why: a shuffle moves one register.
template<class T>
concept Register = std::is_trivially_copyable_v<T> && sizeof(T) == 4;

#if QTL_GPU_EMULATED
namespace detail {

struct shuffled {
  std::uint32_t value;   ///< mine, then the one I get
  std::uint32_t source;  ///< the lane I read
};

inline void exchange(void* const* lanes) {
  std::uint32_t given[32] = {};
  for (unsigned i = 0; i < 32; ++i)
    if (lanes[i] != nullptr) given[i] = static_cast<const shuffled*>(lanes[i])->value;
  for (unsigned i = 0; i < 32; ++i) {
    if (lanes[i] == nullptr) continue;
    shuffled& mine = *static_cast<shuffled*>(lanes[i]);
    emulated::blame_lane(i);
    if (lanes[mine.source] == nullptr)
      emulated::fail("shfl.sync", "reads a lane that the block has no thread for");
    mine.value = given[mine.source];
  }
}

template<class T>
T shuffle_from(const char* instruction, T value, unsigned source) {
  shuffled mine{0, source};
  std::memcpy(&mine.value, &value, 4);
  emulated::warp_collective(instruction, 0xffffffffu, &mine, &exchange);
  std::memcpy(&value, &mine.value, 4);
  return value;
}

struct reduced {
  std::int32_t value;
};

/// Gives every lane the fold of all lanes' values.
template<class Fold>
void reduce(void* const* lanes) {
  std::int64_t all = Fold::first;
  for (unsigned i = 0; i < 32; ++i)
    if (lanes[i] != nullptr) all = Fold::of(all, static_cast<const reduced*>(lanes[i])->value);
  const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(all));
  for (unsigned i = 0; i < 32; ++i)
    if (lanes[i] != nullptr) static_cast<reduced*>(lanes[i])->value = wrapped;
}

struct fold_sum {
  static constexpr std::int64_t first = 0;
  static std::int64_t of(std::int64_t a, std::int64_t b) { return a + b; }
};
struct fold_max {
  static constexpr std::int64_t first = INT32_MIN;
  static std::int64_t of(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
};
struct fold_min {
  static constexpr std::int64_t first = INT32_MAX;
  static std::int64_t of(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
};

template<class Fold>
std::int32_t reduce_warp(const char* instruction, std::int32_t value) {
  reduced mine{value};
  emulated::warp_collective(instruction, 0xffffffffu, &mine, &reduce<Fold>);
  return mine.value;
}

struct voted {
  bool value;
  std::uint32_t result;
};

inline void vote(void* const* lanes) {
  std::uint32_t all = 0;
  for (unsigned i = 0; i < 32; ++i)
    if (lanes[i] != nullptr && static_cast<const voted*>(lanes[i])->value) all |= 1u << i;
  for (unsigned i = 0; i < 32; ++i)
    if (lanes[i] != nullptr) static_cast<voted*>(lanes[i])->result = all;
}

}  // namespace detail
#else
namespace detail {

template<class T>
QTL_DEVICE std::uint32_t bits_of(T value) {
  std::uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

template<class T>
QTL_DEVICE T from_bits(std::uint32_t bits) {
  T value;
  memcpy(&value, &bits, 4);
  return value;
}

}  // namespace detail
#endif

/// The value of lane (mine ^ mask).
template<Register T>
QTL_DEVICE T shuffle_xor(T value, unsigned mask) {
#if QTL_GPU_EMULATED
  const unsigned lane = emulated::here().thread % 32;
  return detail::shuffle_from("shfl.sync.bfly", value, (lane ^ mask) % 32);
#else
  std::uint32_t r;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;"
               : "=r"(r)
               : "r"(detail::bits_of(value)), "r"(mask));
  return detail::from_bits<T>(r);
#endif
}

/// The value of lane `source`, modulo 32.
template<Register T>
QTL_DEVICE T shuffle(T value, unsigned source) {
#if QTL_GPU_EMULATED
  return detail::shuffle_from("shfl.sync.idx", value, source % 32);
#else
  std::uint32_t r;
  asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;"
               : "=r"(r)
               : "r"(detail::bits_of(value)), "r"(source));
  return detail::from_bits<T>(r);
#endif
}

/// The value of lane (mine + delta); mine where there is none.
template<Register T>
QTL_DEVICE T shuffle_down(T value, unsigned delta) {
#if QTL_GPU_EMULATED
  const unsigned lane = emulated::here().thread % 32;
  return detail::shuffle_from("shfl.sync.down", value, lane + delta < 32 ? lane + delta : lane);
#else
  std::uint32_t r;
  asm volatile("shfl.sync.down.b32 %0, %1, %2, 0x1f, 0xffffffff;"
               : "=r"(r)
               : "r"(detail::bits_of(value)), "r"(delta));
  return detail::from_bits<T>(r);
#endif
}

/// The value of lane (mine - delta); mine where there is none.
template<Register T>
QTL_DEVICE T shuffle_up(T value, unsigned delta) {
#if QTL_GPU_EMULATED
  const unsigned lane = emulated::here().thread % 32;
  return detail::shuffle_from("shfl.sync.up", value, lane >= delta ? lane - delta : lane);
#else
  std::uint32_t r;
  asm volatile("shfl.sync.up.b32 %0, %1, %2, 0, 0xffffffff;"
               : "=r"(r)
               : "r"(detail::bits_of(value)), "r"(delta));
  return detail::from_bits<T>(r);
#endif
}

/// Bit i: what lane i said.
QTL_DEVICE std::uint32_t ballot(bool value) {
#if QTL_GPU_EMULATED
  detail::voted mine{value, 0};
  emulated::warp_collective("vote.sync.ballot", 0xffffffffu, &mine, &detail::vote);
  return mine.result;
#else
  std::uint32_t r;
  asm volatile(
      "{\n  .reg .pred p;\n  setp.ne.u32 p, %1, 0;\n  vote.sync.ballot.b32 %0, p, 0xffffffff;\n}"
      : "=r"(r)
      : "r"(static_cast<std::uint32_t>(value)));
  return r;
#endif
}

/// The sum over the warp, modulo 2^32.
QTL_DEVICE std::int32_t warp_sum(std::int32_t value) {
#if QTL_GPU_EMULATED
  return detail::reduce_warp<detail::fold_sum>("redux.sync.add", value);
#else
  std::int32_t r;
  asm volatile("redux.sync.add.s32 %0, %1, 0xffffffff;" : "=r"(r) : "r"(value));
  return r;
#endif
}

/// The largest value of the warp.
QTL_DEVICE std::int32_t warp_max(std::int32_t value) {
#if QTL_GPU_EMULATED
  return detail::reduce_warp<detail::fold_max>("redux.sync.max", value);
#else
  std::int32_t r;
  asm volatile("redux.sync.max.s32 %0, %1, 0xffffffff;" : "=r"(r) : "r"(value));
  return r;
#endif
}

/// The smallest value of the warp.
QTL_DEVICE std::int32_t warp_min(std::int32_t value) {
#if QTL_GPU_EMULATED
  return detail::reduce_warp<detail::fold_min>("redux.sync.min", value);
#else
  std::int32_t r;
  asm volatile("redux.sync.min.s32 %0, %1, 0xffffffff;" : "=r"(r) : "r"(value));
  return r;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
