// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/block_reduce.cuh - one value from those of several lanes, and of several warps.
// Holds: lane_reduce, team_reduce, sum_of. A team is the threads that work on one row: part of a warp,
// or whole warps of a block. Every thread of the team gets the result.
// The order is fixed: lanes by exchange with lane ^ 16, 8, 4, 2, 1 (the same sum in every lane,
// since addition commutes), then warps ascending.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/shuffle.cuh"

namespace qtl::inline v0::gpu {

/// A sum as a value that merges.
template<class T>
class sum_of {
 public:
  sum_of() = default;
  QTL_DEVICE explicit sum_of(T value) : value_(value) {}

  QTL_DEVICE void merge(const sum_of& other) {
    if constexpr (std::same_as<T, float>)
      value_ = ptx::add_rn(value_, other.value_);
    else
      value_ += other.value_;
  }
  QTL_DEVICE sum_of from_lane_xor(unsigned mask) const {
    return sum_of(ptx::shuffle_xor(value_, mask));
  }
  QTL_DEVICE T value() const { return value_; }

 private:
  T value_{};
};

/// Of `Lanes` neighbouring lanes, a power of two of at most 32. The whole warp calls it.
template<int Lanes, class Value>
QTL_DEVICE Value lane_reduce(Value mine) {
  static_assert(Lanes >= 1 && Lanes <= 32 && (Lanes & (Lanes - 1)) == 0,
                "lanes reduce in powers of two");
  if constexpr (Lanes > 1) {
    mine.merge(mine.from_lane_xor(Lanes / 2));
    return lane_reduce<Lanes / 2>(mine);
  } else {
    return mine;
  }
}

/// Bytes of shared memory that one team_reduce of `Threads` threads uses.
template<int Threads>
inline constexpr std::uint32_t reduce_bytes = Threads > 32 ? Threads / 32 * 16 : 0;

/// Of the `Threads` threads of a team: at most a warp's lanes, or the whole block. `shared` is the
/// address of reduce_bytes<Threads> that no other call of this team uses before a barrier.
template<int Threads, class Value>
QTL_DEVICE Value team_reduce(Value mine, std::uint32_t shared) {
  if constexpr (Threads <= 32) {
    return lane_reduce<Threads>(mine);
  } else {
    static_assert(Threads % 32 == 0 && sizeof(Value) <= 16, "a slot of a warp has 16 bytes");
    struct alignas(16) slot {
      Value value;
      unsigned char rest[16 - sizeof(Value)];
    };
    mine = lane_reduce<32>(mine);
    slot to{mine, {}};
    if (ptx::lane_index() == 0) ptx::store_shared<slot>(shared + 16 * ptx::warp_index(), to);
    ptx::block_barrier();
    Value all = ptx::load_shared<slot>(shared).value;
    for (unsigned w = 1; w < Threads / 32; ++w)
      all.merge(ptx::load_shared<slot>(shared + 16 * w).value);
    return all;
  }
}

}  // namespace qtl::inline v0::gpu
