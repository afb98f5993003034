// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/weight_copy.cuh - packed weights and their parameters from global to shared memory.
// Holds: packed_weight, packed_weight_of, unit_copy, parameter_copy. A slab is so many steps of k.
// Weights are read once and leave the second cache first; what lies beyond the packed extents
// becomes zeros.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/unrolled.cuh"
#include "qtl/gpu/tile/weight_layout.cuh"

namespace qtl::inline v0::gpu {

/// A packed weight in device memory, as a kernel takes it.
struct packed_weight {
  const std::byte* codes = nullptr;
  const std::byte* scales = nullptr;
  const std::byte* zero_points = nullptr;
  const std::int32_t* column_order = nullptr;  ///< null: packed columns are those of x
  float tensor_scale = 1.0f;                   ///< of two-level scales
  std::int64_t row_units = 0;
  std::int64_t col_units = 0;
  std::int32_t steps = 0;
  std::int32_t group_steps = 1;
  std::uint64_t group_reciprocal = std::uint64_t{1} << 32;  ///< 2^32 / group_steps, rounded up

  /// step / group_steps: exact where steps * group_steps is below 2^32.
  QTL_HOST_DEVICE std::int32_t group_of(std::int32_t step) const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(step) * group_reciprocal >> 32);
  }
  QTL_HOST_DEVICE std::int64_t padded_n() const { return row_units * weight_layout::unit_rows; }
};

/// The parts of what pack_weight() wrote and somebody copied to `packed`.
inline packed_weight packed_weight_of(const weight_layout& l, const std::byte* packed,
                                      float tensor_scale = 1.0f) {
  packed_weight w;
  w.codes = packed;
  w.scales = packed + l.scales_at();
  if (l.has_zero_points) w.zero_points = packed + l.zero_points_at();
  if (l.has_column_order)
    w.column_order = reinterpret_cast<const std::int32_t*>(packed + l.column_order_at());
  w.tensor_scale = l.scales == scale_storage::as_e4m3 ? tensor_scale : 1.0f;
  w.row_units = l.row_units();
  w.col_units = l.col_units();
  w.steps = static_cast<std::int32_t>(l.steps());
  w.group_steps = static_cast<std::int32_t>(l.group_steps);
  w.group_reciprocal = ceil_div(std::uint64_t{1} << 32, static_cast<std::uint64_t>(l.group_steps));
  QTL_ASSERT(!l.is_grouped || l.steps() <= (std::int64_t{1} << 32) / l.group_steps);
  return w;
}

/// Copies Rows weight rows (32 at a time: units) and ColUnits units along k with all Threads of a
/// block. In shared memory unit (r, c) of the slab is at 512 * (r * ColUnits + c).
template<int Rows, int ColUnits, int Threads>
struct unit_copy {
  static constexpr int units = Rows / weight_layout::unit_rows * ColUnits;
  static constexpr int shared_bytes = units * weight_layout::unit_bytes;
  static constexpr unsigned unit_chunks = weight_layout::unit_bytes / 16;
  static constexpr unsigned row_chunks = ColUnits * unit_chunks;
  static constexpr int passes = ceil_div(shared_bytes / 16, Threads);
  static_assert(shared_bytes / 16 % Threads == 0, "every thread copies as many chunks");

  const std::byte* codes;          ///< of the whole weight: an address where there is nothing
  const std::byte* from[passes];   ///< this thread's chunks, were the slab the weight's first
  std::int32_t col_units[passes];  ///< of the weight, beyond this thread's; negative: no such row

  /// From unit `first_row` down.
  QTL_DEVICE unit_copy(const packed_weight& w, std::int64_t first_row) : codes(w.codes) {
    unrolled<passes>([&](auto pass) {
      const unsigned c = ptx::thread_index() + static_cast<unsigned>(pass * Threads);
      const std::int64_t row = first_row + c / row_chunks;
      from[pass] = codes + row * w.col_units * weight_layout::unit_bytes + c % row_chunks * 16;
      col_units[pass] = row < w.row_units
                            ? static_cast<std::int32_t>(w.col_units) -
                                  static_cast<std::int32_t>(c % row_chunks / unit_chunks)
                            : -1;
    });
  }

  /// From unit `first_col` along k.
  QTL_DEVICE void operator()(std::uint32_t to, std::int32_t first_col) const {
    const std::int64_t offset = std::int64_t{first_col} * weight_layout::unit_bytes;
    const std::uint32_t mine = to + ptx::thread_index() * 16;
    unrolled<passes>([&](auto pass) {
      const bool inside = first_col < col_units[pass];
      ptx::cp_async_once<16>(mine + static_cast<std::uint32_t>(pass * Threads * 16),
                             inside ? from[pass] + offset : codes, inside ? 16 : 0);
    });
  }
};

/// Copies the parameters of Rows weight rows, ItemBytes each, of as many groups as a slab meets: at
/// most MaxGroups. In shared memory group g of the slab is at g * Rows * ItemBytes.
template<int Rows, int ItemBytes, int MaxGroups, int Threads>
struct parameter_copy {
  static constexpr int row_bytes = Rows * ItemBytes;
  static constexpr int shared_bytes = MaxGroups * row_bytes;

  /// Of rows from `first_row` on and groups [first, last).
  QTL_DEVICE static void copy(const packed_weight& w, const std::byte* parameters,
                              std::int64_t first_row, std::int32_t first, std::int32_t last,
                              std::uint32_t to) {
    constexpr unsigned row_chunks = row_bytes / 16;
    const auto chunks = static_cast<unsigned>(last - first) * row_chunks;
    for (unsigned c = ptx::thread_index(); c < chunks; c += Threads) {
      const std::int64_t group = first + static_cast<std::int32_t>(c / row_chunks);
      const std::int64_t row = first_row + c % row_chunks * (16 / ItemBytes);
      const bool inside = row < w.padded_n();
      const std::int64_t at = (group * w.padded_n() + row) * ItemBytes;
      ptx::cp_async<16>(to + c * 16, inside ? parameters + at : parameters, inside ? 16 : 0);
    }
  }
};

}  // namespace qtl::inline v0::gpu
