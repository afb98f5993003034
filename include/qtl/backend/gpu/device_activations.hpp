// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/device_activations.hpp - where the activations of a run lie in a device's workspace.
// Holds: device_activation_layout, device_group_stride, gathered_row_bytes. Not here: the kernels that fill it (device_quantizer).
#pragma once

#include "qtl/backend/gpu/device_backend.hpp"

namespace qtl::inline v0 {

/// Rounds up to what the widest loads of a device ask for.
constexpr std::int64_t device_aligned(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// From one group's parameters to the next's: tokens are neighbours, and groups begin at multiples
/// of 16 bytes. (In host memory groups are neighbours.)
constexpr std::int64_t device_group_stride(std::int64_t m) { return (m + 3) / 4 * 4; }

/// From one row to the next of reals that a quantizer has gathered by quantize_args::column_order.
constexpr std::int64_t gathered_row_bytes(std::int64_t k, std::int64_t element_bytes) {
  return (k * element_bytes + 15) / 16 * 16;
}

/// Where the parts of an m x k activation lie: rows of codes 64-byte aligned, then scales and, as
/// the policy has them, zero points and sums of codes, each one per token and group.
struct device_activation_layout {
  policy_desc policy;
  std::int64_t m = 0;
  std::int64_t k = 0;

  std::int64_t group_cols() const {
    return policy.block_cols != 0 ? policy.block_cols : k > 0 ? k : 1;
  }
  std::int64_t groups() const { return policy.block_cols != 0 ? ceil_div(k, group_cols()) : 1; }
  std::int64_t row_bytes() const { return device_aligned(packed_bytes(k, policy.bits)); }
  std::int64_t code_size() const { return m * row_bytes(); }
  std::int64_t parameter_size() const {
    return policy.is_unscaled() ? 0 : device_aligned(device_group_stride(m) * groups() * 4);
  }
  bool has_offsets() const { return policy.zero_point != zero_point_kind::none; }
  bool has_sums() const { return policy.kind == format_kind::integer; }
  std::int64_t size() const {
    return code_size() + parameter_size() * (1 + int{has_offsets()} + int{has_sums()});
  }

  /// The operand over `memory`, still to be filled.
  activation_operand operand(std::byte* memory, const element_reader& elements) const {
    activation_operand o;
    o.m = m;
    o.k = k;
    o.codes = memory;
    o.row_bytes = row_bytes();
    o.elements = elements;
    o.groups = groups();
    o.group_cols = group_cols();
    if (policy.is_unscaled()) return o;
    std::byte* next = memory + code_size();
    o.scales = reinterpret_cast<float*>(next);
    if (has_offsets()) {
      next += parameter_size();
      if (policy.zero_point == zero_point_kind::shift)
        o.shifts = reinterpret_cast<float*>(next);
      else
        o.zero_points = reinterpret_cast<std::int32_t*>(next);
    }
    if (has_sums()) o.sums = reinterpret_cast<std::int32_t*>(next + parameter_size());
    return o;
  }
};

}  // namespace qtl::inline v0
